"""People who treat patients."""

from collections.abc import Iterator
from datetime import datetime

from gateway.domain.enums import ResourceType
from gateway.domain.lenient_reading import Document
from gateway.domain.records.kind import Fault, Kind, blank, no_ids, sections, slots

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _faults(values: Document, at: datetime) -> Iterator[Fault]:  # noqa: ARG001 (as others of its kind)
    yield from blank(values, "id", "name", "npi")
    yield from no_ids(values, "supervisorId", "preferredVisitingReasons")
    languages = values.get("languages")
    for place, language in enumerate(languages if isinstance(languages, list) else []):
        if not str(language).strip():
            yield Fault("A language must not be blank.", ("languages", place))
    for key, name in (("specialties", "name"), ("locations", "locationId")):
        for place, item in sections(values, key):
            for fault in blank(item, name):
                yield Fault(fault.message, (key, place, *fault.path))
    hours = values.get("workingHours")
    if isinstance(hours, dict):
        for day in WEEKDAYS:
            for fault in slots(hours, day):
                yield Fault(fault.message, ("workingHours", *fault.path))


PRACTITIONERS = Kind(
    type=ResourceType.PRACTITIONERS,
    member="practitioner",
    searched=("id", "npi", "name"),
    faults=_faults,
    odd_spellings={"preferredVisitingReasons": "preferred_visiting_reasons"},
)
