"""Counts of dashboards from day counts, and from the records of days that a filter covers in part."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway import sql
from gateway.database import Reader
from gateway.domain.calendar import days, timezones
from gateway.domain.enums import StatisticsDateField
from gateway.domain.statistics import (
    ALL,
    BREAKDOWNS,
    OVERVIEW,
    TRENDS,
    BucketPage,
    Dashboard,
    DashboardCounts,
    DashboardPart,
    StatisticsFilter,
    StatusCounts,
    ValueCounts,
    add_values,
    day_blocks,
)
from gateway.domain.viewer import Viewer
from gateway.services import day_segments

_OTHER_PARTS = (OVERVIEW, TRENDS)
"""The parts that are no breakdowns."""

_ANY_VALUE = (ALL, ALL)
"""Stands for a column and a value, if a filter chooses none."""


@dataclass(slots=True)
class _RequestedCounts:
    """The rows that `gateway.sql.day_counts.select_counts` takes as JSON."""

    dashboards: list[object] = field(default_factory=list)
    spans: list[object] = field(default_factory=list)
    single_days: list[object] = field(default_factory=list)
    filtered_days: list[object] = field(default_factory=list)
    segments: dict[StatisticsDateField, list[object]] = field(default_factory=dict)
    segment_parts: set[str] = field(default_factory=set)

    def add(self, name: str, dashboard: Dashboard, parts: Collection[str]) -> None:
        """Add the rows for these parts of a dashboard."""
        self.dashboards.append(_build_dashboard_row(name, dashboard))
        filter, zone = dashboard.filter, timezones.get_zone(dashboard.integration_timezone)
        split = days.split_whole_days(zone, filter.start, filter.end)
        is_filtered = _get_value(filter) != _ANY_VALUE
        if TRENDS in parts:
            rows = self.filtered_days if is_filtered else self.single_days
            single_days = day_blocks.list_single_days(split.start, split.end)
            rows += [(name, TRENDS, *span) for span in single_days]
        if summed := {*parts} - {TRENDS}:
            part = OVERVIEW if summed == {OVERVIEW} else BREAKDOWNS
            rows = self.filtered_days if is_filtered else self.spans
            rows += [(name, part, *span) for span in day_blocks.list_spans(split.start, split.end)]
        if split.rest:
            self.segment_parts.update(parts)
            rows = self.segments.setdefault(filter.date_field, [])
            rows += [(name, *day_segments.build_row(segment)) for segment in split.rest]


@dataclass(slots=True)
class _FoundCounts:
    """The counts of the parts of one dashboard."""

    value: str
    """The value that the counted records have, or ALL."""
    overview: ValueCounts = field(default_factory=dict)
    trends: list[StatusCounts] = field(default_factory=list)
    breakdowns: dict[str, ValueCounts] = field(default_factory=dict)
    """The wanted ones, by their column."""
    has_value_counts: bool = True
    """Whether all days store the numbers of the value."""
    incomplete: set[str] = field(default_factory=set)
    """Breakdowns with too many values to be stored."""

    def add(self, part: str, value: str, numbers: list[Any]) -> None:
        """Add a row of `gateway.sql.day_counts.select_counts`."""
        if None in numbers:
            self.has_value_counts = False
        elif part == TRENDS:
            self.trends.append((value, *numbers))
        elif part in (OVERVIEW, BREAKDOWNS):
            add_values(self.overview, {ALL: numbers})
            if part == BREAKDOWNS:
                self._add_breakdowns(orjson.loads(value))
        elif part in self.breakdowns:
            add_values(self.breakdowns[part], {value: numbers})

    def _add_breakdowns(self, stored: Mapping[str, ValueCounts | None]) -> None:
        for column, sums in self.breakdowns.items():
            counts = stored.get(column, {})
            if counts is None:
                self.incomplete.add(column)
            else:
                add_values(sums, counts)

    def list_counts(self, part: str, page: BucketPage) -> list[StatusCounts]:
        """Return the counts of a part, and of a breakdown only those of a page."""
        if part == TRENDS:
            return self.trends
        if part == OVERVIEW:
            return _to_rows(self.overview)
        of_value = dict(zip([self.value], self.overview.values(), strict=False))
        rows = _to_rows(self.breakdowns.get(part, of_value))
        rows.sort(key=lambda row: (-(row[1] + row[2] + row[3]), row[0]))
        return rows[page.size * (page.page - 1) : page.size * page.page]


def _to_rows(counts: ValueCounts) -> list[StatusCounts]:
    return [(value, successful, failed, pending) for value, (successful, failed, pending) in counts.items()]


def may_answer(dashboard: Dashboard, part: str) -> bool:
    """Return whether `read_parts` can read the part of a dashboard."""
    filter = dashboard.filter
    if filter.words or filter.date_field not in dashboard.statistics.date_fields:
        return False
    conditions = filter.values.conditions
    columns = [*(conditions.keys() - {"appointment_type"})]
    if len(columns) > 1 or any(len(values) != 1 for values in conditions.values()):
        return False
    if part == TRENDS:
        return dashboard.timezone == dashboard.integration_timezone
    return not columns or part in (OVERVIEW, *columns)


def _get_value(filter: StatisticsFilter) -> tuple[str, str]:
    """Return the column and the value that the counted records have, or `_ANY_VALUE`."""
    conditions = filter.values.conditions.items()
    return next(((column, value) for column, (value,) in conditions if column != "appointment_type"), _ANY_VALUE)


async def read_parts(
    reader: Reader, viewer: Viewer, wanted: Mapping[Dashboard, Collection[str]]
) -> tuple[DashboardCounts, Collection[DashboardPart]]:
    """Return the rows of these parts of dashboards, and the parts that day counts cannot answer.

    Whole days come from day counts, segments of days from records. Breakdowns with too many values are not stored.
    Dashboards of integrations that the viewer may not see have no rows.
    """
    dashboards = {str(index): dashboard for index, dashboard in enumerate(wanted)}
    requested, found = _RequestedCounts(), {}
    for name, dashboard in dashboards.items():
        column, value = _get_value(dashboard.filter)
        # All records have the same value of this breakdown.
        parts = {OVERVIEW if part == column else part for part in wanted[dashboard]}
        requested.add(name, dashboard, parts)
        found[name] = _FoundCounts(value, breakdowns={part: {} for part in parts if part not in _OTHER_PARTS})
    for name, part, value, *numbers in await _read_counts(reader, viewer, requested):
        found[name].add(str(part), str(value), numbers)
    counts: DashboardCounts = {}
    unanswered: set[DashboardPart] = set()
    for name, dashboard in dashboards.items():
        incomplete = found[name].incomplete if found[name].has_value_counts else {*wanted[dashboard]}
        unanswered.update((dashboard, part) for part in incomplete)
        for part in {*wanted[dashboard]} - incomplete:
            counts[dashboard, part] = found[name].list_counts(part, dashboard.buckets)
    return counts, unanswered


async def _read_counts(
    reader: Reader, viewer: Viewer, requested: _RequestedCounts
) -> Sequence[tuple[str, str, str, int, int, int]]:
    """Return the rows of `select_counts`. Execute no statement if no days are requested."""
    if not (requested.spans or requested.single_days or requested.filtered_days or requested.segments):
        return ()
    segments = sorted(requested.segments.items(), key=lambda item: item[0].value)
    statement = sql.day_counts.select_counts(
        viewer,
        orjson.dumps(requested.dashboards).decode(),
        _to_json(requested.spans),
        _to_json(requested.single_days),
        _to_json(requested.filtered_days),
        tuple((date_field, orjson.dumps(rows).decode()) for date_field, rows in segments),
        frozenset(requested.segment_parts),
    )
    return await reader.fetch_tuples(statement)


def _build_dashboard_row(name: str, dashboard: Dashboard) -> list[object]:
    """Return a row of `dashboards`."""
    filter = dashboard.filter
    return [
        name,
        dashboard.integration_id,
        dashboard.statistics.type.value,
        filter.date_field.value,
        *(filter.values.appointment_type or (ALL,)),
        *_get_value(filter),
    ]


def _to_json(rows: Sequence[object]) -> str | None:
    return orjson.dumps(rows).decode() if rows else None
