"""Verification of stored counts against the records: by type, then by one block of days after another.

It is for operators and checks no permission.
"""

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
    TypeDifference,
    VerificationPosition,
    VerificationScope,
    day_blocks,
)
from gateway.services import day_counts, type_counts
from gateway.services.day_counts import CountTarget


@dataclass(frozen=True, slots=True)
class VerificationStep:
    """The result of one step: a verified block of days, or none if the integration has no more of a type."""

    target: CountTarget
    block: int | None
    """The number of the block's first day: see `gateway.domain.statistics.day_blocks`."""
    record_count: int
    """The number of records in the block."""
    differences: Sequence[CountDifference]
    next_position: VerificationPosition | None
    """The position of the next step, or None if all blocks are verified."""
    type_differences: Sequence[TypeDifference] = ()
    """Differences of the numbers by type, which the first step of each integration compares."""


async def count_records(reader: Reader, scope: VerificationScope, position: VerificationPosition) -> int:
    """Return the number of records of the integration at a position, and of all later ones."""
    ((count,),) = await reader.fetch_tuples(
        sql.verification.select_record_count(scope, position.team_id, position.integration_id)
    )
    return count


async def verify_next_block(
    reader: Reader, scope: VerificationScope, position: VerificationPosition
) -> VerificationStep | None:
    """Verify the first block of days from a position on; return None if there is no more integration.

    The counts and the records come from one snapshot, so that concurrent writes cause no differences.
    """
    rows = await reader.fetch_tuples(
        sql.verification.select_integration(scope, position.team_id, position.integration_id)
    )
    if not rows:
        return None
    ((team_id, integration_id, timezone),) = rows
    if (team_id, integration_id) != position[:2]:
        position = VerificationPosition(team_id, integration_id)
    statistics = next(statistics for statistics in STATISTICS if statistics.type.value == position.type)
    target = CountTarget(team_id, integration_id, timezones.get_zone(timezone), statistics)
    is_first = position == VerificationPosition(team_id, integration_id)
    of_types = await type_counts.find_differences(reader, team_id, integration_id) if is_first else ()
    block = await _find_next_block(reader, target, position.day)
    if block is None:
        return VerificationStep(target, None, 0, (), await _find_next_position(reader, scope, target), of_types)
    next_day = block + LARGEST_BLOCK_SIZE
    next_position = (
        position._replace(day=next_day)
        if next_day <= LAST_DAY
        else await _find_next_position(reader, scope, target)
    )
    return VerificationStep(target, block, *await _compare_block(reader, target, block), next_position, of_types)


async def repair(writer: Writer, step: VerificationStep) -> Sequence[CountDifference | TypeDifference]:
    """Correct the stored counts of a step, and return the corrected differences.

    It locks the integration until the transaction ends, and then compares again: other transactions may have
    changed the counts since the step. A deleted integration has no differences.
    """
    target = step.target
    locked = await writer.fetch_tuples(
        sql.verification.select_timezone_for_update(target.team_id, target.integration_id)
    )
    if not locked:
        return ()
    corrected: list[CountDifference | TypeDifference] = []
    if step.type_differences:
        corrected += await type_counts.correct_counts(writer, target.team_id, target.integration_id)
    if step.block is None or not step.differences:
        return corrected
    target = replace(target, zone=timezones.get_zone(locked[0][0]))
    _, differences = await _compare_block(writer, target, step.block)
    await day_counts.correct_counts(writer, target, differences)
    return [*corrected, *differences]


async def _find_next_block(reader: Reader, target: CountTarget, day: int) -> int | None:
    """Return the first day of the next block of the largest size that may have records or counts, or None."""
    start = day_blocks.find_block_start(day, LARGEST_BLOCK_SIZE)
    ((counted_day,),) = await reader.fetch_tuples(sql.verification.select_next_counted_day(*target.key, start))
    blocks = (
        None if counted_day is None else day_blocks.find_block_start(counted_day, LARGEST_BLOCK_SIZE),
        await day_counts.find_next_block(reader, target, start),
    )
    return min((block for block in blocks if block is not None and block <= LAST_DAY), default=None)


async def _find_next_position(
    reader: Reader, scope: VerificationScope, target: CountTarget
) -> VerificationPosition | None:
    """Return the position of the integration's next type, or of the next integration; None after the last one."""
    remaining = STATISTICS[STATISTICS.index(target.statistics) + 1 :]
    if remaining:
        return VerificationPosition(target.team_id, target.integration_id, remaining[0].type.value)
    rows = await reader.fetch_tuples(
        sql.verification.select_next_integration(scope, target.team_id, target.integration_id)
    )
    return VerificationPosition(*rows[0]) if rows else None


async def _compare_block(reader: Reader, target: CountTarget, block: int) -> tuple[int, Sequence[CountDifference]]:
    """Return the number of records in a block of the largest size, and its differences, sorted by key."""
    block_counts = await day_counts.count_records(reader, target, block)
    counted = {counts.key: counts for counts in block_counts.list_series_counts()}
    rows = await reader.fetch_tuples(
        sql.verification.select_counts(*target.key, block, block + LARGEST_BLOCK_SIZE - 1)
    )
    stored_counts = (SeriesCounts(Series(*row[:3]), BlockCounts(*row[3:])) for row in rows)
    stored = {counts.key: counts for counts in stored_counts}
    differences = [
        CountDifference(stored.get(key), counted.get(key))
        for key in sorted({*counted, *stored})
        if stored.get(key) != counted.get(key)
    ]
    total = counted.get((target.statistics.type.value, ALL, ALL, LARGEST_BLOCK_SIZE, block, ALL))
    record_count = 0 if total is None else sum(total.status_counts)
    return record_count, differences
