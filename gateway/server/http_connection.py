"""The connection of a client: uvicorn's HTTP protocol with limits of time and size, and JSON refusals."""

import asyncio
from http import HTTPStatus
from operator import itemgetter
from typing import ClassVar

import httptools

from gateway.server import refusals
from gateway.server._private import ASGI3Application, HttpToolsProtocol, RequestResponseCycle
from gateway.server.lingering_transport import LingeringTransport
from gateway.settings import Settings
from gateway.telemetry import Reporting
from gateway.web import HTTPRefusal, MediaType, build_refusal_response, with_request_id

_MAX_PIPELINED_REQUESTS = 32
"""Requests of a connection that wait while an earlier one is answered."""

_MAX_LINGERING_REFUSALS = 64
"""Connections above the limit that are closed only after the client has had time to read the refusal."""

_CHUNK_BYTES = 512
"""Bytes that each chunk counts in addition to its own: parsing many small ones takes long."""

_GRACE_SECONDS = 1.0
"""Time for a client that connected just before the server stops to send its request."""


class HttpConnection(HttpToolsProtocol):
    """Limits the bytes and the time of each part of a request, and refuses invalid ones in JSON.

    Uvicorn appends trailers to the headers, reads a request without end after its response, and limits neither
    trailers nor pipelined requests. Its parser copies an incomplete header or trailer with each segment. A request
    that arrives in one segment and whose response is taken at once needs no timer here.
    """

    settings: ClassVar[Settings]
    reporting: ClassVar[Reporting]
    is_stopping: ClassVar[bool] = False
    """Whether each connection closes after its next response."""

    # None before the first request; uvicorn's annotation omits that.
    cycle: RequestResponseCycle | None  # type: ignore[assignment]
    transport: LingeringTransport

    _running_cycle: RequestResponseCycle | None = None
    """The request that is being answered; `cycle` is the last one that has arrived."""
    _header_timer: asyncio.TimerHandle | None = None
    _is_in_headers = False
    _is_in_body = False
    """Whether the headers of a request have arrived, but not its end."""
    _has_progressed = False
    """Whether the current segment completed headers or contained a part of a body."""
    _pending_bytes = 0
    """Bytes that arrived without progress: of incomplete headers, chunk lines or trailers."""
    _body_bytes = 0
    """Bytes that arrived since the headers, with chunk lines and trailers, and an amount for each chunk."""
    _keeps_alive = True
    """Whether the connection stays open after the response if the request is read to its end."""
    _transfer_codings = b""

    @classmethod
    def create_class(cls, settings: Settings, reporting: Reporting) -> type["HttpConnection"]:
        """Return a subclass with these settings; uvicorn creates the instances itself."""
        return type(cls.__name__, (cls,), {"settings": settings, "reporting": reporting})

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's signature
        timeout = self.settings.client_timeout
        super().connection_made(LingeringTransport(transport, self.loop, timeout, self._has_unread_request))
        excess = len(self.connections) - self.settings.connection_limit
        if excess <= 0 or self._close_longest_idle_connection():
            self._start_header_timer(timeout)
            return
        self._send_refusal(refusals.too_many_connections(self.settings), lingers=excess <= _MAX_LINGERING_REFUSALS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_header_timer()
        super().connection_lost(exc)
        self.transport.detach()
        if self._running_cycle is not None and self._running_cycle is not self.cycle:
            # Uvicorn tells only the last of the pipelined requests that the client is gone.
            self._running_cycle.disconnected = True
            self._running_cycle.message_event.set()
        self.cycle = self._running_cycle = None
        self.pipeline.clear()

    def shutdown(self) -> None:
        """Close the connection as soon as it owes no response. A request that has begun to arrive is answered."""
        if self.cycle is not None and self._is_responding:
            self._keeps_alive = self.cycle.keep_alive = False
        elif self.cycle is None and not self._is_in_headers:
            self._stop_header_timer()
            self._start_header_timer(_GRACE_SECONDS)
        elif not self._is_in_headers:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_discarding:
            self.transport.discard(len(data))
            return
        self._has_progressed = False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._ignore_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._refuse(refusals.from_parser_error(error))
        else:
            if self._is_in_headers or self._is_in_body:
                self._limit_incomplete_request(len(data))

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= _MAX_PIPELINED_REQUESTS:
            raise refusals.too_many_pipelined()
        super().on_message_begin()
        self._unset_keepalive_if_required()
        self._is_in_headers, self._pending_bytes, self._transfer_codings = True, 0, b""

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header. A trailer is ignored: it must not authenticate a request, for example."""
        if self._is_in_body:
            return
        name = name.lower()
        if name == b"transfer-encoding":
            self._transfer_codings += value.lower() + b","
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            return  # `_ignore_upgrade` parses the headers again.
        if self._transfer_codings:
            self._check_transfer_codings()
        super().on_headers_complete()
        assert self.cycle is not None  # noqa: S101 (for mypy)
        self._stop_header_timer()
        # A response that comes before the end of its request closes the connection.
        self._keeps_alive, self.cycle.keep_alive = self.cycle.keep_alive and not self.is_stopping, False
        self._is_in_headers, self._is_in_body, self._has_progressed, self._body_bytes = False, True, True, 0

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running_cycle = cycle
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        self._has_progressed = True
        super().on_body(body)

    def on_chunk_header(self) -> None:
        self._body_bytes += _CHUNK_BYTES
        if self._body_bytes > refusals.get_max_message_bytes(self.settings):
            raise refusals.chunks_too_large(self.settings)

    def on_message_complete(self) -> None:
        if self.cycle is None or not self._is_in_body:
            return
        self._is_in_body = False
        if not self.cycle.response_started:
            self.cycle.keep_alive = self._keeps_alive
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_in_headers:
            # The header timer limits a pipelined request that has begun to arrive.
            self._unset_keepalive_if_required()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.transport.start_write_timer()

    def resume_writing(self) -> None:
        self.transport.stop_write_timer()
        super().resume_writing()

    def _close_longest_idle_connection(self) -> bool:
        """Close the connection that has waited longest for its next request, and return whether there was one."""
        idle = [
            (connection.timeout_keep_alive_task.when(), connection.transport)
            for connection in self.connections
            if isinstance(connection, HttpConnection)
            and connection.timeout_keep_alive_task is not None
            and not connection.transport.is_closing()
        ]
        if not idle:
            return False
        _, transport = min(idle, key=itemgetter(0))
        transport.close()
        return True

    def _has_unread_request(self) -> bool:
        return self._is_in_headers or self._is_in_body

    @property
    def _is_responding(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _check_transfer_codings(self) -> None:
        """Refuse other codings than `chunked` before it. The parser refuses requests that do not end with it."""
        codings = [coding.strip() for coding in self._transfer_codings.split(b",") if coding.strip()]
        if len(codings) > 1 and codings[-1] == b"chunked":
            raise refusals.unknown_transfer_coding()

    def _ignore_upgrade(self, rest: bytes) -> None:
        """Parse the request again without its header `Upgrade`; `rest` follows its headers.

        The parser takes what follows such headers for another protocol, and has no option for that.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(refusals.tunnel())
        elif (b"upgrade", b"websocket") in ((name, value.lower()) for name, value in self.headers):
            self._refuse(refusals.web_socket())
        else:
            lines = [b"%s: %s\r\n" % header for header in self.headers if header[0] != b"upgrade"]
            version = self.parser.get_http_version().encode()
            head = b"%s %s HTTP/%s\r\n%s\r\n" % (method, self.url, version, b"".join(lines))
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
            self.data_received(head + rest)

    def _limit_incomplete_request(self, size: int) -> None:
        """Count the bytes of a segment after which the request is incomplete; refuse it if they are too many."""
        if self._has_progressed:
            self._pending_bytes = 0
        else:
            self._pending_bytes += size
        if self._is_in_body:
            self._body_bytes += size
        elif self._header_timer is None:
            self._start_header_timer(self.settings.client_timeout)
        if self._pending_bytes > refusals.get_max_header_bytes(self.settings):
            self._refuse(refusals.headers_too_large(self.settings, is_in_body=self._is_in_body))
        elif self._body_bytes > refusals.get_max_message_bytes(self.settings):
            self._refuse(refusals.chunks_too_large(self.settings))

    def _start_header_timer(self, seconds: float) -> None:
        self._header_timer = self.loop.call_later(seconds, self._handle_header_timeout)

    def _stop_header_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _handle_header_timeout(self) -> None:
        self._header_timer = None
        if self._is_responding:
            # The headers belong to a pipelined request, which may arrive while the previous one is answered.
            self._start_header_timer(self.settings.client_timeout)
        elif self._is_in_headers:
            self._refuse(refusals.headers_late(self.settings))
        else:
            # The client sent nothing, so it expects no response either.
            self.transport.close()

    def _refuse(self, refusal: HTTPRefusal) -> None:
        """Send a refusal and close the connection, after the responses to earlier requests on it."""
        cycle = self.cycle
        if cycle is not None and self._is_in_body:
            if cycle.response_started or self.pipeline:
                self.transport.close()
                return
            cycle.disconnected = True
            cycle.message_event.set()
        elif cycle is not None and self._is_responding:
            cycle.keep_alive = False
            self.transport.is_discarding = True
            return
        self._send_refusal(refusal)

    def _send_refusal(self, refusal: HTTPRefusal, *, lingers: bool = True) -> None:
        record = self.reporting.begin_request()
        response = with_request_id(build_refusal_response(refusal, MediaType.JSON), record)
        status = HTTPStatus(response.status)
        lines = [b"HTTP/1.1 %d %s" % (status, status.phrase.encode()), *map(b": ".join, response.headers)]
        self.transport.write(b"\r\n".join([*lines, b"", response.body]))
        self.reporting.end_request(record)
        self.transport.is_discarding = lingers
        self.transport.close()
