"""Batches of rows: one statement reads or writes one batch."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

BATCH_SIZE = 5_000
"""The maximum length of a batch. Larger batches take more memory and save little time."""


def split_batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the items in batches of at most `BATCH_SIZE`, in order."""
    for start in range(0, len(items), BATCH_SIZE):
        yield items[start : start + BATCH_SIZE]
