"""Every code that an entry of `errors[]` can have, and the HTTP status that goes with it."""

from enum import Enum
from typing import Literal, NamedTuple

HTTPProfile = Literal["2023", "2026"]
"""The edition of GraphQL over HTTP that is followed: they differ in statuses."""

PARTIAL_STATUS = 294
"""The edition of 2026 has a status of its own for data that comes with errors."""


class _CodeMeaning(NamedTuple):
    description: str
    status: int
    """Of an answer that is refused for this; 200 where that never is the whole answer."""
    status_2026: int
    is_graphql: bool
    """Whether the request itself was in order; in 2023 `application/json` then has 200."""


def _define_http_code(description: str, status: int, status_2026: int | None = None) -> _CodeMeaning:
    return _CodeMeaning(description, status, status_2026 or status, is_graphql=False)


def _define_graphql_code(description: str, status: int, status_2026: int) -> _CodeMeaning:
    return _CodeMeaning(description, status, status_2026, is_graphql=True)


def _define_field_code(description: str) -> _CodeMeaning:
    return _define_graphql_code(description, 200, PARTIAL_STATUS)


class GraphQLErrorCode(Enum):
    """The words of `extensions.code`. README's table says the same, and a test holds one against the other."""

    BAD_REQUEST = _define_http_code(
        "the request is not one that GraphQL over HTTP knows; the message says why", 400, 422
    )
    UNAUTHENTICATED = _define_http_code(
        "no key or session, or one that is unknown, expired, revoked or ended", 401
    )
    CSRF_TOKEN_INVALID = _define_http_code(
        "who signed in has to send the session's `csrfToken` in `X-CSRF-Token` to change anything", 403
    )
    ORIGIN_NOT_ALLOWED = _define_http_code("a page of this origin may not ask for it, or not with this key", 403)
    METHOD_NOT_ALLOWED = _define_http_code(
        "another method is needed; `Allow` names it. A mutation needs POST", 405
    )
    NOT_ACCEPTABLE = _define_http_code("`Accept` leaves neither of the two media types", 406)
    REQUEST_TIMEOUT = _define_http_code("the headers or the body did not arrive in time", 408)
    CONTENT_TOO_LARGE = _define_http_code("the body is larger than is allowed", 413)
    URL_TOO_LONG = _define_http_code("the URL is longer than is allowed; use POST", 414)
    UNSUPPORTED_MEDIA_TYPE = _define_http_code("the body must be `application/json` in UTF-8, not compressed", 415)
    RATE_LIMITED = _define_http_code("the key has spent what it may; `Retry-After` says when to come again", 429)
    HEADERS_TOO_LARGE = _define_http_code("the headers are more or larger than is allowed", 431)
    GRAPHQL_PARSE_FAILED = _define_graphql_code("the document is not GraphQL", 400, 400)
    GRAPHQL_VALIDATION_FAILED = _define_graphql_code("the document does not fit the schema", 400, 422)
    LIMIT_EXCEEDED = _define_graphql_code(
        "something is longer, deeper or more than is allowed; `limit`, `max` and `actual` say what", 400, 422
    )
    COST_LIMIT_EXCEEDED = _define_graphql_code(
        "the operation costs more than is allowed; `cost` and `max` say how much", 400, 422
    )
    OPERATION_RESOLUTION_FAILURE = _define_graphql_code(
        "it is not clear which operation to run, or it cannot be", 400, 422
    )
    PERSISTED_QUERY_NOT_FOUND = _define_graphql_code(
        "no document is known by this id or hash; send its text, with the hash to register it", 400, 422
    )
    PERSISTED_QUERY_NOT_SUPPORTED = _define_graphql_code(
        "no ids of documents are known here; send texts alone", 400, 422
    )
    DOCUMENT_NOT_TRUSTED = _define_graphql_code(
        "only trusted documents are executed here, and this is none", 403, 403
    )
    BAD_USER_INPUT = _define_graphql_code("a value is not allowed; the message says which is", 400, 422)
    INVALID_CURSOR = _define_field_code("a cursor that this list, in this order, did not give")
    NOT_FOUND = _define_field_code(
        "it does not exist, or the viewer may not see it: the two are told in the same bytes"
    )
    TOO_MANY = _define_field_code("more was asked for at once than is allowed; the message names the limit")
    FORBIDDEN = _define_graphql_code("the key lacks the permission that the message names", 403, 403)
    TIMEOUT = _define_http_code(
        "it took longer than it may and was cut off; the message says what was changed", 503
    )
    OVERLOADED = _define_http_code(
        "there is more to do than the gateway can at once; ask again after `Retry-After`", 503
    )
    INTERNAL_SERVER_ERROR = _define_http_code("a surprise; look for `errorId` in the log", 500)
