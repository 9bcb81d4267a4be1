"""Stored counts: the numbers of an integration's records by local day and, in `type_counts`, by type.

Every write of records updates them, and a new time zone recounts them. Callers that write counts have locked the
integration: see `gateway.services.integrations.lock_integration`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

import orjson

from gateway import sql
from gateway.database import DayCount, DaySeries, Integration, Reader, Writer
from gateway.domain.calendar import days, timezones
from gateway.domain.enums import StatisticsDateField
from gateway.domain.ids import new_series_id
from gateway.domain.statistics import (
    LARGEST_BLOCK_SIZE,
    LAST_DAY,
    NO_DAY,
    VERIFIED,
    BlockCounts,
    DayCounts,
    Series,
    SeriesBlock,
    Statistics,
    day_blocks,
)
from gateway.services import type_counts

_KEY_COLUMNS = ("team_id", "series_id", "size", "day")
_COUNT_COLUMNS = (*_KEY_COLUMNS, "successful", "failed", "pending", "breakdowns")
"""The key, and the columns of `BlockCounts`."""

_BlockKey: TypeAlias = tuple[int, int, int]
"""The id of the series, the size and the first day of a block."""

_RECORD_BATCH_SIZE = 4_000
"""The number of records that are counted at once. The event loop is blocked meanwhile."""


@dataclass(frozen=True, slots=True)
class CountTarget:
    """The records of one type in an integration, which are counted by the local days of a time in `zone`."""

    team_id: str
    integration_id: str
    zone: ZoneInfo
    statistics: Statistics
    date_field: StatisticsDateField

    @property
    def key(self) -> tuple[str, str, str]:
        """Team id, integration id and type of records: the first arguments of statements about counts."""
        return self.team_id, self.integration_id, self.statistics.type.value

    def get_day(self, at: datetime) -> int:
        """Return the number of the local day of an instant."""
        return days.get_local_day(self.zone, at).toordinal()


async def add_changes(writer: Writer, team_id: str, integration_id: str, changes: DayCounts) -> None:
    """Add the changes of a write to the stored counts of an integration."""
    await type_counts.add_counts(writer, team_id, integration_id, changes.type_counts)
    await _add_block_counts(writer, team_id, integration_id, changes.list_blocks())


async def _add_block_counts(
    writer: Writer, team_id: str, integration_id: str, changes: Mapping[SeriesBlock, BlockCounts]
) -> None:
    """Add these changes to the day counts of an integration, and insert missing series.

    Blocks whose counts all become zero are deleted.
    """
    ids = await _find_or_create_series(writer, team_id, integration_id, {block.series for block in changes})
    counts = {(ids[series], size, day): change for (series, size, day), change in changes.items()}
    stored = await _read_stored_counts(writer, team_id, counts)
    for key, found in stored.items():
        found.add(counts[key])
    await _write_counts(writer, team_id, {**counts, **stored}, stored.keys())


async def _read_stored_counts(
    writer: Writer, team_id: str, keys: Collection[_BlockKey]
) -> Mapping[_BlockKey, BlockCounts]:
    """Return the counts of those of these blocks that have some."""
    if not keys:
        return {}
    found = await writer.fetch_tuples(sql.day_counts.select_stored_counts(team_id, orjson.dumps([*keys]).decode()))
    return {(series_id, size, day): BlockCounts.decode(text) for series_id, size, day, text in found}


async def _write_counts(
    writer: Writer, team_id: str, counts: Mapping[_BlockKey, BlockCounts], stored: Collection[_BlockKey]
) -> None:
    """Write or delete the rows of blocks, so that these are their counts; `stored` have a row."""
    rows = ((team_id, *key, *block.encode()) for key, block in counts.items() if not block.is_empty)
    await writer.replace_rows(DayCount, _COUNT_COLUMNS, rows)
    emptied = (key for key in stored if key not in counts or counts[key].is_empty)
    deleted = [dict(zip(_KEY_COLUMNS, (team_id, *key), strict=True)) for key in emptied]
    await writer.delete_rows(DayCount, deleted)


async def _find_or_create_series(
    writer: Writer, team_id: str, integration_id: str, wanted: Collection[Series]
) -> Mapping[Series, int]:
    """Return the ids of these series of an integration. Insert the missing ones."""
    if not wanted:
        return {}
    found = await writer.fetch_tuples(sql.day_counts.select_series(team_id, integration_id))
    ids = {Series(*series): id for id, *series in found}
    new = {series: new_series_id() for series in sorted(wanted) if series not in ids}
    integration_key = {"team_id": team_id, "integration_id": integration_id}
    await writer.insert_rows(
        DaySeries, [{**integration_key, "id": id, **series._asdict()} for series, id in new.items()]
    )
    return ids | new


async def correct_counts(
    writer: Writer,
    target: CountTarget,
    stored: Collection[SeriesBlock],
    counted: Mapping[SeriesBlock, BlockCounts],
) -> None:
    """Replace the counts of these stored blocks and of these counted ones.

    The integration has been locked since before the records were counted.
    """
    ids = await _find_or_create_series(
        writer, target.team_id, target.integration_id, {block.series for block in (*stored, *counted)}
    )
    keys = {(ids[series], size, day) for series, size, day in stored}
    counts = {(ids[series], size, day): found for (series, size, day), found in counted.items()}
    await _write_counts(writer, target.team_id, counts, keys)


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
    for statistics, date_field in VERIFIED:
        target, start = CountTarget(team_id, integration_id, zone, statistics, date_field), NO_DAY
        while (block := await find_next_block(writer, target, start)) is not None:
            counts = await count_records(writer, target, block)
            await _add_block_counts(writer, team_id, integration_id, counts.list_blocks())
            start = day_blocks.list_block_days(block).stop


async def find_next_block(reader: Reader, target: CountTarget, start: int) -> int | None:
    """Return the first day of the next block of the largest size that may have records, or None.

    The search begins with the block that contains the day `start`. Days are numbers, as in `SeriesBlock.day`. The
    first block is NO_DAY, for records without the time.
    """
    if start == NO_DAY:
        ((is_undated,),) = await reader.fetch_tuples(
            sql.day_counts.select_has_undated(*target.key, target.date_field)
        )
        if is_undated:
            return NO_DAY
        start += 1
    if start > LAST_DAY:
        return None
    block = day_blocks.find_block_start(start, LARGEST_BLOCK_SIZE)
    since = _shift_midnight(block, -days.MAX_UTC_OFFSET)
    statement = sql.day_counts.select_first_instant(*target.key, target.date_field, since)
    ((at,),) = await reader.fetch_tuples(statement)
    if at is None:
        return None
    # The search began a maximum UTC offset early: the record may be of a day before the block.
    return max(block, day_blocks.find_block_start(target.get_day(at), LARGEST_BLOCK_SIZE))


async def count_records(reader: Reader, target: CountTarget, block: int) -> DayCounts:
    """Count the records of one block of the largest size, which begins at the day `block`, or those of NO_DAY."""
    counts, block_days = DayCounts(target.zone, (target.date_field,)), day_blocks.list_block_days(block)
    bounds = (
        _shift_midnight(block_days.start, -days.MAX_UTC_OFFSET),
        _shift_midnight(block_days.stop, days.MAX_UTC_OFFSET),
    )
    statement = sql.day_counts.select_records(*target.key, target.date_field, None if block == NO_DAY else bounds)
    async for records in reader.stream_tuples(statement, _RECORD_BATCH_SIZE):
        counts.add(record for record in records if block == NO_DAY or target.get_day(record[-1]) in block_days)
    return counts


def _shift_midnight(day: int, offset: timedelta) -> datetime:
    """Return the beginning of a day in UTC plus an offset, or the nearest end of the calendar."""
    try:
        return datetime.combine(date.fromordinal(day), time(), UTC) + offset
    except (OverflowError, ValueError):
        return days.LAST_INSTANT if day > LARGEST_BLOCK_SIZE else days.FIRST_INSTANT
