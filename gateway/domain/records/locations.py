"""Locations where practitioners see patients."""

from collections.abc import Iterator
from datetime import datetime

from gateway.domain.enums import ResourceType
from gateway.domain.lenient_reading import Document
from gateway.domain.records.kind import Fault, RecordKind, find_blank, find_invalid_timezone


def _find_faults(values: Document, at: datetime) -> Iterator[Fault]:  # noqa: ARG001 (the signature of `find_faults`)
    yield from find_blank(values, "sourceId", "name")
    yield from find_invalid_timezone(values, "timezone")


LOCATIONS = RecordKind(
    type=ResourceType.LOCATIONS,
    member="location",
    searched_keys=("id", "name", "address", "phone"),
    find_faults=_find_faults,
    is_referenced=True,
)
