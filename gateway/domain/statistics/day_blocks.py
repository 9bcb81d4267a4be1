"""Blocks of days that counts are kept for, so that a long range is the sum of a few of them.

A block has 1, 8 or 64 days. Blocks of one size lie end to end since the first day of the calendar, and each
consists of whole smaller ones: a year is about twenty blocks. Days are numbered as by `date.toordinal`, from 1.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

SIZES = (64, 8, 1)
"""In days, each a multiple of the next."""

LARGEST = SIZES[0]

LAST_DAY = date.max.toordinal()


class Span(NamedTuple):
    """All blocks of one size that begin from the day `first` to `last`, both included."""

    size: int
    first: int
    last: int


def first_of(day: int, size: int) -> int:
    """The first day of the block of this size that a day is in."""
    return day - (day - 1) % size


def spans(start: date | None, end: date | None) -> list[Span]:
    """The blocks that make up the days from `start` on and before `end`; None for a side that is open."""
    return [*_cover(*_numbers(start, end), SIZES)]


def single_days(start: date | None, end: date | None) -> list[Span]:
    """The same days, each as a block of its own."""
    first, last = _numbers(start, end)
    return [Span(1, first, last - 1)] if first < last else []


def _numbers(start: date | None, end: date | None) -> tuple[int, int]:
    # The last block of the calendar is not full: what is open goes on to where it would end.
    open_end = first_of(LAST_DAY, LARGEST) + LARGEST
    return 1 if start is None else start.toordinal(), open_end if end is None else end.toordinal()


def _cover(start: int, end: int, sizes: Sequence[int]) -> Iterator[Span]:
    """The largest blocks that fit between two days, and smaller ones on either side."""
    size, *smaller = sizes
    first, last = first_of(start + size - 1, size), first_of(end, size)
    if first < last:
        yield Span(size, first, last - size)
    else:
        first = last = end
    if smaller and start < end:
        yield from _cover(start, first, smaller)
        yield from _cover(last, end, smaller)
