"""What is counted by days: kept by every write of records, counted anew, and read."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

import orjson

from gateway import sql
from gateway.database import DayCount, DaySeries, Integration, Reader, Writer, to_columns
from gateway.domain.calendar import days, instants, timezones
from gateway.domain.ids import new_series_id
from gateway.domain.statistics import (
    ALL,
    LARGEST_BLOCK_SIZE,
    LAST_DAY,
    OVERVIEW,
    STATISTICS,
    TRENDS,
    BlockCounts,
    CountDifference,
    Dashboard,
    DashboardCounts,
    DayCounts,
    Series,
    Statistics,
    StatusCounts,
    day_blocks,
)
from gateway.domain.viewer import Viewer

_KEY_COLUMNS = ("team_id", "series_id", "size", "day", "value")
_COUNT_COLUMNS = ("team_id", "series_id", *BlockCounts._fields)

_CountRow: TypeAlias = tuple[str, int, int, int, str, int, int, int]
"""What a row has in these columns."""

_MIN_ROWS_TO_COPY = 500
"""Counts that are worth a statement more where new ones can be copied in."""

_RECORD_BATCH_SIZE = 4_000
"""How many are counted at a time, while nothing else has its turn."""


@dataclass(frozen=True, slots=True)
class CountTarget:
    """Where something is counted: an integration, by the days of its zone, for one dashboard."""

    team_id: str
    integration_id: str
    zone: ZoneInfo
    statistics: Statistics

    @property
    def key(self) -> tuple[str, str, str]:
        """The first columns by which its records and counts are found."""
        return self.team_id, self.integration_id, self.statistics.type.value


async def add_counts(
    writer: Writer, team_id: str, integration_id: str, blocks: Mapping[Series, Sequence[BlockCounts]]
) -> None:
    """Add what changed to what is counted of an integration, which is held."""
    ids = await _find_or_create_series(writer, team_id, integration_id, blocks)
    counts: list[_CountRow] = [
        (team_id, ids[series], *block) for series, found in blocks.items() for block in found
    ]
    if writer.can_copy and len(counts) >= _MIN_ROWS_TO_COPY:
        existing = await _find_existing_blocks(writer, team_id, counts)
        new = [count for count in counts if count[1:4] not in existing]
        await writer.insert_columns(DayCount, to_columns(_COUNT_COLUMNS, new))
        counts = [count for count in counts if count[1:4] in existing]
    await writer.increment_rows(DayCount, _COUNT_COLUMNS, counts)


async def _find_existing_blocks(
    writer: Writer, team_id: str, counts: Sequence[_CountRow]
) -> Collection[tuple[int, int, int]]:
    """Of which series and days, by the size of blocks, anything is counted: there, values are looked for."""
    block_keys = {count[1:4] for count in counts}
    return set(
        await writer.fetch_tuples(
            sql.day_counts.select_existing_blocks(team_id, orjson.dumps([*block_keys]).decode())
        )
    )


async def _find_or_create_series(
    writer: Writer, team_id: str, integration_id: str, wanted: Collection[Series]
) -> Mapping[Series, int]:
    """The ids of series of an integration, which is held; those that are new are added."""
    if not wanted:
        return {}
    found = await writer.fetch_tuples(sql.day_counts.select_series(team_id, integration_id))
    ids = {Series(*series): id for id, *series in found}
    new = {series: new_series_id() for series in wanted if series not in ids}
    integration_key = {"team_id": team_id, "integration_id": integration_id}
    await writer.insert_rows(
        DaySeries, [{**integration_key, "id": id, **series._asdict()} for series, id in new.items()]
    )
    return ids | new


async def correct_counts(writer: Writer, target: CountTarget, differences: Sequence[CountDifference]) -> None:
    """Make these counts what the records say. The integration has been held since they were compared."""
    ids = await _find_or_create_series(
        writer, target.team_id, target.integration_id, {each.series_counts.series for each in differences}
    )
    stale = [
        (target.team_id, ids[each.stored.series], *each.stored.block_counts) for each in differences if each.stored
    ]
    if stale:
        keys = [dict(zip(_KEY_COLUMNS, row, strict=False)) for row in stale]
        await writer.delete_rows(DayCount, keys)
    rows = [
        (target.team_id, ids[each.counted.series], *each.counted.block_counts)
        for each in differences
        if each.counted
    ]
    await writer.increment_rows(DayCount, _COUNT_COLUMNS, rows)


async def delete_counts(writer: Writer, team_id: str, integration_id: str) -> None:
    """Delete all that is counted of an integration, which is held."""
    await writer.execute(sql.day_counts.delete_counts(team_id, integration_id))


async def recount_if_timezone_changed(
    writer: Writer, integration: Integration, previous_timezone: str | None
) -> None:
    """Count by the days of an integration's zone, which was `before`. It is held."""
    zone = timezones.get_zone(integration.timezone)
    if zone != timezones.get_zone(previous_timezone):
        await recount(writer, integration.team_id, integration.id, zone)


async def recount(writer: Writer, team_id: str, integration_id: str, zone: ZoneInfo) -> None:
    """Count all records of an integration, which is held, anew by the days of a zone."""
    await delete_counts(writer, team_id, integration_id)
    for statistics in STATISTICS:
        home, start = CountTarget(team_id, integration_id, zone, statistics), 1
        while (block := await find_next_block(writer, home, start)) is not None:
            await add_counts(
                writer, team_id, integration_id, (await count_records(writer, home, block)).list_block_counts()
            )
            start = block + LARGEST_BLOCK_SIZE


async def find_next_block(reader: Reader, target: CountTarget, start: int) -> int | None:
    """The first day of the first of the largest blocks in which there may be records, from that of a day on."""
    if start > LAST_DAY:
        return None
    block = day_blocks.find_block_start(start, LARGEST_BLOCK_SIZE)
    statement = sql.day_counts.select_next_created_at(*target.key, _shift_midnight(block, -days.MAX_UTC_OFFSET))
    ((created_at,),) = await reader.fetch_tuples(statement)
    if created_at is None:
        return None
    # It may yet be of the day before.
    return max(
        block,
        day_blocks.find_block_start(days.get_local_day(target.zone, created_at).toordinal(), LARGEST_BLOCK_SIZE),
    )


async def count_records(reader: Reader, target: CountTarget, block: int) -> DayCounts:
    """What the records say of one of the largest blocks."""
    counts, block_days, after = DayCounts(target.zone), range(block, block + LARGEST_BLOCK_SIZE), ""
    since, until = (
        _shift_midnight(block, -days.MAX_UTC_OFFSET),
        _shift_midnight(block + LARGEST_BLOCK_SIZE, days.MAX_UTC_OFFSET),
    )
    while True:
        found = await reader.fetch_tuples(
            sql.day_counts.select_records(*target.key, since, after, until, _RECORD_BATCH_SIZE)
        )
        counts.add(
            record[:-1] for record in found if days.get_local_day(target.zone, record[1]).toordinal() in block_days
        )
        if len(found) < _RECORD_BATCH_SIZE:
            return counts
        since, after = found[-1][1], found[-1][-1]


def _shift_midnight(day: int, offset: timedelta) -> datetime:
    """So much after a day begins in UTC, as far as the calendar goes."""
    try:
        return datetime.combine(date.fromordinal(day), time(), UTC) + offset
    except (OverflowError, ValueError):
        return days.LAST_INSTANT if day > LARGEST_BLOCK_SIZE else days.FIRST_INSTANT


async def read_parts(
    reader: Reader, viewer: Viewer, wanted: Mapping[Dashboard, Collection[str]]
) -> DashboardCounts:
    """These parts of dashboards: whole days as they are counted, pieces of days by their records."""
    dashboards = {str(place): dashboard for place, dashboard in enumerate(wanted)}
    spans: list[object] = []
    single_days: list[object] = []
    pieces: list[object] = []
    parts_of_pieces: set[str] = set()
    for name, dashboard in dashboards.items():
        filter, parts = dashboard.filter, wanted[dashboard]
        cover = days.split_whole_days(timezones.get_zone(dashboard.integration_timezone), filter.start, filter.end)
        for part in parts:
            if part == TRENDS:
                single_days += [
                    (name, ALL, part, *span) for span in day_blocks.list_single_days(cover.start, cover.end)
                ]
            else:
                breakdown = ALL if part == OVERVIEW else part
                spans += [(name, breakdown, part, *span) for span in day_blocks.list_spans(cover.start, cover.end)]
        if cover.rest:
            parts_of_pieces.update(parts)
            pieces += [
                (
                    name,
                    _format_start(piece),
                    instants.format_instant(_get_last_instant(piece)),
                    piece.day.toordinal(),
                )
                for piece in cover.rest
            ]
    found: dict[tuple[str, str], list[StatusCounts]] = defaultdict(list)
    if spans or single_days or pieces:
        names = orjson.dumps(
            [_build_dashboard_row(name, dashboard) for name, dashboard in dashboards.items()]
        ).decode()
        statement = sql.day_counts.select_counts(
            viewer, names, _to_json(spans), _to_json(single_days), _to_json(pieces), frozenset(parts_of_pieces)
        )
        for row in await reader.fetch_tuples(statement):
            found[row[:2]].append(row[2:])
    # All pieces are counted for all parts that any dashboard asks of them.
    return {
        (dashboards[name], part): rows for (name, part), rows in found.items() if part in wanted[dashboards[name]]
    }


def _build_dashboard_row(name: str, dashboard: Dashboard) -> list[object]:
    """What the statement is told of a dashboard."""
    type_, page = dashboard.filter.appointment_type, dashboard.buckets
    return [
        name,
        dashboard.integration_id,
        dashboard.statistics.type.value,
        ALL if type_ is None else type_.value,
        page.size * (page.page - 1),
        page.size,
    ]


def _format_start(piece: days.DaySegment) -> str | None:
    """From when on it is; None for ever, since the first instant is no ordinary one to PostgreSQL's driver."""
    return None if piece.since == days.FIRST_INSTANT else instants.format_instant(piece.since)


def _get_last_instant(piece: days.DaySegment) -> datetime:
    """Its last instant; the last of the calendar is in it."""
    return piece.until if piece.until == days.LAST_INSTANT else piece.until - instants.RESOLUTION


def _to_json(rows: Sequence[object]) -> str | None:
    return orjson.dumps(rows).decode() if rows else None
