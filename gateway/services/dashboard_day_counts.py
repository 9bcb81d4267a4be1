"""Counts of dashboards from day counts, and from the records of days that a filter covers in part."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from gateway import sql
from gateway.database import Reader
from gateway.domain.calendar import days, instants, timezones
from gateway.domain.statistics import (
    ALL,
    OVERVIEW,
    TRENDS,
    Dashboard,
    DashboardCounts,
    StatusCounts,
    day_blocks,
)
from gateway.domain.viewer import Viewer


@dataclass(slots=True)
class _RequestedCounts:
    """The rows that `gateway.sql.day_counts.select_counts` takes as JSON."""

    dashboards: list[object] = field(default_factory=list)
    spans: list[object] = field(default_factory=list)
    single_days: list[object] = field(default_factory=list)
    segments: list[object] = field(default_factory=list)
    segment_parts: set[str] = field(default_factory=set)

    def add(self, name: str, dashboard: Dashboard, parts: Collection[str]) -> None:
        """Add the rows for these parts of a dashboard."""
        self.dashboards.append(_build_dashboard_row(name, dashboard))
        filter, zone = dashboard.filter, timezones.get_zone(dashboard.integration_timezone)
        split = days.split_whole_days(zone, filter.start, filter.end)
        for part in parts:
            if part == TRENDS:
                single_days = day_blocks.list_single_days(split.start, split.end)
                self.single_days += [(name, ALL, part, *span) for span in single_days]
            else:
                breakdown = ALL if part == OVERVIEW else part
                spans = day_blocks.list_spans(split.start, split.end)
                self.spans += [(name, breakdown, part, *span) for span in spans]
        if split.rest:
            self.segment_parts.update(parts)
            self.segments += [_build_segment_row(name, segment) for segment in split.rest]


async def read_parts(
    reader: Reader, viewer: Viewer, wanted: Mapping[Dashboard, Collection[str]]
) -> DashboardCounts:
    """Return the rows of these parts of dashboards: whole days from day counts, segments of days from records.

    Dashboards of integrations that the viewer may not see have no rows.
    """
    dashboards = {str(index): dashboard for index, dashboard in enumerate(wanted)}
    requested = _RequestedCounts()
    for name, dashboard in dashboards.items():
        requested.add(name, dashboard, wanted[dashboard])
    found: dict[tuple[str, str], list[StatusCounts]] = defaultdict(list)
    for row in await _read_counts(reader, viewer, requested):
        found[row[:2]].append(row[2:])
    # The statement counts all segments for all parts that any of the dashboards wants of segments.
    return {
        (dashboards[name], part): rows for (name, part), rows in found.items() if part in wanted[dashboards[name]]
    }


async def _read_counts(
    reader: Reader, viewer: Viewer, requested: _RequestedCounts
) -> Sequence[tuple[str, str, str, int, int, int]]:
    """Return the rows of `select_counts`. Execute no statement if no days are requested."""
    if not (requested.spans or requested.single_days or requested.segments):
        return ()
    statement = sql.day_counts.select_counts(
        viewer,
        orjson.dumps(requested.dashboards).decode(),
        _to_json(requested.spans),
        _to_json(requested.single_days),
        _to_json(requested.segments),
        frozenset(requested.segment_parts),
    )
    return await reader.fetch_tuples(statement)


def _build_dashboard_row(name: str, dashboard: Dashboard) -> list[object]:
    """Return a row of `dashboards`."""
    appointment_type, page = dashboard.filter.appointment_type, dashboard.buckets
    return [
        name,
        dashboard.integration_id,
        dashboard.statistics.type.value,
        ALL if appointment_type is None else appointment_type.value,
        page.size * (page.page - 1),
        page.size,
    ]


def _build_segment_row(name: str, segment: days.DaySegment) -> tuple[str, str | None, str, int]:
    """Return a row of `segments`.

    FIRST_INSTANT is null, since PostgreSQL's driver does not take it for an ordinary instant.
    """
    is_open = segment.since == days.FIRST_INSTANT
    # `until` is excluded, except for the last instant of the calendar.
    last = segment.until if segment.until == days.LAST_INSTANT else segment.until - instants.RESOLUTION
    return (
        name,
        None if is_open else instants.format_instant(segment.since),
        instants.format_instant(last),
        segment.day.toordinal(),
    )


def _to_json(rows: Sequence[object]) -> str | None:
    return orjson.dumps(rows).decode() if rows else None
