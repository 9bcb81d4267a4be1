"""How an answer leaves: in one piece, where the server takes it so."""

from collections.abc import Mapping
from typing import Any

from starlette.types import Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from gateway.web.refusals import CLOSE_CONNECTION
from gateway.web.responses import WholeResponse

WHOLE_RESPONSE = "gateway.answer"
"""The message that brings an answer whole, and the extension of ASGI by which a server says that it takes it."""

_EXTENSIONS: Mapping[str, Mapping[str, object]] = {WHOLE_RESPONSE: {}}

_CR, _LF, _NUL = b"\r\n\0"
"""What no header may hold (RFC 9110, section 5.5)."""


async def send_response(response: WholeResponse, scope: Scope, send: Send) -> None:
    """Send all of an answer; of the body nothing to a HEAD."""
    status, headers, body = response
    if scope["method"] == "HEAD":
        body = b""
    if WHOLE_RESPONSE in scope.get("extensions", ()):
        await send({"type": WHOLE_RESPONSE, "status": status, "headers": headers, "body": body})
    else:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class WholeResponseCycle(RequestResponseCycle):
    """Uvicorn's way from a request to its answer, with a shorter end for an answer that comes whole.

    Uvicorn looks at the name and the value of each header for what it has to know of any application's. Those of
    answers are ours: their names are in small letters, and they tell how long the body is, if there is one.
    """

    @staticmethod
    def install(cycle: RequestResponseCycle) -> None:
        """Make one of these of a cycle that uvicorn has made, and begins with the loop's next turn."""
        cycle.__class__ = WholeResponseCycle
        cycle.scope["extensions"] = _EXTENSIONS  # type: ignore[typeddict-item]  # uvicorn knows two by name

    async def send(self, message: Any) -> None:  # noqa: ANN401 (uvicorn's type knows no extensions)
        if message["type"] != WHOLE_RESPONSE:
            await super().send(message)
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if not self.disconnected:
            self.transport.writelines([self._build_head(message["status"], message["headers"]), message["body"]])
            self._finish()

    def _build_head(self, status: int, response_headers: list[tuple[bytes, bytes]]) -> bytes:
        """Status and headers as they are sent. Raises RuntimeError, as uvicorn does, for what is no header."""
        headers = [*self.default_headers, *response_headers]
        if CLOSE_CONNECTION in headers:
            self.keep_alive = False
        elif not self.keep_alive:
            headers.append(CLOSE_CONNECTION)
        lines = [b": ".join(header) for header in headers]
        inside = b"".join(lines)
        if _CR in inside or _LF in inside or _NUL in inside:
            raise RuntimeError("Invalid HTTP header.")
        return STATUS_LINE[status] + b"\r\n".join([*lines, b"", b""])

    def _finish(self) -> None:
        """What uvicorn does once all was written."""
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
