"""Counts of records by type and by local days, and the changes of these counts by writes."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from itertools import repeat
from operator import attrgetter
from typing import Any, NamedTuple, Self, TypeAlias

import orjson

from gateway.domain.calendar import days, instants
from gateway.domain.enums import BookingStatus, StatisticsDateField
from gateway.domain.statistics.catalogue import DATE_COLUMNS, STATISTICS, STATISTICS_COLUMNS
from gateway.domain.statistics.day_blocks import NO_DAY, list_block_starts

VALUE_COLUMNS = ("type", "appointment_type", *STATISTICS_COLUMNS)
COUNTED_COLUMNS = (*VALUE_COLUMNS, *DATE_COLUMNS.values())
"""The columns of a record that determine its counts."""

CountedValues: TypeAlias = Sequence[Any]
"""The values of a record in `VALUE_COLUMNS`, and in the columns of the date fields."""


get_counted_values: Callable[[object], CountedValues] = attrgetter(*COUNTED_COLUMNS)
"""Returns the values of a row in `COUNTED_COLUMNS`."""

ALL = ""
"""The breakdown, value and appointment type of counts over all records."""

COUNTED_STATUSES = (BookingStatus.SUCCESSFUL, BookingStatus.FAILED, BookingStatus.PENDING)
"""The statuses with a count each, in the order of their columns."""

MAX_VALUES = 2_000
"""The most values of a breakdown that a block has counts for; they bound the size of its row."""

_STATUS_INDEXES = {key: index for index, status in enumerate(COUNTED_STATUSES) for key in (status, status.value)}
"""The index of each status in `COUNTED_STATUSES`, by the member and by its value in rows."""

StatusNumbers: TypeAlias = list[int]
"""The numbers of records by status, in the order of `COUNTED_STATUSES`."""

ValueCounts: TypeAlias = dict[str, StatusNumbers]
"""The counts of records by their value in a breakdown."""

_DayKey: TypeAlias = tuple[str, int]
"""The appointment type or ALL for none, and the number of the day."""

_CounterKey: TypeAlias = tuple[str, int, int, str]
"""The parts of a `_DayKey`, the index of the status, and the value."""


class Series(NamedTuple):
    """The kind of an integration's day counts: a row of `gateway.database.tables.DaySeries`."""

    type: str
    date_field: str
    """The value of a `StatisticsDateField`."""
    appointment_type: str


class SeriesBlock(NamedTuple):
    """A block of days of a series: see `gateway.domain.statistics.day_blocks`."""

    series: Series
    size: int
    day: int
    """The number of the first day."""


@dataclass(slots=True)
class BlockCounts:
    """The counts of a series in a block of days, or their changes: a row of `gateway.database.tables.DayCount`."""

    total: StatusNumbers = field(default_factory=lambda: [0, 0, 0])
    breakdowns: dict[str, ValueCounts | None] = field(default_factory=dict)
    """By the column of each breakdown; None for one with more than `MAX_VALUES` values, which are not stored."""

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the counts of a row, which are given as a JSON list of its values."""
        *total, breakdowns = orjson.loads(text)
        return cls(total, breakdowns)

    def encode(self) -> tuple[int, int, int, str]:
        """Return the values of a row, without breakdowns that have too many values."""
        breakdowns = {
            column: counts if counts is None or len(counts) <= MAX_VALUES else None
            for column, counts in self.breakdowns.items()
            if counts is None or counts
        }
        successful, failed, pending = self.total
        return successful, failed, pending, orjson.dumps(breakdowns, option=orjson.OPT_SORT_KEYS).decode()

    @property
    def is_empty(self) -> bool:
        """Whether all counts are zero. Values that are not stored count nothing without a total."""
        return not any(self.total) and not any(self.breakdowns.values())

    def add(self, changes: "BlockCounts") -> None:
        """Add changes. Values of a breakdown that are not stored stay so."""
        _add_numbers(self.total, changes.total)
        for column, values in changes.breakdowns.items():
            stored = self.breakdowns.setdefault(column, {})
            if stored is not None and values is not None:
                add_values(stored, values)
                _drop_zeros(stored, values)

    def drop_zeros(self) -> None:
        """Remove values whose counts are zero, and breakdowns without values."""
        for column, values in [*self.breakdowns.items()]:
            if values is not None:
                _drop_zeros(values, [*values])
            if not values:
                del self.breakdowns[column]

    def list_counts(self) -> dict[tuple[str, str], tuple[int, ...]]:
        """Return all counts by breakdown and value, ALL for the total."""
        found = {(ALL, ALL): tuple(self.total)}
        for column, values in self.breakdowns.items():
            found |= {(column, value): tuple(numbers) for value, numbers in (values or {}).items()}
        return found


def _add_numbers(numbers: StatusNumbers, others: StatusNumbers) -> None:
    successful, failed, pending = others
    numbers[0] += successful
    numbers[1] += failed
    numbers[2] += pending


def add_values(counts: ValueCounts, others: Mapping[str, StatusNumbers]) -> None:
    """Add the other counts to those of the same value."""
    get = counts.get
    for value, (successful, failed, pending) in others.items():
        numbers = get(value)
        if numbers is None:
            counts[value] = [successful, failed, pending]
        else:
            numbers[0] += successful
            numbers[1] += failed
            numbers[2] += pending


def _drop_zeros(counts: ValueCounts, values: Iterable[str]) -> None:
    """Remove those of these values whose counts are zero."""
    for value in values:
        if not any(counts[value]):
            del counts[value]


class DayCounts:
    """The counts of an integration's records, or their changes: by type, and by the days of `zone`.

    `date_fields` are the times by which they are counted: each record has their values after `VALUE_COLUMNS`.
    """

    def __init__(self, zone: tzinfo, date_fields: Collection[StatisticsDateField] = tuple(DATE_COLUMNS)) -> None:
        self._zone, self._date_fields = zone, date_fields
        # By type of record and date field, then by breakdown.
        self._counters: dict[tuple[str, str], dict[str, Counter[_CounterKey]]] = defaultdict(
            lambda: defaultdict(Counter)
        )
        self._has_removals = False
        self.type_counts: Counter[str] = Counter()
        """The numbers of records by type; dashboards count only some of the types."""

    def add(self, records: Iterable[CountedValues]) -> None:
        """Add records to the counts."""
        self._update_counters(records, Counter.update)

    def remove(self, records: Iterable[CountedValues]) -> None:
        """Subtract records from the counts."""
        self._has_removals = True
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
            found = by_type.get(type_ := statistics.type.value)
            if found is None:
                continue
            # Column by column, so that `Counter` and `zip` count in C.
            _, types, statuses, *columns = zip(*found, strict=True)
            typed = [type_ or ALL for type_ in types]
            status_indexes = [_STATUS_INDEXES[status] for status in statuses]
            by_column = dict(zip((*STATISTICS_COLUMNS[1:], *self._date_fields), columns, strict=True))
            for date_field in statistics.date_fields:
                if date_field in self._date_fields:
                    day_numbers = [*map(self._get_day, by_column[date_field])]
                    counters = self._counters[type_, date_field.value]
                    for breakdown in (ALL, *(each.column for each in statistics.breakdowns)):
                        buckets = by_column.get(breakdown) or repeat(ALL, len(found))
                        update(counters[breakdown], zip(typed, day_numbers, status_indexes, buckets, strict=True))

    def _get_day(self, at: Any) -> int:  # noqa: ANN401 (an instant or its text)
        if at is None:
            return NO_DAY
        return days.get_local_day(self._zone, instants.to_instant(at)).toordinal()

    def list_blocks(self) -> Mapping[SeriesBlock, BlockCounts]:
        """Return the counts other than zero, for blocks of all sizes.

        Blocks with the same records share one object, so callers do not change it.
        """
        found: dict[SeriesBlock, BlockCounts] = {}
        for (type_, date_field), counters in self._counters.items():
            for (appointment_type, size), blocks in _build_blocks(_build_single_days(counters)).items():
                series = Series(type_, date_field, appointment_type)
                for day, counts in blocks.items():
                    if self._has_removals:
                        counts.drop_zeros()
                    if not counts.is_empty:
                        found[SeriesBlock(series, size, day)] = counts
        return found


def _build_single_days(counters: Mapping[str, Counter[_CounterKey]]) -> Mapping[_DayKey, BlockCounts]:
    """Return the counts of each day by appointment type, from counters by breakdown."""
    by_breakdown: dict[str, dict[_DayKey, ValueCounts]] = {}
    for breakdown, counter in counters.items():
        single_days = by_breakdown[breakdown] = {}
        for (appointment_type, day, status_index, value), number in counter.items():
            values = single_days.get(key := (appointment_type, day))
            if values is None:
                values = single_days[key] = {}
            numbers = values.get(value)
            if numbers is None:
                numbers = values[value] = [0, 0, 0]
            numbers[status_index] += number
    totals = by_breakdown.pop(ALL)
    return {
        key: BlockCounts(values[ALL], {column: found[key] for column, found in by_breakdown.items()})
        for key, values in totals.items()
    }


def _build_blocks(
    single_days: Mapping[_DayKey, BlockCounts],
) -> Mapping[tuple[str, int], Mapping[int, BlockCounts]]:
    """Return the counts by appointment type and size, then by first day, from those of single days."""
    by_day: dict[int, list[BlockCounts]] = defaultdict(list)
    blocks: dict[tuple[str, int], dict[int, BlockCounts]] = defaultdict(dict)
    for (appointment_type, day), counts in single_days.items():
        blocks[appointment_type, 1][day] = counts
        by_day[day].append(counts)
    blocks[ALL, 1] = {day: _sum_counts(found) for day, found in by_day.items()}
    for appointment_type, _ in [*blocks]:
        parts: dict[tuple[int, int], list[BlockCounts]] = defaultdict(list)
        for day, counts in blocks[appointment_type, 1].items():
            for block in list_block_starts(day):
                parts[block].append(counts)
        for (size, first), found in parts.items():
            blocks[appointment_type, size][first] = _sum_counts(found)
    return blocks


def _sum_counts(parts: Sequence[BlockCounts]) -> BlockCounts:
    """Return the sum of some counts with the same breakdowns.

    A single one is its own sum. With few records, that is so for most blocks.
    """
    if len(parts) == 1:
        return parts[0]
    total = [0, 0, 0]
    sums: dict[str, ValueCounts] = {column: {} for column in parts[0].breakdowns}
    for part in parts:
        _add_numbers(total, part.total)
        for column, values in part.breakdowns.items():
            add_values(sums[column], values or {})
    return BlockCounts(total, {**sums})
