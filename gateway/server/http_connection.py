"""A client's connection: it waits no longer than is set, and answers in JSON also to what is no HTTP."""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from gateway.settings import Settings, get_variable_name
from gateway.telemetry import Reporting
from gateway.web import (
    CLOSE_CONNECTION,
    GraphQLErrorCode,
    HTTPRefusal,
    MediaType,
    build_refusal_response,
    with_request_id,
)


class HttpConnection(HttpToolsProtocol):
    """Uvicorn's connection with an end to waiting: for headers, and for a client to take its answer.

    A request that comes whole, and whose answer is taken at once, needs no timer.
    """

    settings: ClassVar[Settings]
    reporting: ClassVar[Reporting]

    # Until the first request there are none, though uvicorn does not say so.
    scope: object | None  # type: ignore[assignment]
    cycle: RequestResponseCycle | None  # type: ignore[assignment]

    _header_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None
    _header_bytes = 0
    """How many bytes came since headers are awaited."""
    _is_upgraded = False

    @classmethod
    def create_class(cls, settings: Settings, reporting: Reporting) -> type["HttpConnection"]:
        """Connections by these settings, observed as requests are; it is uvicorn that makes them."""
        return type(cls.__name__, (cls,), {"settings": settings, "reporting": reporting})

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._start_header_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_header_timer()
        self._stop_write_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.scope is not None and (self.cycle is None or self.cycle.scope is not self.scope):
            self._count_header_bytes(len(data))
        elif self._header_timer is not None:
            self._stop_header_timer()

    def handle_websocket_upgrade(self) -> None:
        self._is_upgraded = True
        self._stop_header_timer()
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP. `msg` is uvicorn's word for it."""
        self._refuse(
            HTTPRefusal(GraphQLErrorCode.BAD_REQUEST, f"{msg} Send HTTP/1.1.", headers=[CLOSE_CONNECTION])
        )

    def _count_header_bytes(self, size: int) -> None:
        """A request has begun whose headers are not whole."""
        if self._is_upgraded or self.transport.is_closing():
            return
        self._header_bytes += size
        most = self.settings.url_limit + self.settings.header_limit
        if self._header_bytes > most:
            message = f"The headers are larger than {most} bytes; send less, or have the operator raise "
            message += f"{get_variable_name('header_limit')}."
            self._refuse(HTTPRefusal(GraphQLErrorCode.HEADERS_TOO_LARGE, message, headers=[CLOSE_CONNECTION]))
        elif self._header_timer is None:
            self._start_header_timer()

    def _start_header_timer(self) -> None:
        self._header_timer = self.loop.call_later(self.settings.client_timeout, self._handle_header_timeout)

    def _stop_header_timer(self) -> None:
        self._header_bytes = 0
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _handle_header_timeout(self) -> None:
        self._header_timer = None
        if self._is_answering:
            # The next request is late, which was sent before this one is answered.
            self._start_header_timer()
        elif self.scope is None:
            # Nothing came at all, and nobody may be there to read why the connection ends.
            self.transport.close()
        else:
            message = (
                f"The headers did not arrive within {self.settings.client_timeout:g} seconds; send them again."
            )
            self._refuse(HTTPRefusal(GraphQLErrorCode.REQUEST_TIMEOUT, message, headers=[CLOSE_CONNECTION]))

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, refusal: HTTPRefusal) -> None:
        """Answer without a request, and end the connection; only that where another answer is under way."""
        if not self._is_answering:
            exchange = self.reporting.begin_request()
            answer = build_refusal_response(refusal, MediaType.JSON)
            status, headers, body = with_request_id(answer, exchange)
            lines = [name + b": " + value + b"\r\n" for name, value in headers]
            self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", body]))
            self.reporting.end_request(exchange)
        self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._start_write_timer()

    def resume_writing(self) -> None:
        self._stop_write_timer()
        super().resume_writing()

    def _start_write_timer(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._write_timer = self.loop.call_later(self.settings.client_timeout, self._handle_write_timeout, left)

    def _stop_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _handle_write_timeout(self, pending_bytes: int) -> None:
        """End the connection if its client took nothing since so much was left."""
        if self.transport.get_write_buffer_size() < pending_bytes:
            self._start_write_timer()
        else:
            self.transport.abort()
