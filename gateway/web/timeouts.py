"""An end to what takes too long, or what nobody waits for any more."""

import asyncio
from typing import Any

from msgspec import Struct
from starlette.types import Receive

from gateway.errors import GatewayError

_INTERVAL = 0.05
"""Seconds from one look to the next."""


class ClientGone(GatewayError):
    """Nobody is there to answer."""


class OutOfTime(GatewayError):
    """It took longer than it may."""


class Watch:
    """Cancels what takes longer than it may, and operations whose clients leave.

    One timer does for all, and a client is listened to only once its operation was seen to last, so that what is
    quick costs an entry in a set. A timer and a task each would cost as much as all else that the door does for a
    small request.
    """

    def __init__(self) -> None:
        self.watched: set[_Watched] = set()
        self.timer: asyncio.TimerHandle | None = None

    def over(self, seconds: float, receive: Receive | None = None) -> "_Watched":
        """For a block that raises OutOfTime after so many seconds, and ClientGone when its client leaves.

        `receive` is given with a request that was received whole, of which only its end can come yet.
        """
        return _Watched(self, seconds, receive)

    def look(self, loop: asyncio.AbstractEventLoop) -> None:
        """End what is late, listen to the clients of what lasts, and come back while there is anything."""
        self.timer = None
        for watched in self.watched:
            watched.look(loop)
        if self.watched:
            self.come_back(loop)

    def come_back(self, loop: asyncio.AbstractEventLoop) -> None:
        self.timer = loop.call_later(_INTERVAL, self.look, loop)


class _Watched(Struct, eq=False):
    """A block that is under way."""

    _watch: Watch
    _seconds: float
    _receive: Receive | None
    end: float = 0.0
    _task: asyncio.Task[Any] | None = None
    _listening: asyncio.Task[None] | None = None
    _reason: GatewayError | None = None

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(loop)
        self.end = loop.time() + self._seconds
        self._watch.watched.add(self)
        if self._watch.timer is None:
            self._watch.come_back(loop)

    def __exit__(self, _type: type[BaseException] | None, error: BaseException | None, _traceback: object) -> None:
        self._watch.watched.remove(self)
        if self._listening is not None:
            self._listening.cancel()
        if self._reason is not None and self._task is not None:
            is_ours = self._task.uncancel() == 0
            if is_ours and isinstance(error, asyncio.CancelledError):
                raise self._reason from None

    def look(self, loop: asyncio.AbstractEventLoop) -> None:
        """End it if it is late, and listen to its client, since it lasts."""
        if self.end <= loop.time():
            self._cancel(OutOfTime())
        elif self._receive is not None and self._listening is None:
            self._listening = loop.create_task(self._listen(self._receive))

    async def _listen(self, receive: Receive) -> None:
        # What a GET has for a body comes first.
        while (await receive())["type"] != "http.disconnect":
            pass
        self._cancel(ClientGone())

    def _cancel(self, reason: GatewayError) -> None:
        """Cancel whoever runs the block, once."""
        if self._reason is None and self._task is not None:
            self._reason = reason
            self._task.cancel()
