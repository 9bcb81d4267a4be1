"""Visiting reasons: the kinds of visits that patients can book."""

from collections.abc import Iterator
from datetime import datetime

from gateway.domain.enums import ResourceType
from gateway.domain.lenient_reading import Document
from gateway.domain.records.kind import Fault, RecordKind, find_blank

_MINUTES_OF_A_DAY = 24 * 60


def _find_faults(values: Document, at: datetime) -> Iterator[Fault]:  # noqa: ARG001 (the signature of `find_faults`)
    yield from find_blank(values, "sourceId", "name", "code")
    minutes = values.get("durationMinutes")
    if isinstance(minutes, int) and not 1 <= minutes <= _MINUTES_OF_A_DAY:
        yield Fault(f"`durationMinutes` must be from 1 to {_MINUTES_OF_A_DAY}.", ("durationMinutes",))


VISITING_REASONS = RecordKind(
    type=ResourceType.VISITING_REASONS,
    member="visitingReason",
    searched_keys=("id", "name", "code", "description"),
    find_faults=_find_faults,
    is_referenced=True,
)
