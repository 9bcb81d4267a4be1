"""An end to what takes too long, or what nobody waits for any more."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from starlette.types import Receive

from gateway.errors import GatewayError

T = TypeVar("T")

_INTERVAL = 0.05
"""Seconds from one look to the next."""


class ClientGone(GatewayError):
    """Nobody is there to answer."""


class OutOfTime(GatewayError):
    """It took longer than it may."""


class _Watched:
    """Something that is under way."""

    __slots__ = ("end", "listening", "reason", "receive")

    def __init__(self, end: float, receive: Receive | None) -> None:
        self.end, self.receive = end, receive
        self.listening: asyncio.Task[None] | None = None
        self.reason: GatewayError | None = None
        """Why it was cancelled."""


class Watch:
    """Cancels what takes longer than it may, and operations whose clients leave.

    One timer does for all, and it listens for the leaving of a client only once an operation was seen to last. So
    what is quick costs an entry in a dictionary. A timer and a task each would cost as much as all else that the
    door does for a small request.
    """

    def __init__(self) -> None:
        self._watched: dict[asyncio.Task[Any], _Watched] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def over(self, work: Awaitable[T], seconds: float, receive: Receive | None = None) -> T:
        """What the work gives. Raises OutOfTime after so many seconds, and ClientGone when its client leaves.

        `receive` is given with a request that was received whole, of which only its end can come yet.
        """
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None  # noqa: S101 (a coroutine runs in one)
        watched = self._watched[task] = _Watched(loop.time() + seconds, receive)
        if self._timer is None:
            self._timer = loop.call_later(_INTERVAL, self._look, loop)
        try:
            return await work
        except asyncio.CancelledError:
            if watched.reason is not None and task.uncancel() == 0:
                raise watched.reason from None
            raise
        finally:
            del self._watched[task]
            if watched.listening is not None:
                watched.listening.cancel()

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """End what is late, listen to the clients of what lasts, and come back while there is anything."""
        now = loop.time()
        for task, watched in self._watched.items():
            if watched.end <= now:
                _end(task, watched, OutOfTime())
            elif watched.receive is not None and watched.listening is None:
                watched.listening = loop.create_task(_listen(task, watched, watched.receive))
        self._timer = loop.call_later(_INTERVAL, self._look, loop) if self._watched else None


async def _listen(task: asyncio.Task[Any], watched: _Watched, receive: Receive) -> None:
    # What a GET has for a body comes first.
    while (await receive())["type"] != "http.disconnect":
        pass
    _end(task, watched, ClientGone())


def _end(task: asyncio.Task[Any], watched: _Watched, reason: GatewayError) -> None:
    if watched.reason is None:
        watched.reason = reason
        task.cancel()
