"""A client's connection: it waits no longer than is set, and answers in JSON also to what is no HTTP."""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from gateway.settings import Settings, variable
from gateway.telemetry.reporting import Observation
from gateway.web.cycle import Cycle
from gateway.web.error_codes import Code
from gateway.web.negotiation import MediaType
from gateway.web.refusals import CLOSE, Refusal
from gateway.web.responses import identified, refused

_UNREADABLE = 400


class Connection(HttpToolsProtocol):
    """Uvicorn's connection with an end to waiting: for headers, and for a client to take its answer.

    A request that comes whole, and whose answer is taken at once, needs no timer.
    """

    settings: ClassVar[Settings]
    observation: ClassVar[Observation]

    # Until the first request there are none, though uvicorn does not say so.
    scope: object | None  # type: ignore[assignment]
    cycle: RequestResponseCycle | None  # type: ignore[assignment]

    _late: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None
    _received = 0
    """How many bytes came since headers are awaited."""
    _is_upgraded = False

    @classmethod
    def configured(cls, settings: Settings, observation: Observation) -> type["Connection"]:
        """Connections by these settings, observed as requests are; it is uvicorn that makes them."""
        return type(cls.__name__, (cls,), {"settings": settings, "observation": observation})

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._headers_came()
        self._taken()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.scope is not None and (self.cycle is None or self.cycle.scope is not self.scope):
            self._headers_are_coming(len(data))
        elif self._late is not None:
            self._headers_came()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self.cycle is not None and self.cycle.scope is self.scope:
            Cycle.shorten(self.cycle)

    def handle_websocket_upgrade(self) -> None:
        self._is_upgraded = True
        self._headers_came()
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP. `msg` is uvicorn's word for it."""
        self._refuse(Refusal(Code.BAD_REQUEST, f"{msg} Send HTTP/1.1.", status=_UNREADABLE, headers=[CLOSE]))

    def _headers_are_coming(self, size: int) -> None:
        """A request has begun whose headers are not whole."""
        if self._is_upgraded or self.transport.is_closing():
            return
        self._received += size
        most = self.settings.url_limit + self.settings.header_limit
        if self._received > most:
            message = f"The headers are larger than {most} bytes; send less, or have the operator raise "
            message += f"{variable('header_limit')}."
            self._refuse(Refusal(Code.HEADERS_TOO_LARGE, message, headers=[CLOSE]))
        elif self._late is None:
            self._await_headers()

    def _await_headers(self) -> None:
        self._late = self.loop.call_later(self.settings.client_timeout, self._end_waiting)

    def _headers_came(self) -> None:
        self._received = 0
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _end_waiting(self) -> None:
        self._late = None
        if self._is_answering:
            # The next request is late, which was sent before this one is answered.
            self._await_headers()
        elif self.scope is None:
            # Nothing came at all, and nobody may be there to read why the connection ends.
            self.transport.close()
        else:
            message = (
                f"The headers did not arrive within {self.settings.client_timeout:g} seconds; send them again."
            )
            self._refuse(Refusal(Code.REQUEST_TIMEOUT, message, headers=[CLOSE]))

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, refusal: Refusal) -> None:
        """Answer without a request, and end the connection; only that where another answer is under way."""
        if not self._is_answering:
            exchange = self.observation.begin()
            answer = refused(refusal, MediaType.JSON, self.settings.http_profile)
            status, headers, body = identified(answer, exchange)
            lines = [name + b": " + value + b"\r\n" for name, value in headers]
            self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", body]))
            self.observation.end(exchange)
        self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_taking()

    def resume_writing(self) -> None:
        self._taken()
        super().resume_writing()

    def _await_taking(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._stuck = self.loop.call_later(self.settings.client_timeout, self._end_stuck, left)

    def _taken(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def _end_stuck(self, left: int) -> None:
        """End the connection if its client took nothing since so much was left."""
        if self.transport.get_write_buffer_size() < left:
            self._await_taking()
        else:
            self.transport.abort()
