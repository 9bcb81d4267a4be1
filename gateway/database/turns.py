"""Turns for the statements of SQLite, whose threads hinder each other."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

T = TypeVar("T")

_MAX_WAIT_SECONDS = 0.01
"""Seconds for which a statement is waited for; one that takes longer has others run beside it."""

_Waiter: TypeAlias = asyncio.Future[None]


class StatementQueue:
    """Lets one statement of SQLite run at a time, and others beside one that takes long.

    Each connection has a thread of its own. Threads that fetch rows at once mostly take the interpreter's lock
    from each other, row by row: with four at once, a request of 200 rows was measured to take twice the CPU time.
    A turn that nobody waits for costs next to nothing, for then there is no timer.
    """

    def __init__(self) -> None:
        self._current: object | None = None
        self._waiters: deque[_Waiter] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, work: Callable[..., Awaitable[T]], *arguments: object) -> T:
        """What the work gives, when it has its turn."""
        if self._current is None:
            turn: object = object()
            self._current = turn
        else:
            turn = await self._wait()
        try:
            return await work(*arguments)
        finally:
            if self._current is turn:
                self._start_next()

    async def _wait(self) -> _Waiter:
        loop = asyncio.get_running_loop()
        turn: _Waiter = loop.create_future()
        self._waiters.append(turn)
        if self._timer is None:
            self._timer = loop.call_later(_MAX_WAIT_SECONDS, self._start_next)
        try:
            await turn
        except asyncio.CancelledError:
            if self._current is turn:
                self._start_next()
            raise
        return turn

    def _start_next(self) -> None:
        """Give the turn to who waits longest, whether or not the statement before has ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiters:
            turn = self._waiters.popleft()
            if not turn.done():
                self._current = turn
                turn.set_result(None)
                if self._waiters:
                    self._timer = turn.get_loop().call_later(_MAX_WAIT_SECONDS, self._start_next)
                return
        self._current = None
