"""What is counted by days, compared with the records: one block of days after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway import sql
from gateway.database import Reader, Writer
from gateway.domain.calendar import timezones
from gateway.domain.statistics import (
    ALL,
    LARGEST_BLOCK_SIZE,
    LAST_DAY,
    STATISTICS,
    BlockCounts,
    CountDifference,
    Series,
    SeriesCounts,
    VerificationPosition,
    VerificationScope,
    day_blocks,
)
from gateway.services import day_counts
from gateway.services.day_counts import CountTarget


@dataclass(frozen=True, slots=True)
class VerificationStep:
    """A block of days that was verified, or None where an integration has no more of one type."""

    target: CountTarget
    block: int | None
    record_count: int
    """How many there are in it."""
    differences: Sequence[CountDifference]
    next_position: VerificationPosition | None
    """Where the next step begins; None when all is verified."""


async def count_records(reader: Reader, scope: VerificationScope, position: VerificationPosition) -> int:
    """How many records are counted from the integration of a place on."""
    ((found,),) = await reader.fetch_tuples(
        sql.verification.select_record_count(scope, position.team_id, position.integration_id)
    )
    return found


async def verify_next_block(
    reader: Reader, scope: VerificationScope, position: VerificationPosition
) -> VerificationStep | None:
    """Verify the first block of days at a place or after it; None where there is no integration any more.

    All of it is read from one snapshot, in which nothing that others write makes a difference.
    """
    found = await reader.fetch_tuples(
        sql.verification.select_integration(scope, position.team_id, position.integration_id)
    )
    if not found:
        return None
    ((team_id, integration_id, timezone),) = found
    if (team_id, integration_id) != position[:2]:
        position = VerificationPosition(team_id, integration_id)
    statistics = next(each for each in STATISTICS if each.type.value == position.type)
    target = CountTarget(team_id, integration_id, timezones.get_zone(timezone), statistics)
    block = await _find_next_block(reader, target, position.day)
    if block is None:
        return VerificationStep(target, None, 0, (), await _find_next_position(reader, scope, target))
    after = block + LARGEST_BLOCK_SIZE
    next_position = (
        position._replace(day=after) if after <= LAST_DAY else await _find_next_position(reader, scope, target)
    )
    return VerificationStep(target, block, *await _compare_block(reader, target, block), next_position)


async def repair_block(writer: Writer, step: VerificationStep) -> Sequence[CountDifference]:
    """Make the counts of a block what the records say by now; gives what was changed.

    The integration is held from before they are compared, so that nobody writes meanwhile.
    """
    target = step.target
    locked = await writer.fetch_tuples(
        sql.verification.select_timezone_for_update(target.team_id, target.integration_id)
    )
    if not locked or step.block is None:
        return ()
    target = replace(target, zone=timezones.get_zone(locked[0][0]))
    _, differences = await _compare_block(writer, target, step.block)
    await day_counts.correct_counts(writer, target, differences)
    return differences


async def _find_next_block(reader: Reader, target: CountTarget, day: int) -> int | None:
    """The first day of the first of the largest blocks in which there may be records or counts."""
    start = day_blocks.find_block_start(day, LARGEST_BLOCK_SIZE)
    ((counted,),) = await reader.fetch_tuples(sql.verification.select_next_counted_day(*target.key, start))
    blocks = (
        None if counted is None else day_blocks.find_block_start(counted, LARGEST_BLOCK_SIZE),
        await day_counts.find_next_block(reader, target, start),
    )
    return min((block for block in blocks if block is not None and block <= LAST_DAY), default=None)


async def _find_next_position(
    reader: Reader, scope: VerificationScope, target: CountTarget
) -> VerificationPosition | None:
    """Where the next type of the integration begins, or the next integration."""
    following = STATISTICS[STATISTICS.index(target.statistics) + 1 :]
    if following:
        return VerificationPosition(target.team_id, target.integration_id, following[0].type.value)
    found = await reader.fetch_tuples(
        sql.verification.select_next_integration(scope, target.team_id, target.integration_id)
    )
    return VerificationPosition(*found[0]) if found else None


async def _compare_block(reader: Reader, target: CountTarget, block: int) -> tuple[int, Sequence[CountDifference]]:
    """How many records there are in one of the largest blocks, and what differs there, in the order of keys."""
    counted = {
        cell.key: cell for cell in (await day_counts.count_records(reader, target, block)).list_series_counts()
    }
    found = await reader.fetch_tuples(
        sql.verification.select_counts(*target.key, block, block + LARGEST_BLOCK_SIZE - 1)
    )
    cells = (SeriesCounts(Series(*row[:3]), BlockCounts(*row[3:])) for row in found)
    stored = {cell.key: cell for cell in cells}
    differences = [
        CountDifference(stored.get(key), counted.get(key))
        for key in sorted({*counted, *stored})
        if stored.get(key) != counted.get(key)
    ]
    total = counted.get((target.statistics.type.value, ALL, ALL, LARGEST_BLOCK_SIZE, block, ALL))
    records = 0 if total is None else sum(total.status_counts)
    return records, differences
