"""The HTTP server: uvicorn with the gateway's settings, connections and signals."""

import asyncio
import gc
import resource
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from types import FrameType
from typing import TYPE_CHECKING

import structlog
import uvicorn
from starlette.types import ASGIApp

from gateway.assets import Assets
from gateway.server.listener import Listener, get_url
from gateway.settings import Settings, get_variable_name
from gateway.telemetry import write_logs_in_background

if TYPE_CHECKING:
    from gateway.server.http_connection import HttpConnection
    from gateway.web import Health

log = structlog.get_logger(__name__)

_GC_THRESHOLDS = (100_000, 20, 20)

_CHECK_SECONDS = 0.05
"""Time between two checks whether a stopping server is done."""

_ABORT_SECONDS = 1.0
"""Time for requests to end after their connections were aborted."""

_OTHER_DESCRIPTORS = 128
"""Descriptors that the process needs beside those of clients and of the database."""


class GatewayServer(uvicorn.Server):
    """Uvicorn's server with a drain: it serves new connections for a while after SIGTERM, but is not ready.

    A load balancer notices `/readyz` only after a while, and clients that it sends until then must be answered.
    A second signal stops the server at once. It returns after a signal; uvicorn's own raises the signal again.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        settings: Settings,
        listening: socket.socket,
        connections: "type[HttpConnection]",
        health: "Health",
    ) -> None:
        """Create connections of this class on the listening socket."""
        super().__init__(config)
        self._settings, self._connections, self._health = settings, connections, health
        self._listener = Listener(listening, self._create_connection)
        self._drain_seconds = 0.0
        self.in_flight_count = 0
        """Requests that were being answered when the port was closed."""
        self.aborted_count = 0
        """Requests among them that were cut off."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listener.start()

    def _create_connection(self) -> "HttpConnection":
        return self._connections(self.config, self.server_state, self.lifespan.state)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 (uvicorn passes it)
        self._health.stop()
        self._connections.is_stopping = True
        if self.should_exit:
            self.force_exit = True
        elif sig == signal.SIGTERM:
            # SIGINT comes from a terminal, where nobody wants to wait.
            self._drain_seconds = self._settings.drain_delay
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 (uvicorn passes it)
        await self._wait(self._drain_seconds)
        await self._listener.close()
        self.in_flight_count = len(self.server_state.tasks)
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self._wait(self._settings.shutdown_timeout, until_idle=True)
        self.aborted_count = len(self.server_state.tasks)
        await self._abort()
        await self.lifespan.shutdown()

    async def _wait(self, seconds: float, *, until_idle: bool = False) -> None:
        """Wait until this time has passed, or a second signal arrives, or nothing is connected any more."""
        loop, state = asyncio.get_running_loop(), self.server_state
        end = loop.time() + seconds
        while loop.time() < end and not self.force_exit:
            if until_idle and not (state.connections or state.tasks):
                return
            await asyncio.sleep(min(_CHECK_SECONDS, seconds))

    async def _abort(self) -> None:
        """Cut off all connections. Their requests are cancelled as if the clients had disconnected."""
        tasks = self.server_state.tasks
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        if tasks:
            await asyncio.wait(tasks, timeout=_ABORT_SECONDS)
        for task in list(tasks):
            task.cancel()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        signals = (signal.SIGINT, signal.SIGTERM)
        previous_handlers = [signal.signal(number, self.handle_exit) for number in signals]
        try:
            yield
        finally:
            for number, handler in zip(signals, previous_handlers, strict=True):
                signal.signal(number, handler)


def create_config(app: ASGIApp, settings: Settings, connections: "type[HttpConnection]") -> uvicorn.Config:
    """Return uvicorn's configuration for the application."""
    return uvicorn.Config(
        app,
        interface="asgi3",
        http=connections,
        ws="none",
        log_config=None,
        # Uvicorn's access log contains query strings, which contain variables.
        access_log=False,
        server_header=False,
        lifespan="on",
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_keep_alive=settings.keep_alive_timeout,
        timeout_graceful_shutdown=settings.shutdown_timeout,
    )


def serve(settings: Settings, listener: socket.socket, visitors_key: str | None = None) -> None:
    """Serve the gateway until SIGINT or SIGTERM, let running requests finish, and close the socket.

    If `visitors_key` is given and the socket listens on this machine only, browsers are signed in with that key.
    Raises SettingsInvalid if the application cannot be created with these settings.
    """
    # Importing the schema takes most of a second, and other commands do without it.
    from gateway.server.http_connection import HttpConnection  # noqa: PLC0415
    from gateway.web import create_app  # noqa: PLC0415

    assets = Assets()
    with listener:
        is_private = ip_address(listener.getsockname()[0]).is_loopback
        app = create_app(settings, visitors_key if is_private else None)
        reduce_collections()
        connections = HttpConnection.create_class(settings, app.state.reporting)
        config = create_config(app, settings, connections)
        server = GatewayServer(config, settings, listener, connections, app.state.health)
        with write_logs_in_background():
            _warn_of_few_descriptors(settings)
            for pin in assets.find_missing():
                log.warning(
                    "assets.missing", package=pin.spec, reason=assets.failure_reason, remedy="gateway assets"
                )
            log.info("serve.listening", url=f"{get_url(listener)}/graphql", database=settings.database_address)
            # Uvicorn gets no socket: the server listens itself.
            server.run([])
            log.info("serve.stopped", in_flight=server.in_flight_count, aborted=server.aborted_count)


def _warn_of_few_descriptors(settings: Settings) -> None:
    """Log a warning if the process may open fewer files than its connections can need."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = settings.connection_limit + 3 * settings.database_pool_size + _OTHER_DESCRIPTORS
    if limit != resource.RLIM_INFINITY and limit < needed:
        remedy = f"raise LimitNOFILE, or lower {get_variable_name('connection_limit')}"
        log.warning("serve.few_descriptors", limit=limit, needed=needed, remedy=remedy)


def reduce_collections() -> None:
    """Let the garbage collector run rarely, and ignore all objects that exist now.

    The schema has so many objects that each full collection is slow. Requests and imports leave almost no
    reference cycles; with Python's defaults, the collector took a fifth of the time of an import.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
