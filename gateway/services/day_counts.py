"""Stored counts: the numbers of an integration's records by local day and, in `type_counts`, by type.

Every write of records updates them, and a new time zone recounts them. Callers that write counts have locked the
integration: see `gateway.services.integrations.lock_integration`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

import orjson

from gateway import sql
from gateway.database import DayCount, DaySeries, Integration, Reader, Writer, to_columns
from gateway.domain.calendar import days, timezones
from gateway.domain.ids import new_series_id
from gateway.domain.statistics import (
    LARGEST_BLOCK_SIZE,
    LAST_DAY,
    STATISTICS,
    BlockCounts,
    CountDifference,
    DayCounts,
    Series,
    Statistics,
    day_blocks,
)
from gateway.services import type_counts

_KEY_COLUMNS = ("team_id", "series_id", "size", "day", "value")
_COUNT_COLUMNS = ("team_id", "series_id", *BlockCounts._fields)

_CountRow: TypeAlias = tuple[str, int, int, int, str, int, int, int]
"""The values of a row in `_COUNT_COLUMNS`."""

_MIN_ROWS_TO_COPY = 500
"""From this number of counts on, COPY of the new ones is worth a statement that looks for the existing ones."""

_RECORD_BATCH_SIZE = 4_000
"""The number of records that are counted at once. The event loop is blocked meanwhile."""


@dataclass(frozen=True, slots=True)
class CountTarget:
    """The records of one type in an integration, which are counted by the local days of `zone`."""

    team_id: str
    integration_id: str
    zone: ZoneInfo
    statistics: Statistics

    @property
    def key(self) -> tuple[str, str, str]:
        """Team id, integration id and type of records: the first arguments of statements about counts."""
        return self.team_id, self.integration_id, self.statistics.type.value


async def add_changes(writer: Writer, team_id: str, integration_id: str, changes: DayCounts) -> None:
    """Add the changes of a write to the stored counts of an integration."""
    await type_counts.add_counts(writer, team_id, integration_id, changes.type_counts)
    await _add_block_counts(writer, team_id, integration_id, changes.list_block_counts())


async def _add_block_counts(
    writer: Writer, team_id: str, integration_id: str, blocks: Mapping[Series, Sequence[BlockCounts]]
) -> None:
    """Add these changes to the day counts of an integration, and insert missing series.

    Counts that become zero are deleted.
    """
    ids = await _find_or_create_series(writer, team_id, integration_id, blocks)
    counts: list[_CountRow] = [
        (team_id, ids[series], *block) for series, changes in blocks.items() for block in changes
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
    """Return series id, size and day of those blocks of these counts that have a stored count of any value."""
    block_keys = {count[1:4] for count in counts}
    return set(
        await writer.fetch_tuples(
            sql.day_counts.select_existing_blocks(team_id, orjson.dumps([*block_keys]).decode())
        )
    )


async def _find_or_create_series(
    writer: Writer, team_id: str, integration_id: str, wanted: Collection[Series]
) -> Mapping[Series, int]:
    """Return the ids of these series of an integration. Insert the missing ones."""
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
    """Replace stored counts that differ from the counted ones.

    The integration has been locked since before the records were counted.
    """
    ids = await _find_or_create_series(
        writer,
        target.team_id,
        target.integration_id,
        {difference.series_counts.series for difference in differences},
    )
    stale = [
        (target.team_id, ids[difference.stored.series], *difference.stored.block_counts)
        for difference in differences
        if difference.stored
    ]
    if stale:
        keys = [dict(zip(_KEY_COLUMNS, row, strict=False)) for row in stale]
        await writer.delete_rows(DayCount, keys)
    rows = [
        (target.team_id, ids[difference.counted.series], *difference.counted.block_counts)
        for difference in differences
        if difference.counted
    ]
    await writer.increment_rows(DayCount, _COUNT_COLUMNS, rows)


async def delete_counts(writer: Writer, team_id: str, integration_id: str) -> None:
    """Delete all day counts of an integration."""
    await writer.execute(sql.day_counts.delete_counts(team_id, integration_id))


async def recount_if_timezone_changed(
    writer: Writer, integration: Integration, previous_timezone: str | None
) -> None:
    """Recount an integration's records if its time zone is another one than `previous_timezone`."""
    zone = timezones.get_zone(integration.timezone)
    if zone != timezones.get_zone(previous_timezone):
        await recount(writer, integration.team_id, integration.id, zone)


async def recount(writer: Writer, team_id: str, integration_id: str, zone: ZoneInfo) -> None:
    """Replace all counts of an integration: count its records by type, and by the local days of `zone`."""
    await type_counts.correct_counts(writer, team_id, integration_id)
    await delete_counts(writer, team_id, integration_id)
    for statistics in STATISTICS:
        target, start = CountTarget(team_id, integration_id, zone, statistics), 1
        while (block := await find_next_block(writer, target, start)) is not None:
            counts = await count_records(writer, target, block)
            await _add_block_counts(writer, team_id, integration_id, counts.list_block_counts())
            start = block + LARGEST_BLOCK_SIZE


async def find_next_block(reader: Reader, target: CountTarget, start: int) -> int | None:
    """Return the first day of the next block of the largest size that may have records, or None.

    The search begins with the block that contains the day `start`. Days are numbers, as in `BlockCounts.day`.
    """
    if start > LAST_DAY:
        return None
    block = day_blocks.find_block_start(start, LARGEST_BLOCK_SIZE)
    statement = sql.day_counts.select_next_created_at(*target.key, _shift_midnight(block, -days.MAX_UTC_OFFSET))
    ((created_at,),) = await reader.fetch_tuples(statement)
    if created_at is None:
        return None
    # The search began a maximum UTC offset early: the record may be of a day before the block.
    return max(
        block,
        day_blocks.find_block_start(days.get_local_day(target.zone, created_at).toordinal(), LARGEST_BLOCK_SIZE),
    )


async def count_records(reader: Reader, target: CountTarget, block: int) -> DayCounts:
    """Count the records of one block of the largest size, which begins at the day `block`."""
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
    """Return the beginning of a day in UTC plus an offset, or the nearest end of the calendar."""
    try:
        return datetime.combine(date.fromordinal(day), time(), UTC) + offset
    except (OverflowError, ValueError):
        return days.LAST_INSTANT if day > LARGEST_BLOCK_SIZE else days.FIRST_INSTANT
