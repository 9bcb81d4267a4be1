"""Bytes that an operation may fetch: its rows stay in memory until the answer is written.

Most operations fetch some kilobytes. One that fetches more than `SMALL_BYTES` is large. It needs a slot of the
process, so that few large operations are in memory at once. Its statement then runs again, now to the end.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

from gateway.database.fair_queue import FairQueue, TeamId

SMALL_BYTES = 2**20

BATCH_SIZE = 2
"""Rows that SQLite reads before they are counted."""


_FIRST_STREAM_SIZE, _STREAM_GROWTH, _STREAM_BYTES = 32, 8, 2**20
"""Rows of the first batch of a stream, how many times as many the next one may have, and the bytes of a batch."""


class FetchLimitReached(Exception):
    """The rows of a statement are more bytes than the operation may fetch now."""


def count_bytes(rows: Sequence[Any]) -> int:
    """Return the length of all texts in these rows of a driver."""
    return sum([len(value) for row in rows for value in row if type(value) is str])


async def stream_batches(
    fetch: Callable[[int], Awaitable[Sequence[Any]]], max_rows: int
) -> AsyncGenerator[Sequence[Any]]:
    """Yield batches until one has fewer rows than `fetch` was asked for. If rows are large, batches have fewer.

    Its frame refers to no batch that it has yielded, so that the rows are freed while the caller uses their texts.
    """
    size = min(_FIRST_STREAM_SIZE, max_rows)
    is_last = False
    while not is_last:
        found = [await fetch(size)]
        # Until the task is resumed again, the future of the driver refers to the rows too.
        await asyncio.sleep(0)
        count, byte_count = len(found[0]), count_bytes(found[0])
        is_last = count < size
        size = max(1, min(max_rows, size * _STREAM_GROWTH, _STREAM_BYTES * count // max(1, byte_count)))
        if count:
            yield found.pop()


class FetchBudget:
    """What one operation has fetched, and what it may."""

    def __init__(self, max_bytes: int, slots: FairQueue, team: TeamId) -> None:
        """`slots` are those of large operations."""
        self.max_bytes, self._slots, self._team = max_bytes, slots, team
        self._has_slot = False
        self.byte_count = 0
        self.row_count = 0

    def refuse_rows(self) -> Exception:
        """Return the error for an operation that would fetch more than `max_bytes`."""
        raise NotImplementedError

    @property
    def is_large(self) -> bool:
        """Whether the operation has fetched more than most."""
        return self.byte_count > SMALL_BYTES

    def count(self, rows: Sequence[Any]) -> None:
        """Count rows of a driver, and the length of their texts. Raises FetchLimitReached above the limit."""
        self.row_count += len(rows)
        self.byte_count += count_bytes(rows)
        if self.byte_count > (self.max_bytes if self._has_slot else SMALL_BYTES):
            raise FetchLimitReached

    async def grow(self) -> None:
        """Take a slot, to fetch up to `max_bytes`. Raises Overloaded when none becomes free in time.

        With a slot, it raises the error of `refuse_rows`.
        """
        if self._has_slot:
            raise self.refuse_rows()
        await self._slots.acquire(self._team)
        self._has_slot = True

    async def change_slots(self, slots: FairQueue) -> None:
        """Take a slot of other slots instead. Raises Overloaded when none becomes free in time."""
        await slots.acquire(self._team)
        self.release()
        self._slots, self._has_slot = slots, True

    def release(self) -> None:
        """Free the slot, if it has one."""
        if self._has_slot:
            self._has_slot = False
            self._slots.release(self._team)
