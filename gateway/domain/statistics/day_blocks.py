"""Blocks of days with stored counts. The count of a long range is the sum of a few blocks.

A block has 1, 8 or 64 days. Blocks of one size are adjacent from the first day of the calendar on, and each
consists of whole smaller blocks. A year has about 20 blocks. The number of a day is its `date.toordinal`, from 1.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

BLOCK_SIZES = (64, 8, 1)
"""In days, in descending order; each is a multiple of the next."""

LARGEST_BLOCK_SIZE = BLOCK_SIZES[0]

LAST_DAY = date.max.toordinal()


class BlockSpan(NamedTuple):
    """All blocks of one size that begin from the day `first` to the day `last`, both included."""

    size: int
    first: int
    last: int


def find_block_start(day: int, size: int) -> int:
    """Return the first day of the block of this size that contains a day."""
    return day - (day - 1) % size


def list_spans(start: date | None, end: date | None) -> list[BlockSpan]:
    """Return the blocks of the days from `start`, included, to `end`, excluded; None is an open side."""
    return [*_iterate_spans(*_to_day_numbers(start, end), BLOCK_SIZES)]


def list_single_days(start: date | None, end: date | None) -> list[BlockSpan]:
    """Return the same days as blocks of one day."""
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
