"""Counts of records, kept by local days, and what changes them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from gateway.domain import days
from gateway.domain.day_blocks import blocks
from gateway.domain.enums import BookingStatus
from gateway.domain.statistics import COLUMNS, STATISTICS

COUNTED = ("type", "created_at", "appointment_type", *COLUMNS)
"""The columns of a record that decide where it is counted."""

Counted: TypeAlias = Sequence[Any]
"""What a record has in these columns."""

ALL = ""
"""Stands for every breakdown with its values, and for every appointment type."""

STATES = (BookingStatus.SUCCESSFUL, BookingStatus.FAILED, BookingStatus.PENDING)
"""The states that are counted apart, in the order of their columns."""

_PLACES = {state: place for place, state in enumerate(STATES)}

_Dated: TypeAlias = tuple[int, str, int, str, *tuple[str, ...]]
"""A record: the number of its day, appointment type or ALL, place of its state, ALL, and what breakdowns read."""


class Cell(NamedTuple):
    """How many records there are in a block of days, or how many more; a row of `gateway.tables.DayCount`.

    The key comes first.
    """

    type: str
    appointment_type: str
    breakdown: str
    size: int
    day: int
    """The number of the first day of the block: see `gateway.domain.day_blocks`."""
    value: str
    successful: int
    failed: int
    pending: int

    @property
    def key(self) -> tuple[str, str, str, int, int, str]:
        """What it counts."""
        return self[:6]

    @property
    def numbers(self) -> tuple[int, int, int]:
        """How many there are, in the order of `STATES`."""
        return self[6:]


class DayCounts:
    """Counts of the records of one integration, or how they change; the days are those of its zone."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        # By type and breakdown: how often a day, appointment type, state and value are there together.
        self._counters: dict[tuple[str, str], Counter[tuple[int, str, int, str]]] = defaultdict(Counter)

    def add(self, records: Iterable[Counted]) -> None:
        """Count records."""
        self._count(records, Counter.update)

    def remove(self, records: Iterable[Counted]) -> None:
        """Count records no longer."""
        self._count(records, Counter.subtract)

    def _count(
        self,
        records: Iterable[Counted],
        count: Callable[[Counter[tuple[int, str, int, str]], Iterable[tuple[int, str, int, str]]], None],
    ) -> None:
        by_type: dict[object, list[Counted]] = defaultdict(list)
        for record in records:
            by_type[record[0]].append(record)
        for statistics in STATISTICS:
            found = [self._dated(record) for record in by_type.get(statistics.type.value, ())]
            typed = [record for record in found if record[1] != ALL]
            for breakdown, place in (
                (ALL, 3),
                *((each.column, COLUMNS.index(each.column) + 3) for each in statistics.breakdowns),
            ):
                counter = self._counters[statistics.type.value, breakdown]
                count(counter, map(itemgetter(0, 1, 2, place), typed))
                count(counter, map(itemgetter(0, 3, 2, place), found))

    def _dated(self, record: Counted) -> _Dated:
        _, at, appointment_type, status, *values = record
        return (days.day_of(self._zone, at).toordinal(), appointment_type or ALL, _PLACES[status], ALL, *values)

    def cells(self) -> list[Cell]:
        """Every count that is not nought, of blocks of every size, in the order of their keys."""
        return sorted(
            Cell(type_, appointment_type, breakdown, size, day, value, *numbers)
            for (type_, breakdown), counter in self._counters.items()
            for (appointment_type, size, day, value), numbers in _blocks(counter).items()
            if any(numbers)
        )


def _blocks(counter: Counter[tuple[int, str, int, str]]) -> dict[tuple[str, int, int, str], list[int]]:
    """The numbers of each state by appointment type, size and first day of a block, and value."""
    daily: dict[tuple[int, str, str], list[int]] = {}
    for (day, appointment_type, state, value), number in counter.items():
        daily.setdefault((day, appointment_type, value), [0, 0, 0])[state] += number
    found: dict[tuple[str, int, int, str], list[int]] = {}
    firsts = {day: blocks(day) for day in {day for day, _, _ in daily}}
    for (day, appointment_type, value), (successful, failed, pending) in daily.items():
        for size, first in firsts[day]:
            numbers = found.setdefault((appointment_type, size, first, value), [0, 0, 0])
            numbers[0] += successful
            numbers[1] += failed
            numbers[2] += pending
    return found
