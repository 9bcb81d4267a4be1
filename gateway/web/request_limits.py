"""Read the headers and the body of a request within limits of size and time."""

from collections.abc import Iterable, Mapping

from starlette.types import Receive, Scope

from gateway.errors import DeadlineExceeded
from gateway.settings import Settings, get_variable_name
from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.negotiation import is_json
from gateway.web.refusals import CLOSE_CONNECTION, Header, HTTPRefusal
from gateway.web.timeouts import ClientDisconnected, Deadlines

_MAX_HEADERS = 100
_MAX_SHOWN_LENGTH = 100
_MAX_LENGTH_DIGITS = 18
"""Digits of `Content-Length` that are read: `int` of very long text is slow."""
_SINGLE_HEADERS = (
    b"authorization",
    b"content-length",
    b"content-type",
    b"idempotency-key",
    b"x-auth-token",
    b"x-user-id",
)
"""Headers that a request may have once only. All others are lists."""


class RequestReader:
    """Reads headers and bodies. Raises HTTPRefusal if they exceed a limit."""

    def __init__(self, settings: Settings, deadlines: Deadlines) -> None:
        self._max_url = settings.url_limit
        self._max_headers = settings.header_limit
        self._max_body = settings.body_limit
        self._timeout = settings.body_timeout
        self._deadlines = deadlines

    def read_headers(self, scope: Scope) -> Mapping[bytes, bytes]:
        """Return the headers by their names in lower case; repeated ones are joined by commas."""
        if len(scope["query_string"]) + len(scope["path"]) > self._max_url:
            raise _limit_exceeded(
                GraphQLErrorCode.URL_TOO_LONG, f"The URL is longer than {self._max_url} bytes", "url_limit"
            )
        sent = scope["headers"]
        headers = dict(sent)
        if len(headers) != len(sent):
            headers = _join_headers(sent)
        size = sum(map(len, headers)) + sum(map(len, headers.values()))
        if len(sent) > _MAX_HEADERS or size > self._max_headers:
            message = (
                f"The request has more than {_MAX_HEADERS} headers, or more than {self._max_headers} bytes of them"
            )
            raise _limit_exceeded(GraphQLErrorCode.HEADERS_TOO_LARGE, message, "header_limit")
        return headers

    async def read_body(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        """Return the body.

        Raises HTTPRefusal if it is not JSON by its headers, too large or too slow.
        Raises ClientDisconnected if the client disconnects before the end of the body.
        """
        content_type = headers.get(b"content-type")
        if content_type is None or not is_json(content_type):
            shown = (
                "missing" if content_type is None else f"`{content_type[:_MAX_SHOWN_LENGTH].decode('latin-1')}`"
            )
            message = f"`Content-Type` is {shown}; send `application/json`, in UTF-8."
            raise HTTPRefusal(GraphQLErrorCode.UNSUPPORTED_MEDIA_TYPE, message)
        if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
            raise HTTPRefusal(
                GraphQLErrorCode.UNSUPPORTED_MEDIA_TYPE, "The body is compressed; send it uncompressed."
            )
        announced = headers.get(b"content-length", b"")
        if announced.isdigit() and int(announced[:_MAX_LENGTH_DIGITS]) > self._max_body:
            raise self._body_too_large()
        try:
            with self._deadlines.enforce(self._timeout):
                return await self._receive_body(receive)
        except DeadlineExceeded:
            message = f"The body did not arrive within {self._timeout:g} seconds; send it again."
            raise HTTPRefusal(GraphQLErrorCode.REQUEST_TIMEOUT, message, headers=[CLOSE_CONNECTION]) from None

    async def _receive_body(self, receive: Receive) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnected
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size > self._max_body:
                raise self._body_too_large()
            if not message.get("more_body", False):
                return b"".join([*chunks, chunk]) if chunks else chunk
            chunks.append(chunk)

    def _body_too_large(self) -> HTTPRefusal:
        return _limit_exceeded(
            GraphQLErrorCode.CONTENT_TOO_LARGE, f"The body is larger than {self._max_body} bytes", "body_limit"
        )


def _join_headers(sent: Iterable[Header]) -> dict[bytes, bytes]:
    joined: dict[bytes, bytes] = {}
    for name, value in sent:
        if name in joined and name in _SINGLE_HEADERS:
            raise HTTPRefusal(
                GraphQLErrorCode.BAD_REQUEST, f"The request has the header `{name.decode()}` twice; send it once."
            )
        joined[name] = joined[name] + b", " + value if name in joined else value
    return joined


def _limit_exceeded(code: GraphQLErrorCode, excess: str, setting: str) -> HTTPRefusal:
    """Return the refusal of a request that exceeds a setting. Its connection closes, as the rest is not read."""
    message = f"{excess}; send less, or have the operator raise {get_variable_name(setting)}."
    return HTTPRefusal(code, message, headers=[CLOSE_CONNECTION])
