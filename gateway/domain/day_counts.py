"""Counts of records, kept by local days, and what changes them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from itertools import repeat
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from gateway.domain import days, instants
from gateway.domain.day_blocks import blocks
from gateway.domain.enums import BookingStatus
from gateway.domain.statistics import COLUMNS, STATISTICS

COUNTED = ("type", "created_at", "appointment_type", *COLUMNS)
"""The columns of a record that decide where it is counted."""

Counted: TypeAlias = Sequence[Any]
"""What a record has in these columns."""


def counted(row: object) -> Counted:
    """What a row has in them, whose instants may be text."""
    type_, created_at, *rest = _in_columns(row)
    return [type_, instants.of(created_at), *rest]


_in_columns = attrgetter(*COUNTED)

ALL = ""
"""Stands for every breakdown with its values, and for every appointment type."""

STATES = (BookingStatus.SUCCESSFUL, BookingStatus.FAILED, BookingStatus.PENDING)
"""The states that are counted apart, in the order of their columns."""

_PLACES = {state: place for place, state in enumerate(STATES)}

_Together: TypeAlias = tuple[int, str, int, str]
"""What records are counted by: number of the day, appointment type (ALL: none), place of the state, value."""


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
        # By type and breakdown: how often a day, appointment type or ALL, state and value are there together.
        self._counters: dict[tuple[str, str], Counter[_Together]] = defaultdict(Counter)

    def add(self, records: Iterable[Counted]) -> None:
        """Count records."""
        self._count(records, Counter.update)

    def remove(self, records: Iterable[Counted]) -> None:
        """Count records no longer."""
        self._count(records, Counter.subtract)

    def _count(
        self, records: Iterable[Counted], count: Callable[[Counter[_Together], Iterable[_Together]], None]
    ) -> None:
        by_type: dict[object, list[Counted]] = defaultdict(list)
        for record in records:
            by_type[record[0]].append(record)
        for statistics in STATISTICS:
            found = by_type.get(statistics.type.value)
            if found is None:
                continue
            # Column by column, which leaves most of the counting to what is not Python.
            _, instants, types, states, *values = zip(*found, strict=True)
            day_numbers = [days.day_of(self._zone, at).toordinal() for at in instants]
            typed = [type_ or ALL for type_ in types]
            places = [_PLACES[state] for state in states]
            by_column = dict(zip(COLUMNS[1:], values, strict=True))
            for breakdown in (ALL, *(each.column for each in statistics.breakdowns)):
                buckets = by_column.get(breakdown) or repeat(ALL, len(found))
                together = zip(day_numbers, typed, places, buckets, strict=True)
                count(self._counters[statistics.type.value, breakdown], together)

    def cells(self) -> list[Cell]:
        """Every count that is not nought, of blocks of every size, in the order of their keys."""
        return sorted(
            Cell(type_, appointment_type, breakdown, size, day, value, *numbers)
            for (type_, breakdown), counter in self._counters.items()
            for (appointment_type, size, day, value), numbers in _blocks(counter).items()
            if any(numbers)
        )


def _blocks(counter: Counter[_Together]) -> dict[tuple[str, int, int, str], list[int]]:
    """The numbers of each state by appointment type, size and first day of a block, and value."""
    daily: dict[tuple[int, str, str], list[int]] = {}
    for (day, appointment_type, state, value), number in counter.items():
        for type_ in {appointment_type, ALL}:
            daily.setdefault((day, type_, value), [0, 0, 0])[state] += number
    found: dict[tuple[str, int, int, str], list[int]] = {}
    firsts = {day: blocks(day) for day in {day for day, _, _ in daily}}
    for (day, appointment_type, value), (successful, failed, pending) in daily.items():
        for size, first in firsts[day]:
            numbers = found.setdefault((appointment_type, size, first, value), [0, 0, 0])
            numbers[0] += successful
            numbers[1] += failed
            numbers[2] += pending
    return found
