"""Places where patients are seen."""

from collections.abc import Iterator
from datetime import datetime

from gateway.domain.enums import ResourceType
from gateway.domain.lenient_reading import Document
from gateway.domain.records.kind import Fault, Kind, blank, no_timezone


def _faults(values: Document, at: datetime) -> Iterator[Fault]:  # noqa: ARG001 (as others of its kind)
    yield from blank(values, "id", "name")
    yield from no_timezone(values, "timezone")


LOCATIONS = Kind(
    type=ResourceType.LOCATIONS,
    member="location",
    searched=("id", "name", "address", "phone"),
    faults=_faults,
)
