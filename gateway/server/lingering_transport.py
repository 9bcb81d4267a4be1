"""The transport of a connection, with a lingering close and a timeout for clients that take too little."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

_LINGER_SECONDS = 2.0
"""Longest time for which a lingering close discards what the client sends."""

_LINGER_BYTES = 16 * 2**20
"""Most bytes that a lingering close discards."""

_MIN_BYTES_PER_SECOND = 1024
"""Slowest rate at which a client may take a response that waits."""


class LingeringTransport(asyncio.Transport):
    """Closes the connection without losing the last response.

    The operating system resets a connection that is closed while unread bytes wait, and the client may then lose a
    response that it has not read yet. A lingering close ends the own direction, discards what still arrives within
    limits of bytes and time, and closes then.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        write_timeout: float,
        has_unread_request: Callable[[], bool],
    ) -> None:
        """Linger at the close if `has_unread_request`. Abort if the client takes too little in `write_timeout`."""
        super().__init__()
        self._transport, self._loop, self._write_timeout = transport, loop, write_timeout
        self._has_unread_request = has_unread_request
        self.is_discarding = False
        """Whether everything that arrives is discarded from now on."""
        self._is_lingering = False
        self._is_paused = False
        self._discarded_bytes = 0
        self._linger_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self.write = transport.write  # type: ignore[method-assign]  # each response calls it twice
        self.get_extra_info = transport.get_extra_info  # type: ignore[method-assign]

    def is_closing(self) -> bool:
        return self._is_lingering or self._transport.is_closing()

    def pause_reading(self) -> None:
        if not self._is_lingering:
            self._is_paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()

    def get_write_buffer_size(self) -> int:
        return self._transport.get_write_buffer_size()

    def close(self) -> None:
        """Close after everything was written; linger if the request was not read to its end."""
        if self.is_closing():
            return
        if not (self.is_discarding or self._has_unread_request()):
            self.close_without_lingering()
            return
        self.is_discarding = self._is_lingering = True
        self.resume_reading()
        with suppress(OSError):  # The client may be gone.
            self._transport.write_eof()
        self._linger_timer = self._loop.call_later(_LINGER_SECONDS, self.close_without_lingering)

    def close_without_lingering(self) -> None:
        """Close after everything was written, and ignore what the client still sends."""
        self._transport.close()
        if self.get_write_buffer_size():
            self.start_write_timer()

    def abort(self) -> None:
        self._transport.abort()

    def discard(self, size: int) -> None:
        """Discard bytes that arrived. Close the connection if they are too many."""
        self._discarded_bytes += size
        if self._discarded_bytes > _LINGER_BYTES:
            self._transport.abort()

    def start_write_timer(self) -> None:
        """Abort after the timeout unless the client takes enough of what waits to be written."""
        self._cancel_write_timer()
        pending_bytes = self.get_write_buffer_size()
        self._write_timer = self._loop.call_later(self._write_timeout, self._handle_write_timeout, pending_bytes)

    def stop_write_timer(self) -> None:
        """Stop the timer, because little waits to be written. A connection that closes must still write that."""
        self._cancel_write_timer()
        if self._transport.is_closing() and self.get_write_buffer_size():
            self.start_write_timer()

    def _cancel_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def detach(self) -> None:
        """Stop all timers and forget the protocol, because the connection is lost.

        Without the reference cycle, the memory of the connection is free before the garbage collector runs.
        """
        self._cancel_write_timer()
        if self._linger_timer is not None:
            self._linger_timer.cancel()
        self._has_unread_request = lambda: False

    def _handle_write_timeout(self, pending_bytes: int) -> None:
        taken_bytes = pending_bytes - self.get_write_buffer_size()
        if taken_bytes >= _MIN_BYTES_PER_SECOND * self._write_timeout:
            self.start_write_timer()
        else:
            self._transport.abort()
