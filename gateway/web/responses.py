"""What goes back: a status, headers and JSON, as the profile of GraphQL over HTTP asks for."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from graphql import GraphQLFormattedError
from strawberry.types.execution import ExecutionResult

from gateway.execution import encoded
from gateway.telemetry.request_record import Exchange, current
from gateway.web.error_codes import PARTIAL, Code, Profile
from gateway.web.error_limits import ErrorLimits
from gateway.web.negotiation import MediaType
from gateway.web.refusals import Header, Refusal

_OK = 200
_NOT_MODIFIED = 304

_CONTENT_TYPES = {
    media_type: (b"content-type", f"{media_type.value}; charset=utf-8".encode()) for media_type in MediaType
}
_VARY: Header = (b"vary", b"Accept, Authorization, Cookie, GraphQL-Cost, Origin, X-Auth-Token, X-User-Id")
NOT_KEPT: Header = (b"cache-control", b"no-store")
_REVALIDATED: Header = (b"cache-control", b"private, no-cache")
"""The client may keep it for itself, and must ask each time whether it still holds."""


class Answer(NamedTuple):
    """A response, whole."""

    status: int
    headers: list[Header]
    body: bytes


def answered(
    result: ExecutionResult, media_type: MediaType, profile: Profile, errors_shown: ErrorLimits
) -> Answer:
    """The answer of the graph."""
    errors = result.errors
    if not errors:
        content: dict[str, object] = {"data": result.data}
        status = _OK
    else:
        formatted = _noted(errors_shown.formatted(errors))
        if result.data is None and errors[0].path is None:
            # Nothing was executed: then there is no data, not even null.
            content = {"errors": formatted}
            status, media_type = _status(_code(formatted[0]), media_type, profile)
        else:
            content = {"data": result.data, "errors": formatted}
            is_partial = profile == "2026" and media_type is MediaType.GRAPHQL
            status = PARTIAL if is_partial else _OK
    if result.extensions:
        content["extensions"] = result.extensions
    return _answer(status, media_type, content)


def refused(refusal: Refusal, media_type: MediaType, profile: Profile) -> Answer:
    """The answer to a request that the graph was not asked, or had none for."""
    status, media_type = _status(refusal.code, media_type, profile)
    extensions = {"code": refusal.code.name, **refusal.extensions}
    errors = _noted([{"message": message, "extensions": extensions} for message in refusal.messages])
    current.get().rejected = refusal.rejected
    answer = _answer(refusal.status or status, media_type, {"errors": errors})
    answer.headers.extend(refusal.headers)
    return answer


def told(status: int, content: dict[str, object], *headers: Header) -> Answer:
    """An answer that is not the graph's."""
    answer = _answer(status, MediaType.JSON, content)
    answer.headers.extend(headers)
    return answer


def identified(answer: Answer, exchange: Exchange) -> Answer:
    """The answer with the request's id; what leaves is noted of the exchange."""
    answer.headers.append((b"x-request-id", exchange.id.encode()))
    exchange.status, exchange.size = answer.status, len(answer.body)
    return answer


def kept(answer: Answer, known: bytes | None) -> Answer:
    """The answer to a GET, with a tag by which the client can ask whether it still holds.

    `known` is what its If-None-Match says. Answers with errors are not kept.
    """
    digest = hashlib.sha256(answer.headers[0][1] + answer.body).hexdigest()
    tag = f'"{digest[:32]}"'.encode()
    headers = [(b"etag", tag), _REVALIDATED, _VARY]
    if known is not None and (known.strip() == b"*" or tag in known):
        return Answer(_NOT_MODIFIED, headers, b"")
    return Answer(answer.status, [answer.headers[0], *headers, answer.headers[-1]], answer.body)


def _answer(status: int, media_type: MediaType, content: dict[str, object]) -> Answer:
    body = encoded(content)
    headers = [_CONTENT_TYPES[media_type], NOT_KEPT, _VARY, (b"content-length", b"%d" % len(body))]
    return Answer(status, headers, body)


def _noted(errors: Sequence[GraphQLFormattedError]) -> list[GraphQLFormattedError]:
    """The errors, with the request's id in each; which they are is noted of the exchange."""
    exchange = current.get()
    exchange.codes = tuple(_code(error).name for error in errors)
    return [{**error, "extensions": {**error.get("extensions", {}), "requestId": exchange.id}} for error in errors]


def _code(error: GraphQLFormattedError) -> Code:
    name = error.get("extensions", {}).get("code")
    return Code.__members__.get(str(name), Code.BAD_USER_INPUT)


def _status(code: Code, media_type: MediaType, profile: Profile) -> tuple[int, MediaType]:
    """The status of an answer without data, and the media type that it then has."""
    meaning = code.value
    if profile == "2026":
        # Only this type tells that the body is GraphQL's whatever the status is.
        return meaning.status_2026, MediaType.GRAPHQL
    is_plain = media_type is MediaType.JSON and meaning.is_of_the_graph
    return _OK if is_plain else meaning.status, media_type
