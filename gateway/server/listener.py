"""The listening socket: accepts connections, and pauses while the process has no file descriptors left."""

import asyncio
import errno
import socket
from collections.abc import Callable

import structlog

from gateway.domain.enums import ErrorCode
from gateway.errors import refusal

log = structlog.get_logger(__name__)

_BACKLOG = 2048
"""Connections that the operating system queues until the server accepts them."""

_BATCH_SIZE = 64
"""Connections that are accepted before other events are handled."""

_PAUSE_SECONDS = 0.1
"""Time without accepting after the process ran out of descriptors."""

_LOG_SECONDS = 1.0
"""Shortest time between two log lines about that."""

_ABORTED = (errno.ECONNABORTED, errno.EPROTO, errno.EINTR)
"""Errors of one connection that ended before it was accepted."""


class Listener:
    """Accepts connections on a listening socket.

    asyncio's own server logs an error for each of 2,048 attempts if no descriptor is left, and uvloop's resets the
    connections. This one leaves them in the queue of the operating system for a while, and logs a line a second.
    """

    def __init__(self, listening: socket.socket, create_protocol: Callable[[], asyncio.Protocol]) -> None:
        self._socket, self._create_protocol = listening, create_protocol
        self._pause: asyncio.TimerHandle | None = None
        self._next_log = 0.0
        self._tasks: set[asyncio.Task[object]] = set()

    def start(self) -> None:
        """Accept connections from now on."""
        self._pause = None
        self._socket.setblocking(False)
        asyncio.get_running_loop().add_reader(self._socket, self._accept_batch)

    async def close(self) -> None:
        """Accept the connections that the operating system has queued, and close the socket."""
        if self._pause is not None:
            self._pause.cancel()
        asyncio.get_running_loop().remove_reader(self._socket)
        try:
            # The number is limited, because clients may connect faster than this ends.
            for _ in range(_BACKLOG):
                if not self._accept():
                    break
        except OSError as error:
            log.warning("serve.connections_lost", reason=error.strerror)
        self._socket.close()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _accept_batch(self) -> None:
        try:
            for _ in range(_BATCH_SIZE):
                if not self._accept():
                    return
        except OSError as error:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._socket)
            self._pause = loop.call_later(_PAUSE_SECONDS, self.start)
            if loop.time() >= self._next_log:
                self._next_log = loop.time() + _LOG_SECONDS
                remedy = "raise the limit of open files, such as LimitNOFILE of systemd"
                log.warning("serve.accept_paused", reason=error.strerror, remedy=remedy)

    def _accept(self) -> bool:
        """Accept one connection. Return whether there may be more."""
        try:
            connection, _ = self._socket.accept()
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno in _ABORTED:
                return True
            raise
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        task: asyncio.Task[object] = loop.create_task(
            loop.connect_accepted_socket(self._create_protocol, connection)
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Raises Refused if the address is not available."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]
        raise refusal(
            ErrorCode.CONFLICT,
            f"Cannot listen on {host}, port {port}: {reason}. Choose others with --host and --port.",
        ) from None


def get_url(listener: socket.socket) -> str:
    """Return the URL of the server for clients on this machine, such as `http://127.0.0.1:8000`."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (it is compared, not bound)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
