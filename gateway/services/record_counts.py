"""What is counted by records, one by one: what no days tell."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from gateway import sql
from gateway.database.reading import Reader
from gateway.domain.calendar import days, timezones
from gateway.domain.statistics.catalogue import (
    TRENDS,
    BucketPage,
    Dashboard,
    Found,
    Row,
    Statistics,
    StatisticsFilter,
)
from gateway.domain.viewer import Viewer

_CENTURY = timedelta(days=36525)

Offsets = tuple[tuple[datetime, int], ...]
"""Since when a clock is so many seconds ahead of UTC."""


class _Question(NamedTuple):
    """What dashboards of several integrations have in common."""

    statistics: Statistics
    filter: StatisticsFilter
    page: BucketPage
    timezone: str
    parts: frozenset[str]


async def read(session: Reader, viewer: Viewer, asked: Mapping[Dashboard, Collection[str]]) -> Found:
    """These parts of dashboards."""
    alike: dict[_Question, dict[str, list[Dashboard]]] = defaultdict(lambda: defaultdict(list))
    for each, parts in asked.items():
        question = _Question(each.statistics, each.filter, each.buckets, each.timezone, frozenset(parts))
        alike[question][each.integration_id].append(each)
    found: Found = {}
    for question, homes in alike.items():
        rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in await _rows(session, viewer, question, [*homes]):
            rows[row[:2]].append(row[2:])
        found |= {(dashboard, part): rows[id, part] for id, part in rows for dashboard in homes[id]}
    return found


async def _rows(
    session: Reader, viewer: Viewer, question: _Question, ids: list[str]
) -> list[tuple[str, str, str, int, int, int]]:
    """Integration, part and `Row` of all that is asked; a day may come more than once."""
    bounds = await _bounds(session, viewer, question, ids) if TRENDS in question.parts else None
    if bounds is not None and bounds[1] - bounds[0] <= _CENTURY:
        return [*await _counted(session, viewer, question, ids, _offsets(question, *bounds))]
    rest = question._replace(parts=question.parts - {TRENDS})
    rows = [*await _counted(session, viewer, rest, ids, ())] if rest.parts else []
    # A statement takes the offsets of so much time, and not of all that a calendar has.
    while bounds is not None:
        first, last = bounds
        end = first + _CENTURY if last - first > _CENTURY else None
        if end is not None:
            _, last = await _ends(session, viewer, _within(question, first, end), ids) or bounds
        trends = _within(question, first, end or question.filter.end)._replace(parts=frozenset({TRENDS}))
        rows += await _counted(session, viewer, trends, ids, _offsets(question, first, last))
        further = None if end is None else _within(question, end, question.filter.end)
        bounds = None if further is None else await _ends(session, viewer, further, ids)
    return rows


def _within(question: _Question, start: datetime, end: datetime | None) -> _Question:
    return question._replace(filter=replace(question.filter, start=start, end=end))


async def _bounds(
    session: Reader, viewer: Viewer, question: _Question, ids: list[str]
) -> tuple[datetime, datetime] | None:
    """Two instants that all records of some day lie between, not far from them; None where there are none."""
    filter = question.filter
    if filter.start is not None and filter.end is not None and filter.end - filter.start <= _CENTURY:
        return filter.start, filter.end
    return await _ends(session, viewer, question, ids)


async def _ends(
    session: Reader, viewer: Viewer, question: _Question, ids: list[str]
) -> tuple[datetime, datetime] | None:
    """The first and the last instant of a record; None where there are none."""
    statement = sql.statistics.bounds(viewer, question.statistics, ids, question.filter)
    ((first, last),) = await session.tuples(statement)
    return None if first is None or last is None else (first, last)


def _offsets(question: _Question, first: datetime, last: datetime) -> Offsets:
    zone = timezones.zone(question.timezone)
    return tuple((each.since, int(each.ahead.total_seconds())) for each in days.offsets(zone, first, last))


async def _counted(
    session: Reader, viewer: Viewer, question: _Question, ids: list[str], offsets: Offsets
) -> Sequence[tuple[str, str, str, int, int, int]]:
    statistics, filter, page, _, parts = question
    return await session.tuples(sql.statistics.counted(viewer, statistics, ids, filter, page, parts, offsets))
