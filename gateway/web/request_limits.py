"""Taking a request in, no more of it and for no longer than is allowed."""

from collections.abc import Iterable, Mapping

from starlette.types import Receive, Scope

from gateway.settings import Settings, get_variable_name
from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.negotiation import is_json
from gateway.web.refusals import CLOSE_CONNECTION, Header, HTTPRefusal
from gateway.web.timeouts import ClientDisconnected, DeadlineExceeded, Deadlines

_MAX_HEADERS = 100
_MAX_SHOWN_LENGTH = 100
_MAX_LENGTH_DIGITS = 18
"""Of a length, as many as need no care."""
_SINGLE_HEADERS = (b"authorization", b"content-length", b"content-type", b"x-auth-token", b"x-user-id")
"""Headers that would mean two things if they came twice. All others are lists."""


class RequestReader:
    """Reads headers and bodies within the limits that are set. Raises Refusal beyond them."""

    def __init__(self, settings: Settings, deadlines: Deadlines) -> None:
        self._max_url = settings.url_limit
        self._max_headers = settings.header_limit
        self._max_body = settings.body_limit
        self._timeout = settings.body_timeout
        self._deadlines = deadlines

    def read_headers(self, scope: Scope) -> Mapping[bytes, bytes]:
        """The headers by their names in lower case; what came in several is joined by commas."""
        if len(scope["query_string"]) + len(scope["path"]) > self._max_url:
            raise _limit_exceeded(
                GraphQLErrorCode.URL_TOO_LONG, f"The URL is longer than {self._max_url} bytes", "url_limit"
            )
        sent = scope["headers"]
        found = dict(sent)
        if len(found) != len(sent):
            found = _join_headers(sent)
        size = sum(map(len, found)) + sum(map(len, found.values()))
        if len(sent) > _MAX_HEADERS or size > self._max_headers:
            message = f"There are more than {_MAX_HEADERS} headers, or more than {self._max_headers} bytes of them"
            raise _limit_exceeded(GraphQLErrorCode.HEADERS_TOO_LARGE, message, "header_limit")
        return found

    async def read_body(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        """The body, which must be JSON by its headers. Raises ClientGone when the client does not finish it."""
        content_type = headers.get(b"content-type")
        if content_type is None or not is_json(content_type):
            content_type_fact = (
                "missing" if content_type is None else f"`{content_type[:_MAX_SHOWN_LENGTH].decode('latin-1')}`"
            )
            message = f"Content-Type is {content_type_fact}; send `application/json`, in UTF-8."
            raise HTTPRefusal(GraphQLErrorCode.UNSUPPORTED_MEDIA_TYPE, message)
        if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
            raise HTTPRefusal(GraphQLErrorCode.UNSUPPORTED_MEDIA_TYPE, "The body is compressed; send it as it is.")
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
    found: dict[bytes, bytes] = {}
    for name, value in sent:
        if name in found and name in _SINGLE_HEADERS:
            raise HTTPRefusal(
                GraphQLErrorCode.BAD_REQUEST, f"The header `{name.decode()}` came twice; send it once."
            )
        found[name] = found[name] + b", " + value if name in found else value
    return found


def _limit_exceeded(code: GraphQLErrorCode, excess: str, setting: str) -> HTTPRefusal:
    """Nothing more is read from a connection that brings so much."""
    message = f"{excess}; send less, or have the operator raise {get_variable_name(setting)}."
    return HTTPRefusal(code, message, headers=[CLOSE_CONNECTION])
