"""What is counted by days: kept by every write of records, counted anew, and read."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

import orjson

from gateway import sql
from gateway.database.bulk_statements import columns_of
from gateway.database.reading import Reader
from gateway.database.tables import DayCount, DaySeries, Integration
from gateway.database.writing import WriteSession
from gateway.domain.calendar import days, instants, timezones
from gateway.domain.calendar.days import Piece
from gateway.domain.ids import new_number
from gateway.domain.statistics import day_blocks
from gateway.domain.statistics.catalogue import OVERVIEW, STATISTICS, TRENDS, Dashboard, Found, Row, Statistics
from gateway.domain.statistics.day_blocks import LARGEST, LAST_DAY
from gateway.domain.statistics.day_counts import ALL, Block, DayCounts, Series
from gateway.domain.statistics.verification import Difference
from gateway.domain.viewer import Viewer

_COLUMNS = ("team_id", "series_id", *Block._fields)

_Count: TypeAlias = tuple[str, int, int, int, str, int, int, int]
"""What a row has in these columns."""

_MANY = 500
"""Counts that are worth a statement more where new ones can be copied in."""

_RECORDS = 4_000
"""How many are counted at a time, while nothing else has its turn."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where something is counted: an integration, by the days of its zone, for one dashboard."""

    team_id: str
    integration_id: str
    zone: ZoneInfo
    statistics: Statistics

    @property
    def key(self) -> tuple[str, str, str]:
        """The first columns by which its records and counts are found."""
        return self.team_id, self.integration_id, self.statistics.type.value


async def keep(
    session: WriteSession, team_id: str, integration_id: str, blocks: Mapping[Series, Sequence[Block]]
) -> None:
    """Add what changed to what is counted of an integration, which is held."""
    ids = await _series_ids(session, team_id, integration_id, blocks)
    counts: list[_Count] = [(team_id, ids[series], *block) for series, found in blocks.items() for block in found]
    if session.copies and len(counts) >= _MANY:
        begun = await _begun(session, team_id, counts)
        new = [count for count in counts if count[1:4] not in begun]
        await session.insert_columns(DayCount, columns_of(_COLUMNS, new))
        counts = [count for count in counts if count[1:4] in begun]
    await session.add_up(DayCount, _COLUMNS, counts)


async def _begun(
    session: WriteSession, team_id: str, counts: Sequence[_Count]
) -> Collection[tuple[int, int, int]]:
    """Of which series and days, by the size of blocks, anything is counted: there, values are looked for."""
    heads = {count[1:4] for count in counts}
    return set(await session.tuples(sql.day_counts.begun(team_id, orjson.dumps([*heads]).decode())))


async def _series_ids(
    session: WriteSession, team_id: str, integration_id: str, wanted: Collection[Series]
) -> Mapping[Series, int]:
    """The ids of series of an integration, which is held; those that are new are added."""
    if not wanted:
        return {}
    found = await session.tuples(sql.day_counts.series(team_id, integration_id))
    ids = {Series(*series): id for id, *series in found}
    new = {series: new_number() for series in wanted if series not in ids}
    home = {"team_id": team_id, "integration_id": integration_id}
    await session.insert(DaySeries, [{**home, "id": id, **series._asdict()} for series, id in new.items()])
    return ids | new


async def correct(session: WriteSession, home: Home, differences: Sequence[Difference]) -> None:
    """Make these counts what the records say. The integration has been held since they were compared."""
    ids = await _series_ids(session, home.team_id, home.integration_id, {each.cell.series for each in differences})
    gone = [(home.team_id, ids[each.stored.series], *each.stored.block) for each in differences if each.stored]
    if gone:
        keys = [dict(zip(_COLUMNS, row, strict=True)) for row in gone]
        await session.execute(sql.day_counts.block_removal(), keys)
    rows = [(home.team_id, ids[each.counted.series], *each.counted.block) for each in differences if each.counted]
    await session.add_up(DayCount, _COLUMNS, rows)


async def forget(session: WriteSession, team_id: str, integration_id: str) -> None:
    """Delete all that is counted of an integration, which is held."""
    await session.settle()
    await session.execute(sql.day_counts.removal(team_id, integration_id))


async def follow(session: WriteSession, integration: Integration, before: str | None) -> None:
    """Count by the days of an integration's zone, which was `before`. It is held."""
    zone = timezones.zone(integration.timezone)
    if zone != timezones.zone(before):
        await recount(session, integration.team_id, integration.id, zone)


async def recount(session: WriteSession, team_id: str, integration_id: str, zone: ZoneInfo) -> None:
    """Count all records of an integration, which is held, anew by the days of a zone."""
    await forget(session, team_id, integration_id)
    for statistics in STATISTICS:
        home, start = Home(team_id, integration_id, zone, statistics), 1
        while (block := await next_block(session, home, start)) is not None:
            await keep(session, team_id, integration_id, (await counted(session, home, block)).blocks())
            start = block + LARGEST


async def next_block(session: Reader, home: Home, start: int) -> int | None:
    """The first day of the first of the largest blocks in which there may be records, from that of a day on."""
    if start > LAST_DAY:
        return None
    block = day_blocks.first_of(start, LARGEST)
    statement = sql.day_counts.next_record(*home.key, _midnight(block, -days.FARTHEST))
    ((created_at,),) = await session.tuples(statement)
    if created_at is None:
        return None
    # It may yet be of the day before.
    return max(block, day_blocks.first_of(days.day_of(home.zone, created_at).toordinal(), LARGEST))


async def counted(session: Reader, home: Home, block: int) -> DayCounts:
    """What the records say of one of the largest blocks."""
    counts, block_days, after = DayCounts(home.zone), range(block, block + LARGEST), ""
    since, until = _midnight(block, -days.FARTHEST), _midnight(block + LARGEST, days.FARTHEST)
    while True:
        found = await session.tuples(sql.day_counts.records(*home.key, since, after, until, _RECORDS))
        counts.add(record[:-1] for record in found if days.day_of(home.zone, record[1]).toordinal() in block_days)
        if len(found) < _RECORDS:
            return counts
        since, after = found[-1][1], found[-1][-1]


def _midnight(day: int, by: timedelta) -> datetime:
    """So much after a day begins in UTC, as far as the calendar goes."""
    try:
        return datetime.combine(date.fromordinal(day), time(), UTC) + by
    except (OverflowError, ValueError):
        return days.LAST if day > LARGEST else days.FIRST


async def read(session: Reader, viewer: Viewer, asked: Mapping[Dashboard, Collection[str]]) -> Found:
    """These parts of dashboards: whole days as they are counted, pieces of days by their records."""
    dashboards = {str(place): dashboard for place, dashboard in enumerate(asked)}
    spans: list[object] = []
    single_days: list[object] = []
    pieces: list[object] = []
    parts_of_pieces: set[str] = set()
    for name, dashboard in dashboards.items():
        filter, parts = dashboard.filter, asked[dashboard]
        cover = days.cover(timezones.zone(dashboard.home_timezone), filter.start, filter.end)
        for part in parts:
            if part == TRENDS:
                single_days += [
                    (name, ALL, part, *span) for span in day_blocks.single_days(cover.start, cover.end)
                ]
            else:
                breakdown = ALL if part == OVERVIEW else part
                spans += [(name, breakdown, part, *span) for span in day_blocks.spans(cover.start, cover.end)]
        if cover.rest:
            parts_of_pieces.update(parts)
            pieces += [
                (name, _since(piece), instants.isoformat(_last(piece)), piece.day.toordinal())
                for piece in cover.rest
            ]
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    if spans or single_days or pieces:
        names = orjson.dumps([_asked(name, dashboard) for name, dashboard in dashboards.items()]).decode()
        statement = sql.day_counts.counted(
            viewer, names, _json(spans), _json(single_days), _json(pieces), frozenset(parts_of_pieces)
        )
        for row in await session.tuples(statement):
            found[row[:2]].append(row[2:])
    # All pieces are counted for all parts that any dashboard asks of them.
    return {
        (dashboards[name], part): rows for (name, part), rows in found.items() if part in asked[dashboards[name]]
    }


def _asked(name: str, dashboard: Dashboard) -> list[object]:
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


def _since(piece: Piece) -> str | None:
    """From when on it is; None for ever, since the first instant is no ordinary one to PostgreSQL's driver."""
    return None if piece.since == days.FIRST else instants.isoformat(piece.since)


def _last(piece: Piece) -> datetime:
    """Its last instant; the last of the calendar is in it."""
    return piece.until if piece.until == days.LAST else piece.until - instants.STEP


def _json(rows: Sequence[object]) -> str | None:
    return orjson.dumps(rows).decode() if rows else None
