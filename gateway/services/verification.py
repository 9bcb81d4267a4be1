"""Verification of stored counts against the records: by type, then by one block of days after another.

It is for operators and checks no permission.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway import sql
from gateway.database import Reader, Writer
from gateway.domain.calendar import timezones
from gateway.domain.statistics import (
    ALL,
    LARGEST_BLOCK_SIZE,
    LAST_DAY,
    VERIFIED,
    BlockCounts,
    CountDifference,
    Series,
    SeriesBlock,
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
    statistics, date_field = next(
        (statistics, date_field)
        for statistics, date_field in VERIFIED
        if (statistics.type.value, date_field.value) == position[2:4]
    )
    target = CountTarget(team_id, integration_id, timezones.get_zone(timezone), statistics, date_field)
    is_first = position == VerificationPosition(team_id, integration_id)
    of_types = await type_counts.find_differences(reader, team_id, integration_id) if is_first else ()
    block = await _find_next_block(reader, target, position.day)
    if block is None:
        return VerificationStep(target, None, 0, (), await _find_next_position(reader, scope, target), of_types)
    next_day = day_blocks.list_block_days(block).stop
    next_position = (
        position._replace(day=next_day)
        if next_day <= LAST_DAY
        else await _find_next_position(reader, scope, target)
    )
    comparison = await _compare_block(reader, target, block)
    return VerificationStep(
        target, block, comparison.record_count, comparison.differences, next_position, of_types
    )


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
    comparison = await _compare_block(writer, target, step.block)
    differing = {difference.block for difference in comparison.differences}
    await day_counts.correct_counts(
        writer,
        target,
        differing & comparison.stored.keys(),
        {block: comparison.counted[block] for block in differing & comparison.counted.keys()},
    )
    return [*corrected, *comparison.differences]


async def _find_next_block(reader: Reader, target: CountTarget, day: int) -> int | None:
    """Return the first day of the next block of the largest size that may have records or counts, or None."""
    start = day_blocks.find_block_start(day, LARGEST_BLOCK_SIZE)
    ((counted_day,),) = await reader.fetch_tuples(
        sql.verification.select_next_counted_day(*target.key, target.date_field.value, start)
    )
    blocks = (
        None if counted_day is None else day_blocks.find_block_start(counted_day, LARGEST_BLOCK_SIZE),
        await day_counts.find_next_block(reader, target, start),
    )
    return min((block for block in blocks if block is not None and block <= LAST_DAY), default=None)


async def _find_next_position(
    reader: Reader, scope: VerificationScope, target: CountTarget
) -> VerificationPosition | None:
    """Return the position of the integration's next kind of counts, or of the next integration, or None."""
    remaining = VERIFIED[VERIFIED.index((target.statistics, target.date_field)) + 1 :]
    for statistics, date_field in remaining[:1]:
        key = (target.team_id, target.integration_id)
        return VerificationPosition(*key, statistics.type.value, date_field.value)
    rows = await reader.fetch_tuples(
        sql.verification.select_next_integration(scope, target.team_id, target.integration_id)
    )
    return VerificationPosition(*rows[0]) if rows else None


@dataclass(frozen=True, slots=True)
class _Comparison:
    """The counts of a block of the largest size and of its smaller blocks, as stored and as counted."""

    stored: Mapping[SeriesBlock, BlockCounts]
    counted: Mapping[SeriesBlock, BlockCounts]

    @property
    def record_count(self) -> int:
        return sum(
            sum(counts.total)
            for (series, size, _), counts in self.counted.items()
            if series.appointment_type == ALL and size == 1
        )

    @property
    def differences(self) -> Sequence[CountDifference]:
        """The differences, sorted by block, breakdown and value."""
        return [
            difference
            for block in sorted({*self.stored, *self.counted})
            for difference in _list_differences(block, self.stored.get(block), self.counted.get(block))
        ]


async def _compare_block(reader: Reader, target: CountTarget, block: int) -> _Comparison:
    """Return the counts of the block of the largest size that begins at the day `block`."""
    counted = (await day_counts.count_records(reader, target, block)).list_blocks()
    block_days = day_blocks.list_block_days(block)
    rows = await reader.fetch_tuples(
        sql.verification.select_counts(*target.key, target.date_field.value, block_days.start, block_days.stop - 1)
    )
    stored = {SeriesBlock(Series(*row[:3]), *row[3:5]): BlockCounts.decode(row[5]) for row in rows}
    return _Comparison(stored, counted)


def _list_differences(
    block: SeriesBlock, stored: BlockCounts | None, counted: BlockCounts | None
) -> Iterator[CountDifference]:
    """Yield the differences of a block. Values that are not stored, since they are too many, are none."""
    if stored is None or counted is None:
        totals = (None if counts is None else tuple(counts.total) for counts in (stored, counted))
        yield CountDifference(block, ALL, ALL, *totals)
        return
    found, expected = stored.list_counts(), counted.list_counts()
    for breakdown, value in sorted({*found, *expected}):
        count, right = found.get((breakdown, value)), expected.get((breakdown, value))
        if count != right and stored.breakdowns.get(breakdown, {}) is not None:
            yield CountDifference(block, breakdown, value, count, right)
