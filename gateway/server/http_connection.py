"""The connection of a client: uvicorn's HTTP protocol with timeouts for headers and writes, and JSON refusals."""

import asyncio
from http import HTTPStatus
from typing import ClassVar

from gateway.server._private import HttpToolsProtocol, RequestResponseCycle
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
    """Closes the connection if headers arrive too slowly, or if the client takes its response too slowly.

    A request that arrives in one piece and whose response is taken at once needs no timer.
    """

    settings: ClassVar[Settings]
    reporting: ClassVar[Reporting]

    # Both are None before the first request; uvicorn's annotations omit that.
    scope: object | None  # type: ignore[assignment]
    cycle: RequestResponseCycle | None  # type: ignore[assignment]

    _header_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None
    _header_bytes = 0
    """Bytes of the current headers that have arrived."""
    _is_upgraded = False

    @classmethod
    def create_class(cls, settings: Settings, reporting: Reporting) -> type["HttpConnection"]:
        """Return a subclass with these settings; uvicorn creates the instances itself."""
        return type(cls.__name__, (cls,), {"settings": settings, "reporting": reporting})

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's signature
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
        """Refuse bytes that are not HTTP. `msg` is uvicorn's reason."""
        self._refuse(
            HTTPRefusal(GraphQLErrorCode.BAD_REQUEST, f"{msg} Send HTTP/1.1.", headers=[CLOSE_CONNECTION])
        )

    def _count_header_bytes(self, size: int) -> None:
        """Count bytes of a request whose headers are incomplete, and refuse it if they are too many."""
        if self._is_upgraded or self.transport.is_closing():
            return
        self._header_bytes += size
        limit = self.settings.url_limit + self.settings.header_limit
        if self._header_bytes > limit:
            message = f"The headers are larger than {limit} bytes; send less, or have the operator raise "
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
        if self._is_responding:
            # The headers belong to a pipelined request, which may arrive while the previous one is answered.
            self._start_header_timer()
        elif self.scope is None:
            # The client sent nothing, so it expects no response either.
            self.transport.close()
        else:
            message = (
                f"The headers did not arrive within {self.settings.client_timeout:g} seconds; send them again."
            )
            self._refuse(HTTPRefusal(GraphQLErrorCode.REQUEST_TIMEOUT, message, headers=[CLOSE_CONNECTION]))

    @property
    def _is_responding(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, refusal: HTTPRefusal) -> None:
        """Send a refusal and close the connection; only close it if another response is being sent."""
        if not self._is_responding:
            record = self.reporting.begin_request()
            response = with_request_id(build_refusal_response(refusal, MediaType.JSON), record)
            status = HTTPStatus(response.status)
            lines = [b"HTTP/1.1 %d %s" % (status, status.phrase.encode()), *map(b": ".join, response.headers)]
            self.transport.write(b"\r\n".join([*lines, b"", response.body]))
            self.reporting.end_request(record)
        self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._start_write_timer()

    def resume_writing(self) -> None:
        self._stop_write_timer()
        super().resume_writing()

    def _start_write_timer(self) -> None:
        pending_bytes = self.transport.get_write_buffer_size()
        self._write_timer = self.loop.call_later(
            self.settings.client_timeout, self._handle_write_timeout, pending_bytes
        )

    def _stop_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _handle_write_timeout(self, pending_bytes: int) -> None:
        """Close the connection if the client has taken nothing since `pending_bytes` were pending."""
        if self.transport.get_write_buffer_size() < pending_bytes:
            self._start_write_timer()
        else:
            self.transport.abort()
