"""The HTTP server: uvicorn, told what is wanted of it."""

import gc
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from types import FrameType

import structlog
import uvicorn

from gateway.assets import Assets
from gateway.domain.enums import ErrorCode
from gateway.errors import refusal
from gateway.settings import Settings
from gateway.telemetry import write_logs_in_background

log = structlog.get_logger(__name__)

_BACKLOG = 2048
"""Connections that may wait to be accepted."""

_GC_THRESHOLDS = (100_000, 20, 20)


class GatewayServer(uvicorn.Server):
    """Uvicorn's server, for which being told to stop is no failure: its own dies of the signal once it is done."""

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        """`stopping` is called as soon as the server is told to stop."""
        super().__init__(config)
        self._on_stop = on_stop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal, see uvicorn."""
        self._on_stop()
        super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        stopping = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, self.handle_exit) for number in stopping]
        try:
            yield
        finally:
            for number, handler in zip(stopping, before, strict=True):
                signal.signal(number, handler)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises Refused when it cannot be had."""
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
    """Where a client on this machine finds the server, such as `http://127.0.0.1:8000`."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (it is compared, not bound)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(settings: Settings, listener: socket.socket, visitors_key: str | None = None) -> None:
    """Serve the gateway until SIGINT or SIGTERM, then let the requests that are under way finish.

    Browsers on this machine are signed in with the `visitors_key`, if there is one and no other machine is
    listened to. Closes the socket. Raises SettingsInvalid.
    """
    # The graph takes a while; other commands do without.
    from gateway.server.http_connection import HttpConnection  # noqa: PLC0415
    from gateway.server.proxy_headers import ForwardedHeadersMiddleware  # noqa: PLC0415
    from gateway.web import create_app  # noqa: PLC0415

    assets = Assets()
    with listener:
        is_private = ip_address(listener.getsockname()[0]).is_loopback
        app = create_app(settings, visitors_key if is_private else None)
        reduce_collections()
        server = GatewayServer(
            uvicorn.Config(
                ForwardedHeadersMiddleware(app, settings.trusted_proxies),
                interface="asgi3",
                http=HttpConnection.create_class(settings, app.state.reporting),
                log_config=None,
                # It would write down query strings, which hold variables.
                access_log=False,
                server_header=False,
                lifespan="on",
                proxy_headers=False,
                timeout_graceful_shutdown=settings.shutdown_timeout,
            ),
            app.state.health.stop,
        )
        with write_logs_in_background():
            for pin in assets.find_missing():
                log.warning(
                    "assets.missing", package=pin.spec, reason=assets.failure_reason, remedy="gateway assets"
                )
            log.info("serve.listening", url=f"{get_url(listener)}/graphql", database=settings.database_address)
            server.run([listener])
            log.info("serve.stopped")


def reduce_collections() -> None:
    """Have it look seldom, and never at what is there by now.

    The schema alone makes each look expensive. What an answer or a batch is made of is gone when that is done: to
    look for cycles in it time and again finds none, and took a fifth of the time of an import.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
