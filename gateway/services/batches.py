"""Batches: how many rows are looked up or written by one statement."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

BATCH_SIZE = 5_000
"""Entries of a batch. Larger batches cost more memory than they save time."""


def split_batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the items in batches of at most `BATCH_SIZE`."""
    for start in range(0, len(items), BATCH_SIZE):
        yield items[start : start + BATCH_SIZE]
