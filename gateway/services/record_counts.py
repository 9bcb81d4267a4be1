"""Counts of dashboards from records only: the parts that stored day counts cannot answer."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import orjson

from gateway import sql
from gateway.database import Reader
from gateway.domain.calendar import days, instants, timezones
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
from gateway.services import day_segments, record_search

_CENTURY = timedelta(days=36525)
"""The longest time range of TRENDS in one statement, which contains each change of the zone's offset."""

_MAX_COUNTED_TIME = timedelta(days=3_660)
"""The longest time range of TRENDS whose days are counted one by one, without grouping the records."""

_SEGMENTS_CACHE_SIZE = 32
"""The number of cached time ranges; one of a year has 25 kB."""

UtcOffsets = tuple[tuple[datetime, int], ...]
"""The instants at which a zone's offset from UTC begins, and these offsets in seconds."""


class _DashboardQuery(NamedTuple):
    """A query of the same parts for the dashboards of several integrations."""

    statistics: Statistics
    filter: StatisticsFilter
    page: BucketPage
    timezone: str
    parts: frozenset[str]


async def read_parts(
    reader: Reader, viewer: Viewer, wanted: Mapping[Dashboard, Collection[str]]
) -> DashboardCounts:
    """Return the counts of these parts of dashboards, with one or two statements per filter and zone.

    TRENDS of several centuries need more. Integrations that the viewer may not see, or of another team, count
    nothing. The caller checks the permissions.
    """
    grouped: dict[_DashboardQuery, dict[str, list[Dashboard]]] = defaultdict(lambda: defaultdict(list))
    for dashboard, parts in wanted.items():
        query = _DashboardQuery(
            dashboard.statistics, dashboard.filter, dashboard.buckets, dashboard.timezone, frozenset(parts)
        )
        grouped[query][dashboard.integration_id].append(dashboard)
    counts: DashboardCounts = {}
    for query, dashboards in grouped.items():
        rows: dict[tuple[str, str], list[StatusCounts]] = defaultdict(list)
        for row in await _read_rows(reader, viewer, query, [*dashboards]):
            rows[row[:2]].append(row[2:])
        counts |= {(dashboard, part): rows[id, part] for id, part in rows for dashboard in dashboards[id]}
    return counts


async def _read_rows(
    reader: Reader, viewer: Viewer, query: _DashboardQuery, ids: list[str]
) -> list[tuple[str, str, str, int, int, int]]:
    """Return the integration id, part and `StatusCounts` of each value. A day of TRENDS may have several rows."""
    bounds = await _find_bounds(reader, viewer, query, ids) if TRENDS in query.parts else None
    if bounds is not None and _counts_days_singly(query) and bounds[1] - bounds[0] <= _MAX_COUNTED_TIME:
        rest = query._replace(parts=query.parts - {TRENDS})
        rows = [*await _read_counts(reader, viewer, rest, ids, ())] if rest.parts else []
        return rows + await _read_counts_by_day(reader, viewer, query, ids, *bounds)
    if bounds is not None and bounds[1] - bounds[0] <= _CENTURY:
        return [*await _read_counts(reader, viewer, query, ids, _list_offsets(query, *bounds))]
    rest = query._replace(parts=query.parts - {TRENDS})
    rows = [*await _read_counts(reader, viewer, rest, ids, ())] if rest.parts else []
    # The changes of an offset over the whole calendar would be too many for one statement.
    while bounds is not None:
        first, last = bounds
        end = first + _CENTURY if last - first > _CENTURY else None
        if end is not None:
            _, last = await _find_record_bounds(reader, viewer, _replace_bounds(query, first, end), ids) or bounds
        trends = _replace_bounds(query, first, end or query.filter.end)._replace(parts=frozenset({TRENDS}))
        rows += await _read_counts(reader, viewer, trends, ids, _list_offsets(query, first, last))
        remaining = None if end is None else _replace_bounds(query, end, query.filter.end)
        bounds = None if remaining is None else await _find_record_bounds(reader, viewer, remaining, ids)
    return rows


def _counts_days_singly(query: _DashboardQuery) -> bool:
    """Return whether TRENDS are counted day by day, which is another pass over the records.

    Filtered records are so few that they are best grouped by days together with the other parts.
    """
    filter = query.filter
    return not filter.words and (query.parts == {TRENDS} or not filter.values.conditions)


async def _read_counts_by_day(
    reader: Reader, viewer: Viewer, query: _DashboardQuery, ids: list[str], first: datetime, last: datetime
) -> list[tuple[str, str, str, int, int, int]]:
    """Return the rows of TRENDS, for bounds that `_find_bounds` returned."""
    # The end of the filter is excluded. The instant of the last record is included.
    is_filter_end = last == query.filter.end
    end = last if is_filter_end else min(last, days.LAST_INSTANT - instants.RESOLUTION) + instants.RESOLUTION
    found = await reader.fetch_tuples(
        sql.statistics.select_counts_by_day(
            viewer,
            query.statistics,
            ids,
            query.filter,
            _encode_segments(timezones.get_zone(query.timezone), first, end),
        )
    )
    counts = ((id, day, orjson.loads(text)) for id, day, text in found)
    return [(id, TRENDS, day, *numbers) for id, day, numbers in counts if any(numbers)]


@lru_cache(_SEGMENTS_CACHE_SIZE)
def _encode_segments(zone: ZoneInfo, start: datetime, end: datetime) -> str:
    """Return the parts of local days between two instants as a JSON list of `day_segments.build_row`."""
    return orjson.dumps([*map(day_segments.build_row, days.split_into_days(zone, start, end))]).decode()


def _replace_bounds(query: _DashboardQuery, start: datetime, end: datetime | None) -> _DashboardQuery:
    return query._replace(filter=replace(query.filter, start=start, end=end))


async def _find_bounds(
    reader: Reader, viewer: Viewer, query: _DashboardQuery, ids: list[str]
) -> tuple[datetime, datetime] | None:
    """Return the filter's bounds if both are set and at most a century apart, else `_find_record_bounds`."""
    filter = query.filter
    if filter.start is not None and filter.end is not None and filter.end - filter.start <= _CENTURY:
        return filter.start, filter.end
    return await _find_record_bounds(reader, viewer, query, ids)


async def _find_record_bounds(
    reader: Reader, viewer: Viewer, query: _DashboardQuery, ids: list[str]
) -> tuple[datetime, datetime] | None:
    """Return the instants of the first and the last record within the filter's bounds, or None without records."""
    statement = sql.statistics.select_bounds(viewer, query.statistics, ids, query.filter)
    ((first, last),) = await reader.fetch_tuples(statement)
    return None if first is None or last is None else (first, last)


def _list_offsets(query: _DashboardQuery, first: datetime, last: datetime) -> UtcOffsets:
    zone = timezones.get_zone(query.timezone)
    return tuple(
        (offset.since, int(offset.utc_offset.total_seconds()))
        for offset in days.list_utc_offsets(zone, first, last)
    )


async def _read_counts(
    reader: Reader, viewer: Viewer, query: _DashboardQuery, ids: list[str], offsets: UtcOffsets
) -> Sequence[tuple[str, str, str, int, int, int]]:
    statistics, filter, page, _, parts = query
    rows: list[tuple[str, str, str, int, int, int]] = []
    for found in await record_search.plan_statistics(reader, viewer, statistics, ids, filter):
        rows += await reader.fetch_tuples(
            sql.statistics.select_counts(
                viewer, statistics, found.integration_ids, filter, page, parts, offsets, found.search
            )
        )
    return rows
