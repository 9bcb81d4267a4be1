"""Counts of records, kept by local days, and what changes them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from itertools import repeat
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from gateway.domain.calendar import days, instants
from gateway.domain.enums import BookingStatus
from gateway.domain.statistics.catalogue import STATISTICS, STATISTICS_COLUMNS
from gateway.domain.statistics.day_blocks import BLOCK_SIZES, find_block_start

COUNTED_COLUMNS = ("type", "created_at", "appointment_type", *STATISTICS_COLUMNS)
"""The columns of a record that decide where it is counted."""

CountedValues: TypeAlias = Sequence[Any]
"""What a record has in these columns."""


get_counted_values: Callable[[object], CountedValues] = attrgetter(*COUNTED_COLUMNS)
"""What a row has in them."""

ALL = ""
"""Stands for every breakdown with its values, and for every appointment type."""

COUNTED_STATUSES = (BookingStatus.SUCCESSFUL, BookingStatus.FAILED, BookingStatus.PENDING)
"""The states that are counted apart, in the order of their columns."""

_STATE_INDEXES = {
    spelled: place for place, state in enumerate(COUNTED_STATUSES) for spelled in (state, state.value)
}
"""The place of a state among them, also as rows spell it."""

_CounterKey: TypeAlias = tuple[int, str, int, str]
"""What records are counted by: number of the day, appointment type (ALL: none), place of the state, value."""

_CountsByDay: TypeAlias = defaultdict[tuple[int, str], list[int]]
"""How many there are in each state, by the first day of a block and the value."""


class Series(NamedTuple):
    """What is counted by days of an integration; a row of `gateway.database.tables.DaySeries`."""

    type: str
    appointment_type: str
    breakdown: str


class BlockCounts(NamedTuple):
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


class SeriesCounts(NamedTuple):
    """What is counted of a series in a block of days."""

    series: Series
    block_counts: BlockCounts

    @property
    def key(self) -> tuple[str, str, str, int, int, str]:
        """What it counts."""
        return *self.series, *self.block_counts[:3]

    @property
    def status_counts(self) -> tuple[int, int, int]:
        """How many there are, in the order of `COUNTED_STATUSES`."""
        return self.block_counts[3:]


class DayCounts:
    """Counts of the records of one integration, or how they change; the days are those of its zone."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        # By type and breakdown: how often a day, appointment type or ALL, state and value are there together.
        self._counters: dict[tuple[str, str], Counter[_CounterKey]] = defaultdict(Counter)

    def add(self, records: Iterable[CountedValues]) -> None:
        """Count records."""
        self._update_counters(records, Counter.update)

    def remove(self, records: Iterable[CountedValues]) -> None:
        """Count records no longer."""
        self._update_counters(records, Counter.subtract)

    def _update_counters(
        self,
        records: Iterable[CountedValues],
        update: Callable[[Counter[_CounterKey], Iterable[_CounterKey]], None],
    ) -> None:
        by_type: dict[object, list[CountedValues]] = defaultdict(list)
        for record in records:
            by_type[record[0]].append(record)
        for statistics in STATISTICS:
            found = by_type.get(statistics.type.value)
            if found is None:
                continue
            # Column by column, which leaves most of the counting to what is not Python.
            _, created_at, types, states, *values = zip(*found, strict=True)
            day_numbers = [
                days.get_local_day(self._zone, instants.to_instant(at)).toordinal() for at in created_at
            ]
            typed = [type_ or ALL for type_ in types]
            places = [_STATE_INDEXES[state] for state in states]
            by_column = dict(zip(STATISTICS_COLUMNS[1:], values, strict=True))
            for breakdown in (ALL, *(each.column for each in statistics.breakdowns)):
                buckets = by_column.get(breakdown) or repeat(ALL, len(found))
                together = zip(day_numbers, typed, places, buckets, strict=True)
                update(self._counters[statistics.type.value, breakdown], together)

    def list_block_counts(self) -> dict[Series, list[BlockCounts]]:
        """Every count that is not nought, of blocks of every size; each series in the order of its keys."""
        found = {
            Series(type_, appointment_type, breakdown): sorted(_iterate_block_counts(daily))
            for (type_, breakdown), counter in self._counters.items()
            for appointment_type, daily in _group_by_appointment_type(counter).items()
        }
        return {series: blocks for series, blocks in sorted(found.items()) if blocks}

    def list_series_counts(self) -> list[SeriesCounts]:
        """The same one by one."""
        return [
            SeriesCounts(series, block) for series, blocks in self.list_block_counts().items() for block in blocks
        ]


def _group_by_appointment_type(counter: Counter[_CounterKey]) -> dict[str, _CountsByDay]:
    """The numbers of single days, of each appointment type and of all together."""
    found: dict[str, _CountsByDay] = defaultdict(_new_counts)
    all_types = found[ALL]
    for (day, appointment_type, state, value), number in counter.items():
        all_types[day, value][state] += number
        if appointment_type != ALL:
            found[appointment_type][day, value][state] += number
    return found


def _iterate_block_counts(daily: _CountsByDay) -> Iterator[BlockCounts]:
    """The blocks of every size, but for those of which all numbers are nought."""
    numbers = daily
    for size in reversed(BLOCK_SIZES):
        if size > 1:
            # Made of the next smaller ones, of which there are fewer than days.
            numbers = _join_blocks(numbers, size)
        for (day, value), (successful, failed, pending) in numbers.items():
            if successful or failed or pending:
                yield BlockCounts(size, day, value, successful, failed, pending)


def _join_blocks(smaller: _CountsByDay, size: int) -> _CountsByDay:
    found = _new_counts()
    for (day, value), (successful, failed, pending) in smaller.items():
        numbers = found[find_block_start(day, size), value]
        numbers[0] += successful
        numbers[1] += failed
        numbers[2] += pending
    return found


def _new_counts() -> _CountsByDay:
    return defaultdict(lambda: [0, 0, 0])
