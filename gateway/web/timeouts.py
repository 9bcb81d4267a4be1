"""Cancel operations that take too long, or whose clients have disconnected."""

import asyncio
from typing import Any

from msgspec import Struct
from starlette.types import Receive

from gateway.errors import DeadlineExceeded, GatewayError

_CHECK_INTERVAL = 0.05
"""Seconds between two checks of the running blocks."""


class ClientDisconnected(GatewayError):
    """The client disconnected before it was answered."""


class Deadlines:
    """Cancels blocks that exceed their timeout, and operations whose clients disconnect.

    One timer checks all blocks, and a task waits for a client's disconnect only if its operation still runs at a
    check. A quick operation thus costs one entry of a set; a timer and a task for each would cost as much as the
    rest of a small request.
    """

    def __init__(self) -> None:
        self.blocks: set[_TimedBlock] = set()
        self.timer: asyncio.TimerHandle | None = None

    def enforce(self, seconds: float, receive: Receive | None = None, *, spent: float = 0.0) -> "_TimedBlock":
        """Return a context manager that raises DeadlineExceeded in its block after `seconds`, less those `spent`.

        With `receive`, it also raises ClientDisconnected when the client disconnects. The body must be complete.
        """
        return _TimedBlock(self, seconds, receive, spent)

    def check(self, loop: asyncio.AbstractEventLoop) -> None:
        """Check all blocks, and schedule the next check while there are any."""
        self.timer = None
        for block in self.blocks:
            block.check(loop)
        if self.blocks:
            self.schedule_check(loop)

    def schedule_check(self, loop: asyncio.AbstractEventLoop) -> None:
        self.timer = loop.call_later(_CHECK_INTERVAL, self.check, loop)


class _TimedBlock(Struct, eq=False):
    """A running block."""

    _deadlines: Deadlines
    _timeout: float
    _receive: Receive | None
    _spent: float
    ends_at: float = 0.0
    _task: asyncio.Task[Any] | None = None
    _disconnect_listener: asyncio.Task[None] | None = None
    _reason: GatewayError | None = None

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(loop)
        self.ends_at = loop.time() + self._timeout - self._spent
        self._deadlines.blocks.add(self)
        if self._deadlines.timer is None:
            self._deadlines.schedule_check(loop)

    def __exit__(self, _type: type[BaseException] | None, error: BaseException | None, _traceback: object) -> None:
        self._deadlines.blocks.remove(self)
        if self._disconnect_listener is not None:
            self._disconnect_listener.cancel()
        if self._reason is not None and self._task is not None:
            is_only_cancellation = self._task.uncancel() == 0
            if is_only_cancellation and isinstance(error, asyncio.CancelledError):
                raise self._reason from None

    def check(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel the block if it exceeds its timeout; else wait for the disconnect of its client."""
        if self.ends_at <= loop.time():
            self._cancel(DeadlineExceeded(f"The request was cancelled after {self._timeout:g} seconds"))
        elif self._receive is not None and self._disconnect_listener is None:
            self._disconnect_listener = loop.create_task(self._wait_for_disconnect(self._receive))

    async def _wait_for_disconnect(self, receive: Receive) -> None:
        # The empty body of a GET arrives first.
        while (await receive())["type"] != "http.disconnect":
            pass
        self._cancel(ClientDisconnected())

    def _cancel(self, reason: GatewayError) -> None:
        """Cancel the task of the block, once."""
        if self._reason is None and self._task is not None:
            self._reason = reason
            self._task.cancel()
