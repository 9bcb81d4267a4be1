"""The HTTP server: uvicorn with the gateway's settings, connections and signals."""

import gc
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from types import FrameType

import structlog
import uvicorn
from starlette.types import ASGIApp

from gateway.assets import Assets
from gateway.domain.enums import ErrorCode
from gateway.errors import refusal
from gateway.settings import Settings
from gateway.telemetry import Reporting, write_logs_in_background

log = structlog.get_logger(__name__)

_BACKLOG = 2048
"""Connections that the operating system queues until the server accepts them."""

_GC_THRESHOLDS = (100_000, 20, 20)


class GatewayServer(uvicorn.Server):
    """Uvicorn's server, which returns after a signal; uvicorn's own raises the signal again and dies of it."""

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        """Call `on_stop` as soon as a signal tells the server to stop."""
        super().__init__(config)
        self._on_stop = on_stop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._on_stop()
        super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        signals = (signal.SIGINT, signal.SIGTERM)
        previous_handlers = [signal.signal(number, self.handle_exit) for number in signals]
        try:
            yield
        finally:
            for number, handler in zip(signals, previous_handlers, strict=True):
                signal.signal(number, handler)


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


def create_config(app: ASGIApp, settings: Settings, reporting: Reporting) -> uvicorn.Config:
    """Return uvicorn's configuration for the application."""
    # Importing the schema takes most of a second, and other commands do without it.
    from gateway.server.http_connection import HttpConnection  # noqa: PLC0415

    return uvicorn.Config(
        app,
        interface="asgi3",
        http=HttpConnection.create_class(settings, reporting),
        log_config=None,
        # Uvicorn's access log contains query strings, which contain variables.
        access_log=False,
        server_header=False,
        lifespan="on",
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=settings.shutdown_timeout,
    )


def serve(settings: Settings, listener: socket.socket, visitors_key: str | None = None) -> None:
    """Serve the gateway until SIGINT or SIGTERM, let running requests finish, and close the socket.

    If `visitors_key` is given and the socket listens on this machine only, browsers are signed in with that key.
    Raises SettingsInvalid if the application cannot be created with these settings.
    """
    from gateway.web import create_app  # noqa: PLC0415 (as in `create_config`)

    assets = Assets()
    with listener:
        is_private = ip_address(listener.getsockname()[0]).is_loopback
        app = create_app(settings, visitors_key if is_private else None)
        reduce_collections()
        server = GatewayServer(create_config(app, settings, app.state.reporting), app.state.health.stop)
        with write_logs_in_background():
            for pin in assets.find_missing():
                log.warning(
                    "assets.missing", package=pin.spec, reason=assets.failure_reason, remedy="gateway assets"
                )
            log.info("serve.listening", url=f"{get_url(listener)}/graphql", database=settings.database_address)
            server.run([listener])
            log.info("serve.stopped")


def reduce_collections() -> None:
    """Let the garbage collector run rarely, and ignore all objects that exist now.

    The schema has so many objects that each full collection is slow. Requests and imports leave almost no
    reference cycles; with Python's defaults, the collector took a fifth of the time of an import.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
