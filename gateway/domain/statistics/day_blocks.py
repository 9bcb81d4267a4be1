"""Blocks of days with stored counts. The count of a long range is the sum of a few blocks.

A block has 1 or 16 days. Blocks of one size are adjacent from the first day of the calendar on. A year has about
37 blocks. The number of a day is its `date.toordinal`, from 1. More sizes would need fewer blocks for a range, and
more rows for each record of an integration with few records.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

BLOCK_SIZES = (16, 1)
"""In days, in descending order; each is a multiple of the next."""

LARGEST_BLOCK_SIZE = BLOCK_SIZES[0]

LAST_DAY = date.max.toordinal()

NO_DAY = 0
"""The number that stands for the day of records without the time by which they are counted: a block of its own."""


class BlockSpan(NamedTuple):
    """All blocks of one size that begin from the day `first` to the day `last`, both included."""

    size: int
    first: int
    last: int


def find_block_start(day: int, size: int) -> int:
    """Return the first day of the block of this size that contains a day; NO_DAY is its own block."""
    return day if day == NO_DAY else day - (day - 1) % size


def list_block_starts(day: int) -> list[tuple[int, int]]:
    """Return size and first day of each block that contains a day."""
    return [(size, find_block_start(day, size)) for size in (BLOCK_SIZES if day != NO_DAY else (1,))]


def list_block_days(block: int) -> range:
    """Return the days of the block of the largest size that begins at the day `block`, or only NO_DAY."""
    return range(block, block + (1 if block == NO_DAY else LARGEST_BLOCK_SIZE))


def list_spans(start: date | None, end: date | None) -> list[BlockSpan]:
    """Return the blocks of the days from `start`, included, to `end`, excluded; None is an open side.

    With two open sides, NO_DAY is one of the days.
    """
    undated = [BlockSpan(1, NO_DAY, NO_DAY)] if start is None and end is None else []
    return [*_iterate_spans(*_to_day_numbers(start, end), BLOCK_SIZES), *undated]


def list_single_days(start: date | None, end: date | None) -> list[BlockSpan]:
    """Return the same days as blocks of one day, always without NO_DAY."""
    first, last = _to_day_numbers(start, end)
    return [BlockSpan(1, first, last - 1)] if first < last else []


def _to_day_numbers(start: date | None, end: date | None) -> tuple[int, int]:
    # The last block of the calendar is not full. An open side extends to the end of a full one.
    open_end = find_block_start(LAST_DAY, LARGEST_BLOCK_SIZE) + LARGEST_BLOCK_SIZE
    return 1 if start is None else start.toordinal(), open_end if end is None else end.toordinal()


def _iterate_spans(start: int, end: int, sizes: Sequence[int]) -> Iterator[BlockSpan]:
    """Yield the largest blocks between two days, and smaller blocks before and after them."""
    size, *smaller = sizes
    first, last = find_block_start(start + size - 1, size), find_block_start(end, size)
    if first < last:
        yield BlockSpan(size, first, last - size)
    else:
        first = last = end
    if smaller and start < end:
        yield from _iterate_spans(start, first, smaller)
        yield from _iterate_spans(last, end, smaller)
