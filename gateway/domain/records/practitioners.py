"""Practitioners, with their locations and working hours."""

from collections.abc import Iterator
from datetime import datetime

from gateway.domain.bounds import is_blank
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


def _find_faults(values: Document, at: datetime) -> Iterator[Fault]:  # noqa: ARG001 (the signature of `find_faults`)
    yield from find_blank(values, "sourceId", "name", "npi")
    yield from find_invalid_ids(values, "supervisorId", "preferredVisitingReasons")
    languages = values.get("languages")
    for index, language in enumerate(languages if isinstance(languages, list) else []):
        if is_blank(str(language)):
            yield Fault("A language must not be blank.", ("languages", index))
    for key, names in (("specialties", ("name", "code")), ("locations", ("locationId", "locationName"))):
        for index, item in iterate_objects(values, key):
            for fault in find_blank(item, *names):
                yield Fault(fault.message, (key, index, *fault.path))
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
    is_referenced=True,
)
