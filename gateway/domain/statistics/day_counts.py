"""Counts of records by type and by local days, and the changes of these counts by writes."""

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
"""The columns of a record that determine its counts."""

CountedValues: TypeAlias = Sequence[Any]
"""The values of a record in `COUNTED_COLUMNS`."""


get_counted_values: Callable[[object], CountedValues] = attrgetter(*COUNTED_COLUMNS)
"""Returns the values of a row in `COUNTED_COLUMNS`."""

ALL = ""
"""The breakdown, value and appointment type of counts over all records."""

COUNTED_STATUSES = (BookingStatus.SUCCESSFUL, BookingStatus.FAILED, BookingStatus.PENDING)
"""The statuses with a count each, in the order of their columns."""

_STATUS_INDEXES = {key: index for index, status in enumerate(COUNTED_STATUSES) for key in (status, status.value)}
"""The index of each status in `COUNTED_STATUSES`, by the member and by its value in rows."""

_CounterKey: TypeAlias = tuple[int, str, int, str]
"""The number of the day, the appointment type or ALL for none, the index of the status, and the value."""

_CountsByDay: TypeAlias = defaultdict[tuple[int, str], list[int]]
"""The counts of all statuses, by the first day of a block and the value."""


class Series(NamedTuple):
    """The kind of an integration's day counts: a row of `gateway.database.tables.DaySeries`."""

    type: str
    appointment_type: str
    breakdown: str


class BlockCounts(NamedTuple):
    """The counts of a series in a block of days, or their changes: a row of `gateway.database.tables.DayCount`."""

    size: int
    day: int
    """The number of the block's first day: see `gateway.domain.statistics.day_blocks`."""
    value: str
    successful: int
    failed: int
    pending: int


class SeriesCounts(NamedTuple):
    """A series and its counts in a block of days."""

    series: Series
    block_counts: BlockCounts

    @property
    def key(self) -> tuple[str, str, str, int, int, str]:
        """The series, the block and the value."""
        return *self.series, *self.block_counts[:3]

    @property
    def status_counts(self) -> tuple[int, int, int]:
        """The counts in the order of `COUNTED_STATUSES`."""
        return self.block_counts[3:]


class DayCounts:
    """The counts of an integration's records, or their changes: by type, and by the days of `zone`."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        # By type of record and breakdown.
        self._counters: dict[tuple[str, str], Counter[_CounterKey]] = defaultdict(Counter)
        self.type_counts: Counter[str] = Counter()
        """The numbers of records by type; dashboards count only some of the types."""

    def add(self, records: Iterable[CountedValues]) -> None:
        """Add records to the counts."""
        self._update_counters(records, Counter.update)

    def remove(self, records: Iterable[CountedValues]) -> None:
        """Subtract records from the counts."""
        self._update_counters(records, Counter.subtract)

    def _update_counters(
        self,
        records: Iterable[CountedValues],
        update: Callable[[Counter[Any], Iterable[Any]], None],
    ) -> None:
        by_type: dict[str, list[CountedValues]] = defaultdict(list)
        for record in records:
            by_type[record[0]].append(record)
        update(self.type_counts, {type_: len(found) for type_, found in by_type.items()})
        for statistics in STATISTICS:
            found = by_type.get(statistics.type.value)
            if found is None:
                continue
            # Column by column, so that `Counter` and `zip` count in C.
            _, created_at, types, statuses, *values = zip(*found, strict=True)
            day_numbers = [
                days.get_local_day(self._zone, instants.to_instant(at)).toordinal() for at in created_at
            ]
            typed = [type_ or ALL for type_ in types]
            status_indexes = [_STATUS_INDEXES[status] for status in statuses]
            by_column = dict(zip(STATISTICS_COLUMNS[1:], values, strict=True))
            for breakdown in (ALL, *(each.column for each in statistics.breakdowns)):
                buckets = by_column.get(breakdown) or repeat(ALL, len(found))
                keys = zip(day_numbers, typed, status_indexes, buckets, strict=True)
                update(self._counters[statistics.type.value, breakdown], keys)

    def list_block_counts(self) -> dict[Series, list[BlockCounts]]:
        """Return the counts other than zero, for blocks of all sizes, sorted by series, block and value."""
        found = {
            Series(type_, appointment_type, breakdown): sorted(_iterate_block_counts(daily))
            for (type_, breakdown), counter in self._counters.items()
            for appointment_type, daily in _group_by_appointment_type(counter).items()
        }
        return {series: blocks for series, blocks in sorted(found.items()) if blocks}

    def list_series_counts(self) -> list[SeriesCounts]:
        """Return the same counts in one list."""
        return [
            SeriesCounts(series, block) for series, blocks in self.list_block_counts().items() for block in blocks
        ]


def _group_by_appointment_type(counter: Counter[_CounterKey]) -> dict[str, _CountsByDay]:
    """Return the counts of single days, by appointment type and for ALL."""
    found: dict[str, _CountsByDay] = defaultdict(_new_counts)
    all_types = found[ALL]
    for (day, appointment_type, status_index, value), number in counter.items():
        all_types[day, value][status_index] += number
        if appointment_type != ALL:
            found[appointment_type][day, value][status_index] += number
    return found


def _iterate_block_counts(daily: _CountsByDay) -> Iterator[BlockCounts]:
    """Yield the counts of blocks of all sizes, except those with zeros only."""
    numbers = daily
    for size in reversed(BLOCK_SIZES):
        if size > 1:
            # The next smaller blocks are fewer than the days.
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
