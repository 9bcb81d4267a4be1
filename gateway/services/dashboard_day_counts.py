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
    StatusCounts,
    ValueCounts,
    add_values,
    day_blocks,
)
from gateway.domain.viewer import Viewer
from gateway.services import day_segments

_OTHER_PARTS = (OVERVIEW, TRENDS)
"""The parts that are no breakdowns."""


@dataclass(slots=True)
class _RequestedCounts:
    """The rows that `gateway.sql.day_counts.select_counts` takes as JSON."""

    dashboards: list[object] = field(default_factory=list)
    spans: list[object] = field(default_factory=list)
    single_days: list[object] = field(default_factory=list)
    segments: dict[StatisticsDateField, list[object]] = field(default_factory=dict)
    segment_parts: set[str] = field(default_factory=set)

    def add(self, name: str, dashboard: Dashboard, parts: Collection[str]) -> None:
        """Add the rows for these parts of a dashboard."""
        self.dashboards.append(_build_dashboard_row(name, dashboard))
        filter, zone = dashboard.filter, timezones.get_zone(dashboard.integration_timezone)
        split = days.split_whole_days(zone, filter.start, filter.end)
        if TRENDS in parts:
            single_days = day_blocks.list_single_days(split.start, split.end)
            self.single_days += [(name, TRENDS, *span) for span in single_days]
        if summed := {*parts} - {TRENDS}:
            part = OVERVIEW if summed == {OVERVIEW} else BREAKDOWNS
            spans = day_blocks.list_spans(split.start, split.end)
            self.spans += [(name, part, *span) for span in spans]
        if split.rest:
            self.segment_parts.update(parts)
            rows = self.segments.setdefault(filter.date_field, [])
            rows += [(name, *day_segments.build_row(segment)) for segment in split.rest]


@dataclass(slots=True)
class _FoundCounts:
    """The counts of the parts of one dashboard."""

    overview: ValueCounts = field(default_factory=dict)
    trends: list[StatusCounts] = field(default_factory=list)
    breakdowns: dict[str, ValueCounts] = field(default_factory=dict)
    """The wanted ones, by their column."""
    incomplete: set[str] = field(default_factory=set)
    """Breakdowns with too many values to be stored."""

    def add(self, part: str, value: str, numbers: list[Any]) -> None:
        """Add a row of `gateway.sql.day_counts.select_counts`."""
        if part == TRENDS:
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
        rows = _to_rows(self.breakdowns[part])
        rows.sort(key=lambda row: (-(row[1] + row[2] + row[3]), row[0]))
        return rows[page.size * (page.page - 1) : page.size * page.page]


def _to_rows(counts: ValueCounts) -> list[StatusCounts]:
    return [(value, successful, failed, pending) for value, (successful, failed, pending) in counts.items()]


def may_answer(dashboard: Dashboard, part: str) -> bool:
    """Return whether `read_parts` can read the part of a dashboard."""
    filter = dashboard.filter
    if filter.words or filter.date_field not in dashboard.statistics.date_fields:
        return False
    return part != TRENDS or dashboard.timezone == dashboard.integration_timezone


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
        requested.add(name, dashboard, wanted[dashboard])
        found[name] = _FoundCounts(breakdowns={part: {} for part in wanted[dashboard] if part not in _OTHER_PARTS})
    for name, part, value, *numbers in await _read_counts(reader, viewer, requested):
        found[name].add(str(part), str(value), numbers)
    counts: DashboardCounts = {}
    unanswered: set[DashboardPart] = set()
    for name, dashboard in dashboards.items():
        unanswered.update((dashboard, part) for part in found[name].incomplete)
        for part in {*wanted[dashboard]} - found[name].incomplete:
            counts[dashboard, part] = found[name].list_counts(part, dashboard.buckets)
    return counts, unanswered


async def _read_counts(
    reader: Reader, viewer: Viewer, requested: _RequestedCounts
) -> Sequence[tuple[str, str, str, int, int, int]]:
    """Return the rows of `select_counts`. Execute no statement if no days are requested."""
    if not (requested.spans or requested.single_days or requested.segments):
        return ()
    segments = sorted(requested.segments.items(), key=lambda item: item[0].value)
    statement = sql.day_counts.select_counts(
        viewer,
        orjson.dumps(requested.dashboards).decode(),
        _to_json(requested.spans),
        _to_json(requested.single_days),
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
        ALL if filter.appointment_type is None else filter.appointment_type.value,
    ]


def _to_json(rows: Sequence[object]) -> str | None:
    return orjson.dumps(rows).decode() if rows else None
