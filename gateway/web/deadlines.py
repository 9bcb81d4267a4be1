"""An end to waiting, cheap enough for each request."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


class Deadlines:
    """Ends what takes longer than so many seconds.

    Everything has the same time, so what began first ends first, and one timer does for all. `asyncio.timeout`
    sets a timer each: measured, that costs as much as all else that the door does for a small request.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends: dict[asyncio.Task[Any], float] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def within(self, work: Awaitable[T]) -> T:
        """What `work` gives; it is cancelled, and TimeoutError raised, when it takes too long."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None  # noqa: S101 (a coroutine runs in one)
        self._ends[task] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._end, loop)
        try:
            return await work
        except asyncio.CancelledError:
            if task in self._late and task.uncancel() == 0:
                raise TimeoutError from None
            raise
        finally:
            del self._ends[task]
            self._late.discard(task)

    def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        """End what is late, and come back when the next may be."""
        self._timer = None
        now = loop.time()
        for task, end in self._ends.items():
            if end > now:
                self._timer = loop.call_at(end, self._end, loop)
                break
            if task not in self._late:
                self._late.add(task)
                task.cancel()
