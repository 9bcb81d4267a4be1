"""An end to what takes too long, or what nobody waits for any more."""

import asyncio
from typing import Any

from msgspec import Struct
from starlette.types import Receive

from gateway.errors import GatewayError

_CHECK_INTERVAL = 0.05
"""Seconds from one look to the next."""


class ClientDisconnected(GatewayError):
    """Nobody is there to answer."""


class DeadlineExceeded(GatewayError):
    """It took longer than it may."""


class Deadlines:
    """Cancels what takes longer than it may, and operations whose clients leave.

    One timer does for all, and a client is listened to only once its operation was seen to last, so that what is
    quick costs an entry in a set. A timer and a task each would cost as much as all else that the door does for a
    small request.
    """

    def __init__(self) -> None:
        self.blocks: set[_TimedBlock] = set()
        self.timer: asyncio.TimerHandle | None = None

    def enforce(self, seconds: float, receive: Receive | None = None) -> "_TimedBlock":
        """For a block that raises OutOfTime after so many seconds, and ClientGone when its client leaves.

        `receive` is given with a request that was received whole, of which only its end can come yet.
        """
        return _TimedBlock(self, seconds, receive)

    def check(self, loop: asyncio.AbstractEventLoop) -> None:
        """End what is late, listen to the clients of what lasts, and come back while there is anything."""
        self.timer = None
        for watched in self.blocks:
            watched.check(loop)
        if self.blocks:
            self.schedule_check(loop)

    def schedule_check(self, loop: asyncio.AbstractEventLoop) -> None:
        self.timer = loop.call_later(_CHECK_INTERVAL, self.check, loop)


class _TimedBlock(Struct, eq=False):
    """A block that is under way."""

    _deadlines: Deadlines
    _timeout: float
    _receive: Receive | None
    ends_at: float = 0.0
    _task: asyncio.Task[Any] | None = None
    _disconnect_listener: asyncio.Task[None] | None = None
    _reason: GatewayError | None = None

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(loop)
        self.ends_at = loop.time() + self._timeout
        self._deadlines.blocks.add(self)
        if self._deadlines.timer is None:
            self._deadlines.schedule_check(loop)

    def __exit__(self, _type: type[BaseException] | None, error: BaseException | None, _traceback: object) -> None:
        self._deadlines.blocks.remove(self)
        if self._disconnect_listener is not None:
            self._disconnect_listener.cancel()
        if self._reason is not None and self._task is not None:
            is_ours = self._task.uncancel() == 0
            if is_ours and isinstance(error, asyncio.CancelledError):
                raise self._reason from None

    def check(self, loop: asyncio.AbstractEventLoop) -> None:
        """End it if it is late, and listen to its client, since it lasts."""
        if self.ends_at <= loop.time():
            self._cancel(DeadlineExceeded())
        elif self._receive is not None and self._disconnect_listener is None:
            self._disconnect_listener = loop.create_task(self._wait_for_disconnect(self._receive))

    async def _wait_for_disconnect(self, receive: Receive) -> None:
        # What a GET has for a body comes first.
        while (await receive())["type"] != "http.disconnect":
            pass
        self._cancel(ClientDisconnected())

    def _cancel(self, reason: GatewayError) -> None:
        """Cancel whoever runs the block, once."""
        if self._reason is None and self._task is not None:
            self._reason = reason
            self._task.cancel()
