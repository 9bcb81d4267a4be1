"""Taking a request in, no more of it and for no longer than is allowed."""

from collections.abc import Iterable, Mapping

from starlette.types import Receive, Scope

from gateway.settings import Settings, variable
from gateway.web.error_codes import Code
from gateway.web.negotiation import is_json
from gateway.web.refusals import CLOSE, Header, Refusal
from gateway.web.timeouts import ClientGone, OutOfTime, Watch

_MAX_HEADERS = 100
_SHOWN = 100
_DIGITS = 18
"""Of a length, as many as need no care."""
_SINGULAR = (b"authorization", b"content-length", b"content-type", b"x-auth-token", b"x-user-id")
"""Headers that would mean two things if they came twice. All others are lists."""


class Reading:
    """Reads headers and bodies within the limits that are set. Raises Refusal beyond them."""

    def __init__(self, settings: Settings, watch: Watch) -> None:
        self._max_url = settings.url_limit
        self._max_headers = settings.header_limit
        self._max_body = settings.body_limit
        self._seconds = settings.body_timeout
        self._watch = watch

    def headers(self, scope: Scope) -> Mapping[bytes, bytes]:
        """The headers by their names in lower case; what came in several is joined by commas."""
        if len(scope["query_string"]) + len(scope["path"]) > self._max_url:
            raise _too_much(Code.URL_TOO_LONG, f"The URL is longer than {self._max_url} bytes", "url_limit")
        sent = scope["headers"]
        found = dict(sent)
        if len(found) != len(sent):
            found = _joined(sent)
        size = sum(map(len, found)) + sum(map(len, found.values()))
        if len(sent) > _MAX_HEADERS or size > self._max_headers:
            message = f"There are more than {_MAX_HEADERS} headers, or more than {self._max_headers} bytes of them"
            raise _too_much(Code.HEADERS_TOO_LARGE, message, "header_limit")
        return found

    async def body(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        """The body, which must be JSON by its headers. Raises ClientGone when the client does not finish it."""
        content_type = headers.get(b"content-type")
        if content_type is None or not is_json(content_type):
            said = "missing" if content_type is None else f"`{content_type[:_SHOWN].decode('latin-1')}`"
            message = f"Content-Type is {said}; send `application/json`, in UTF-8."
            raise Refusal(Code.UNSUPPORTED_MEDIA_TYPE, message)
        if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
            raise Refusal(Code.UNSUPPORTED_MEDIA_TYPE, "The body is compressed; send it as it is.")
        announced = headers.get(b"content-length", b"")
        if announced.isdigit() and int(announced[:_DIGITS]) > self._max_body:
            raise self._too_large()
        try:
            with self._watch.over(self._seconds):
                return await self._received(receive)
        except OutOfTime:
            message = f"The body did not arrive within {self._seconds:g} seconds; send it again."
            raise Refusal(Code.REQUEST_TIMEOUT, message, headers=[CLOSE]) from None

    async def _received(self, receive: Receive) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size > self._max_body:
                raise self._too_large()
            if not message.get("more_body", False):
                return b"".join([*chunks, chunk]) if chunks else chunk
            chunks.append(chunk)

    def _too_large(self) -> Refusal:
        return _too_much(Code.CONTENT_TOO_LARGE, f"The body is larger than {self._max_body} bytes", "body_limit")


def _joined(sent: Iterable[Header]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for name, value in sent:
        if name in found and name in _SINGULAR:
            raise Refusal(Code.BAD_REQUEST, f"The header `{name.decode()}` came twice; send it once.", status=400)
        found[name] = found[name] + b", " + value if name in found else value
    return found


def _too_much(code: Code, what: str, setting: str) -> Refusal:
    """Nothing more is read from a connection that brings so much."""
    message = f"{what}; send less, or have the operator raise {variable(setting)}."
    return Refusal(code, message, headers=[CLOSE])
