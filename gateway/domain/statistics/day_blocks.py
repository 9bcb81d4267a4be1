"""Blocks of days that counts are kept for, so that a long range is the sum of a few of them.

A block has 1, 8 or 64 days. Blocks of one size lie end to end since the first day of the calendar, and each
consists of whole smaller ones: a year is about twenty blocks. Days are numbered as by `date.toordinal`, from 1.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

BLOCK_SIZES = (64, 8, 1)
"""In days, each a multiple of the next."""

LARGEST_BLOCK_SIZE = BLOCK_SIZES[0]

LAST_DAY = date.max.toordinal()


class BlockSpan(NamedTuple):
    """All blocks of one size that begin from the day `first` to `last`, both included."""

    size: int
    first: int
    last: int


def find_block_start(day: int, size: int) -> int:
    """The first day of the block of this size that a day is in."""
    return day - (day - 1) % size


def list_spans(start: date | None, end: date | None) -> list[BlockSpan]:
    """The blocks that make up the days from `start` on and before `end`; None for a side that is open."""
    return [*_iterate_spans(*_to_day_numbers(start, end), BLOCK_SIZES)]


def list_single_days(start: date | None, end: date | None) -> list[BlockSpan]:
    """The same days, each as a block of its own."""
    first, last = _to_day_numbers(start, end)
    return [BlockSpan(1, first, last - 1)] if first < last else []


def _to_day_numbers(start: date | None, end: date | None) -> tuple[int, int]:
    # The last block of the calendar is not full: what is open goes on to where it would end.
    open_end = find_block_start(LAST_DAY, LARGEST_BLOCK_SIZE) + LARGEST_BLOCK_SIZE
    return 1 if start is None else start.toordinal(), open_end if end is None else end.toordinal()


def _iterate_spans(start: int, end: int, sizes: Sequence[int]) -> Iterator[BlockSpan]:
    """The largest blocks that fit between two days, and smaller ones on either side."""
    size, *smaller = sizes
    first, last = find_block_start(start + size - 1, size), find_block_start(end, size)
    if first < last:
        yield BlockSpan(size, first, last - size)
    else:
        first = last = end
    if smaller and start < end:
        yield from _iterate_spans(start, first, smaller)
        yield from _iterate_spans(last, end, smaller)
