"""What is counted by records, one by one: what no days tell."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from gateway import sql
from gateway.database import Reader
from gateway.domain.calendar import days, timezones
from gateway.domain.statistics import (
    TRENDS,
    BucketPage,
    Dashboard,
    DashboardCounts,
    Statistics,
    StatisticsFilter,
    StatusCounts,
)
from gateway.domain.viewer import Viewer

_CENTURY = timedelta(days=36525)

UtcOffsets = tuple[tuple[datetime, int], ...]
"""Since when a clock is so many seconds ahead of UTC."""


class _DashboardQuery(NamedTuple):
    """What dashboards of several integrations have in common."""

    statistics: Statistics
    filter: StatisticsFilter
    page: BucketPage
    timezone: str
    parts: frozenset[str]


async def read_parts(
    reader: Reader, viewer: Viewer, wanted: Mapping[Dashboard, Collection[str]]
) -> DashboardCounts:
    """These parts of dashboards."""
    grouped: dict[_DashboardQuery, dict[str, list[Dashboard]]] = defaultdict(lambda: defaultdict(list))
    for each, parts in wanted.items():
        question = _DashboardQuery(each.statistics, each.filter, each.buckets, each.timezone, frozenset(parts))
        grouped[question][each.integration_id].append(each)
    found: DashboardCounts = {}
    for question, homes in grouped.items():
        rows: dict[tuple[str, str], list[StatusCounts]] = defaultdict(list)
        for row in await _read_rows(reader, viewer, question, [*homes]):
            rows[row[:2]].append(row[2:])
        found |= {(dashboard, part): rows[id, part] for id, part in rows for dashboard in homes[id]}
    return found


async def _read_rows(
    reader: Reader, viewer: Viewer, query: _DashboardQuery, ids: list[str]
) -> list[tuple[str, str, str, int, int, int]]:
    """Integration, part and `Row` of all that is asked; a day may come more than once."""
    bounds = await _find_bounds(reader, viewer, query, ids) if TRENDS in query.parts else None
    if bounds is not None and bounds[1] - bounds[0] <= _CENTURY:
        return [*await _read_counts(reader, viewer, query, ids, _list_offsets(query, *bounds))]
    rest = query._replace(parts=query.parts - {TRENDS})
    rows = [*await _read_counts(reader, viewer, rest, ids, ())] if rest.parts else []
    # A statement takes the offsets of so much time, and not of all that a calendar has.
    while bounds is not None:
        first, last = bounds
        end = first + _CENTURY if last - first > _CENTURY else None
        if end is not None:
            _, last = await _find_record_bounds(reader, viewer, _replace_bounds(query, first, end), ids) or bounds
        trends = _replace_bounds(query, first, end or query.filter.end)._replace(parts=frozenset({TRENDS}))
        rows += await _read_counts(reader, viewer, trends, ids, _list_offsets(query, first, last))
        further = None if end is None else _replace_bounds(query, end, query.filter.end)
        bounds = None if further is None else await _find_record_bounds(reader, viewer, further, ids)
    return rows


def _replace_bounds(query: _DashboardQuery, start: datetime, end: datetime | None) -> _DashboardQuery:
    return query._replace(filter=replace(query.filter, start=start, end=end))


async def _find_bounds(
    reader: Reader, viewer: Viewer, query: _DashboardQuery, ids: list[str]
) -> tuple[datetime, datetime] | None:
    """Two instants that all records of some day lie between, not far from them; None where there are none."""
    filter = query.filter
    if filter.start is not None and filter.end is not None and filter.end - filter.start <= _CENTURY:
        return filter.start, filter.end
    return await _find_record_bounds(reader, viewer, query, ids)


async def _find_record_bounds(
    reader: Reader, viewer: Viewer, query: _DashboardQuery, ids: list[str]
) -> tuple[datetime, datetime] | None:
    """The first and the last instant of a record; None where there are none."""
    statement = sql.statistics.select_bounds(viewer, query.statistics, ids, query.filter)
    ((first, last),) = await reader.fetch_tuples(statement)
    return None if first is None or last is None else (first, last)


def _list_offsets(query: _DashboardQuery, first: datetime, last: datetime) -> UtcOffsets:
    zone = timezones.get_zone(query.timezone)
    return tuple(
        (each.since, int(each.utc_offset.total_seconds())) for each in days.list_utc_offsets(zone, first, last)
    )


async def _read_counts(
    reader: Reader, viewer: Viewer, query: _DashboardQuery, ids: list[str], offsets: UtcOffsets
) -> Sequence[tuple[str, str, str, int, int, int]]:
    statistics, filter, page, _, parts = query
    return await reader.fetch_tuples(
        sql.statistics.select_counts(viewer, statistics, ids, filter, page, parts, offsets)
    )
