"""People who treat patients."""

from collections.abc import Iterator
from datetime import datetime

from gateway.domain.enums import ResourceType
from gateway.domain.lenient_reading import Document
from gateway.domain.records.kind import (
    Fault,
    RecordKind,
    find_blank,
    find_invalid_ids,
    find_slot_faults,
    iterate_objects,
)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _find_faults(values: Document, at: datetime) -> Iterator[Fault]:  # noqa: ARG001 (as others of its kind)
    yield from find_blank(values, "id", "name", "npi")
    yield from find_invalid_ids(values, "supervisorId", "preferredVisitingReasons")
    languages = values.get("languages")
    for place, language in enumerate(languages if isinstance(languages, list) else []):
        if not str(language).strip():
            yield Fault("A language must not be blank.", ("languages", place))
    for key, name in (("specialties", "name"), ("locations", "locationId")):
        for place, item in iterate_objects(values, key):
            for fault in find_blank(item, name):
                yield Fault(fault.message, (key, place, *fault.path))
    hours = values.get("workingHours")
    if isinstance(hours, dict):
        for day in WEEKDAYS:
            for fault in find_slot_faults(hours, day):
                yield Fault(fault.message, ("workingHours", *fault.path))


PRACTITIONERS = RecordKind(
    type=ResourceType.PRACTITIONERS,
    member="practitioner",
    searched_keys=("id", "npi", "name"),
    find_faults=_find_faults,
    document_keys={"preferredVisitingReasons": "preferred_visiting_reasons"},
)
