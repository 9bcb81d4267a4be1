"""What goes back: a status, headers and JSON, as the profile of GraphQL over HTTP asks for."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from graphql import GraphQLError, GraphQLFormattedError
from starlette.types import Scope, Send
from strawberry.types.execution import ExecutionResult

from gateway.errors import LimitExceeded
from gateway.execution import encode_json
from gateway.settings import Settings, get_variable_name
from gateway.telemetry import RequestRecord, current_request
from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.negotiation import MediaType
from gateway.web.refusals import Header, HTTPRefusal

_OK = 200
_NOT_MODIFIED = 304

_CONTENT_TYPES = {
    media_type: (b"content-type", f"{media_type.value}; charset=utf-8".encode()) for media_type in MediaType
}
_VARY: Header = (b"vary", b"Accept, Authorization, Cookie, GraphQL-Cost, Origin, X-Auth-Token, X-User-Id")
NO_STORE: Header = (b"cache-control", b"no-store")
_PRIVATE_NO_CACHE: Header = (b"cache-control", b"private, no-cache")
"""The client may keep it for itself, and must ask each time whether it still holds."""


class HTTPResponse(NamedTuple):
    """A response, whole."""

    status: int
    headers: list[Header]
    body: bytes


async def send_response(response: HTTPResponse, scope: Scope, send: Send) -> None:
    """Send a response as ASGI messages; without its body if the method is HEAD."""
    status, headers, body = response
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


class ErrorLimits:
    """Keeps the list of errors of an answer within the limits that are set, and says what it leaves out."""

    def __init__(self, settings: Settings) -> None:
        self._max_count = settings.error_limit
        self._max_length = settings.error_length_limit

    def format_errors(self, errors: Sequence[GraphQLError]) -> list[GraphQLFormattedError]:
        """The errors as the client reads them; in place of the last that may be told, how many there are."""
        shown = errors if len(errors) <= self._max_count else errors[: self._max_count - 1]
        found = [self._shorten(error.formatted) for error in shown]
        if len(shown) < len(errors):
            found.append(self._build_omission(len(errors), len(shown)))
        return found

    def _shorten(self, error: GraphQLFormattedError) -> GraphQLFormattedError:
        if len(error["message"]) > self._max_length:
            error["message"] = error["message"][: self._max_length - 1] + "…"
        return error

    def _build_omission(self, errors: int, shown: int) -> GraphQLFormattedError:
        message = (
            f"{errors - shown} more errors are not shown; at most {self._max_count} entries are. Mend these first, or "
            f"have the operator raise {get_variable_name('error_limit')}."
        )
        exceeded = LimitExceeded(message, "errors", self._max_count, errors)
        return {"message": message, "extensions": {"code": exceeded.code, **exceeded.details}}


def build_graphql_response(
    result: ExecutionResult, media_type: MediaType, error_limits: ErrorLimits
) -> HTTPResponse:
    """The answer of the graph."""
    errors = result.errors
    if not errors:
        content: dict[str, object] = {"data": result.data}
        status = _OK
    else:
        formatted = _record_errors(error_limits.format_errors(errors))
        if result.data is None and errors[0].path is None:
            # Nothing was executed: then there is no data, not even null.
            content = {"errors": formatted}
            status = _get_status(_get_code(formatted[0]), media_type)
        else:
            content = {"data": result.data, "errors": formatted}
            status = _OK
    if result.extensions:
        content["extensions"] = result.extensions
    return _build_response(status, media_type, content)


def build_refusal_response(refusal: HTTPRefusal, media_type: MediaType) -> HTTPResponse:
    """The answer to a request that the graph was not asked, or had none for."""
    status = refusal.status or _get_status(refusal.code, media_type)
    extensions = {"code": refusal.code.name, **refusal.extensions}
    errors = _record_errors([{"message": message, "extensions": extensions} for message in refusal.messages])
    current_request.get().rejection_reason = refusal.rejection_reason
    response = _build_response(status, media_type, {"errors": errors})
    response.headers.extend(refusal.headers)
    return response


def build_json_response(status: int, content: dict[str, object], *headers: Header) -> HTTPResponse:
    """An answer that is not the graph's."""
    response = _build_response(status, MediaType.JSON, content)
    response.headers.extend(headers)
    return response


def with_request_id(response: HTTPResponse, record: RequestRecord) -> HTTPResponse:
    """The answer with the request's id; what leaves is noted of the exchange."""
    response.headers.append((b"x-request-id", record.id.encode()))
    record.status, record.response_bytes = response.status, len(response.body)
    return response


def with_etag(response: HTTPResponse, if_none_match: bytes | None) -> HTTPResponse:
    """The answer to a GET, with a tag by which the client can ask whether it still holds.

    `known` is what its If-None-Match says. Answers with errors are not kept.
    """
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
    """The errors, with the request's id in each; which they are is noted of the exchange."""
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
