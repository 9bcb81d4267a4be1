"""Counts of records, kept by local days, and what changes them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from itertools import repeat
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from gateway.domain.calendar import days
from gateway.domain.calendar.instants import of
from gateway.domain.enums import BookingStatus
from gateway.domain.statistics.catalogue import COLUMNS, STATISTICS
from gateway.domain.statistics.day_blocks import SIZES, first_of

COUNTED = ("type", "created_at", "appointment_type", *COLUMNS)
"""The columns of a record that decide where it is counted."""

Counted: TypeAlias = Sequence[Any]
"""What a record has in these columns."""


counted: Callable[[object], Counted] = attrgetter(*COUNTED)
"""What a row has in them."""

ALL = ""
"""Stands for every breakdown with its values, and for every appointment type."""

STATES = (BookingStatus.SUCCESSFUL, BookingStatus.FAILED, BookingStatus.PENDING)
"""The states that are counted apart, in the order of their columns."""

_PLACES = {spelled: place for place, state in enumerate(STATES) for spelled in (state, state.value)}
"""The place of a state among them, also as rows spell it."""

_Together: TypeAlias = tuple[int, str, int, str]
"""What records are counted by: number of the day, appointment type (ALL: none), place of the state, value."""

_Numbers: TypeAlias = defaultdict[tuple[int, str], list[int]]
"""How many there are in each state, by the first day of a block and the value."""


class Series(NamedTuple):
    """What is counted by days of an integration; a row of `gateway.database.tables.DaySeries`."""

    type: str
    appointment_type: str
    breakdown: str


class Block(NamedTuple):
    """How many records of a series there are in a block of days, or how many more; what it counts comes first.

    A row of `gateway.database.tables.DayCount`.
    """

    size: int
    day: int
    """The number of the first day of the block: see `gateway.domain.statistics.day_blocks`."""
    value: str
    successful: int
    failed: int
    pending: int


class Cell(NamedTuple):
    """What is counted of a series in a block of days."""

    series: Series
    block: Block

    @property
    def key(self) -> tuple[str, str, str, int, int, str]:
        """What it counts."""
        return *self.series, *self.block[:3]

    @property
    def numbers(self) -> tuple[int, int, int]:
        """How many there are, in the order of `STATES`."""
        return self.block[3:]


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
            _, created_at, types, states, *values = zip(*found, strict=True)
            day_numbers = [days.day_of(self._zone, of(at)).toordinal() for at in created_at]
            typed = [type_ or ALL for type_ in types]
            places = [_PLACES[state] for state in states]
            by_column = dict(zip(COLUMNS[1:], values, strict=True))
            for breakdown in (ALL, *(each.column for each in statistics.breakdowns)):
                buckets = by_column.get(breakdown) or repeat(ALL, len(found))
                together = zip(day_numbers, typed, places, buckets, strict=True)
                count(self._counters[statistics.type.value, breakdown], together)

    def blocks(self) -> dict[Series, list[Block]]:
        """Every count that is not nought, of blocks of every size; each series in the order of its keys."""
        found = {
            Series(type_, appointment_type, breakdown): sorted(_blocks(daily))
            for (type_, breakdown), counter in self._counters.items()
            for appointment_type, daily in _by_appointment_type(counter).items()
        }
        return {series: blocks for series, blocks in sorted(found.items()) if blocks}

    def cells(self) -> list[Cell]:
        """The same one by one."""
        return [Cell(series, block) for series, blocks in self.blocks().items() for block in blocks]


def _by_appointment_type(counter: Counter[_Together]) -> dict[str, _Numbers]:
    """The numbers of single days, of each appointment type and of all together."""
    found: dict[str, _Numbers] = defaultdict(_numbers)
    whole = found[ALL]
    for (day, appointment_type, state, value), number in counter.items():
        whole[day, value][state] += number
        if appointment_type != ALL:
            found[appointment_type][day, value][state] += number
    return found


def _blocks(daily: _Numbers) -> Iterator[Block]:
    """The blocks of every size, but for those of which all numbers are nought."""
    numbers = daily
    for size in reversed(SIZES):
        if size > 1:
            # Made of the next smaller ones, of which there are fewer than days.
            numbers = _joined(numbers, size)
        for (day, value), (successful, failed, pending) in numbers.items():
            if successful or failed or pending:
                yield Block(size, day, value, successful, failed, pending)


def _joined(smaller: _Numbers, size: int) -> _Numbers:
    found = _numbers()
    for (day, value), (successful, failed, pending) in smaller.items():
        numbers = found[first_of(day, size), value]
        numbers[0] += successful
        numbers[1] += failed
        numbers[2] += pending
    return found


def _numbers() -> _Numbers:
    return defaultdict(lambda: [0, 0, 0])
