"""Build responses in JSON, with the statuses and media types of GraphQL over HTTP, and send them."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from graphql import GraphQLError, GraphQLFormattedError
from starlette.types import Message, Scope, Send
from strawberry.types.execution import ExecutionResult

from gateway.errors import LimitExceeded
from gateway.execution import encode_json
from gateway.settings import Settings, get_variable_name
from gateway.telemetry import RequestRecord, current_request
from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.negotiation import MediaType
from gateway.web.refusals import Header, HTTPRefusal

_PART_SIZE = 2**18
"""Bytes of a body that are sent at once."""

_SENDING_TIMEOUT = 60.0
"""Seconds for a client to read a body of several parts."""

_OK = 200
_NOT_MODIFIED = 304

_CONTENT_TYPES = {
    media_type: (b"content-type", f"{media_type.value}; charset=utf-8".encode()) for media_type in MediaType
}
_VARY: Header = (b"vary", b"Accept, Authorization, Cookie, GraphQL-Cost, Origin, X-Auth-Token, X-User-Id")
NO_STORE: Header = (b"cache-control", b"no-store")
_PRIVATE_NO_CACHE: Header = (b"cache-control", b"private, no-cache")
"""Browsers may cache the response, and revalidate it before each use; proxies may not cache it."""


class HTTPResponse(NamedTuple):
    """A complete response."""

    status: int
    headers: list[Header]
    body: bytes
    after_sending: Callable[[], None] | None = None
    """Called when the response is sent, or cannot be."""
    send_stream: Callable[[Message, Send], Awaitable[None]] | None = None
    """Sends the response from its first message on, with another body."""


async def send_response(response: HTTPResponse, scope: Scope, send: Send) -> None:
    """Send a response as ASGI messages; without its body if the method is HEAD."""
    status, headers, body, after_sending, send_stream = response
    start: Message = {"type": "http.response.start", "status": status, "headers": headers}
    if send_stream is not None:
        await send_stream(start, send)
        return
    try:
        await send(start)
        if len(body) <= _PART_SIZE or scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
        else:
            await _send_parts(body, send)
    finally:
        if after_sending is not None:
            after_sending()


async def _send_parts(body: bytes, send: Send) -> None:
    """Send a body part by part, so that the server buffers no more than one for a client that reads slowly.

    Give up after `_SENDING_TIMEOUT`; the server then closes the connection.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_SENDING_TIMEOUT):
            for start in range(0, len(body), _PART_SIZE):
                end = start + _PART_SIZE
                await send({"type": "http.response.body", "body": body[start:end], "more_body": end < len(body)})


class ErrorLimits:
    """Limits the number of errors in a response and the length of their messages."""

    def __init__(self, settings: Settings) -> None:
        self._max_count = settings.error_limit
        self._max_length = settings.error_length_limit

    def format_errors(self, errors: Sequence[GraphQLError]) -> list[GraphQLFormattedError]:
        """Return the errors as JSON. If there are too many, the last entry gives the number of those left out."""
        shown = errors if len(errors) <= self._max_count else errors[: self._max_count - 1]
        formatted = [self._shorten(error.formatted) for error in shown]
        if len(shown) < len(errors):
            formatted.append(self._build_omission(len(errors), len(shown)))
        return formatted

    def _shorten(self, error: GraphQLFormattedError) -> GraphQLFormattedError:
        if len(error["message"]) > self._max_length:
            error["message"] = error["message"][: self._max_length - 1] + "…"
        return error

    def _build_omission(self, errors: int, shown: int) -> GraphQLFormattedError:
        message = (
            f"{errors - shown} more errors are left out; at most {self._max_count} entries are allowed. "
            f"Correct these first, or have the operator raise {get_variable_name('error_limit')}."
        )
        exceeded = LimitExceeded(message, "errors", self._max_count, errors)
        return {"message": message, "extensions": {"code": exceeded.code, **exceeded.details}}


def build_graphql_response(
    result: ExecutionResult, media_type: MediaType, error_limits: ErrorLimits
) -> HTTPResponse:
    """Return the response of an executed operation, or of one that could not be executed."""
    errors = result.errors
    if not errors:
        content: dict[str, object] = {"data": result.data}
        status = _OK
    else:
        formatted = _record_errors(error_limits.format_errors(errors))
        if result.data is None and errors[0].path is None:
            # Without execution there is no `data`, not even null.
            content = {"errors": formatted}
            status = _get_status(_get_code(formatted[0]), media_type)
        else:
            content = {"data": result.data, "errors": formatted}
            status = _OK
    if result.extensions:
        content["extensions"] = result.extensions
    return _build_response(status, media_type, content)


def build_refusal_response(refusal: HTTPRefusal, media_type: MediaType) -> HTTPResponse:
    """Return the response to a refused request, and add its errors to the request's record."""
    status = refusal.status or _get_status(refusal.code, media_type)
    extensions = {"code": refusal.code.name, **refusal.extensions}
    errors = _record_errors([{"message": message, "extensions": extensions} for message in refusal.messages])
    current_request.get().rejection_reason = refusal.rejection_reason
    response = _build_response(status, media_type, {"errors": errors})
    response.headers.extend(refusal.headers)
    return response


def build_json_response(status: int, content: dict[str, object], *headers: Header) -> HTTPResponse:
    """Return a response that is not one of GraphQL."""
    response = _build_response(status, MediaType.JSON, content)
    response.headers.extend(headers)
    return response


def with_request_id(response: HTTPResponse, record: RequestRecord) -> HTTPResponse:
    """Return the response with `X-Request-Id`, and add its status and size to the request's record."""
    response.headers.append((b"x-request-id", record.id.encode()))
    record.status, record.response_bytes = response.status, len(response.body)
    return response


def with_etag(response: HTTPResponse, if_none_match: bytes | None) -> HTTPResponse:
    """Return the response to a GET with an `ETag`, or 304 if `If-None-Match` contains that tag."""
    digest = hashlib.sha256(response.headers[0][1] + response.body).hexdigest()
    tag = f'"{digest[:32]}"'.encode()
    headers = [(b"etag", tag), _PRIVATE_NO_CACHE, _VARY]
    if if_none_match is not None and (if_none_match.strip() == b"*" or tag in if_none_match):
        return HTTPResponse(_NOT_MODIFIED, headers, b"")
    return HTTPResponse(response.status, [response.headers[0], *headers, response.headers[-1]], response.body)


def _build_response(status: int, media_type: MediaType, content: dict[str, object]) -> HTTPResponse:
    body = encode_json(content)
    headers = [_CONTENT_TYPES[media_type], NO_STORE, _VARY, (b"content-length", b"%d" % len(body))]
    return HTTPResponse(status, headers, body)


def _record_errors(errors: Sequence[GraphQLFormattedError]) -> list[GraphQLFormattedError]:
    """Return the errors with the request's id in each, and add their codes to the request's record."""
    record = current_request.get()
    record.error_codes = tuple(_get_code(error).name for error in errors)
    return [{**error, "extensions": {**error.get("extensions", {}), "requestId": record.id}} for error in errors]


def _get_code(error: GraphQLFormattedError) -> GraphQLErrorCode:
    name = error.get("extensions", {}).get("code")
    return GraphQLErrorCode.__members__.get(str(name), GraphQLErrorCode.BAD_USER_INPUT)


def _get_status(code: GraphQLErrorCode, media_type: MediaType) -> int:
    """Return the status of an answer without data, as GraphQL over HTTP defines it for each media type."""
    is_always_ok = media_type is MediaType.JSON and code.value.is_graphql
    return _OK if is_always_ok else code.value.status
