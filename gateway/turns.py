"""Whose statement runs next, where one at a time is best."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

_LONG = 0.01
"""Seconds after which a statement takes long."""


class Turns:
    """Lets one statement of SQLite run at a time, and others beside one that takes long.

    Each connection has a thread of its own. Threads that fetch rows at once mostly take the interpreter's lock
    from each other, row by row: with four at once, a request of 200 rows was measured to take twice the CPU time.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)

    async def run(self, work: Callable[..., Awaitable[T]], *arguments: object) -> T:
        """What the work gives, when it has its turn."""
        await self._turn.acquire()
        held = [True]

        def release() -> None:
            if held:
                held.clear()
                self._turn.release()

        timer = asyncio.get_running_loop().call_later(_LONG, release)
        try:
            return await work(*arguments)
        finally:
            timer.cancel()
            release()
