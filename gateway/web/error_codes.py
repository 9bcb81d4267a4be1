"""The codes that an entry of `errors[]` can have in `extensions.code`, each with its HTTP status.

`gateway errors` prints this catalogue. A new code is one entry here.
"""

from enum import Enum
from typing import NamedTuple


class ErrorCodeMeaning(NamedTuple):
    """What a code means, and the HTTP status of an answer that has no data because of it."""

    description: str
    status: int
    """200 if the code never is the reason for a whole answer without data."""

    is_graphql: bool
    """Whether the HTTP request itself was valid: then the status is 200 if the answer is `application/json`."""


def _define_http_code(description: str, status: int) -> ErrorCodeMeaning:
    return ErrorCodeMeaning(description, status, is_graphql=False)


def _define_graphql_code(description: str, status: int = 400) -> ErrorCodeMeaning:
    return ErrorCodeMeaning(description, status, is_graphql=True)


def _define_field_code(description: str) -> ErrorCodeMeaning:
    return _define_graphql_code(description, 200)


class GraphQLErrorCode(Enum):
    """The codes by name; the value of each is an `ErrorCodeMeaning`."""

    BAD_REQUEST = _define_http_code(
        "The request does not follow GraphQL over HTTP; the message gives the reason.", 400
    )
    UNAUTHENTICATED = _define_http_code(
        "The request has no key or session, or one that is unknown, expired or revoked.", 401
    )
    CSRF_TOKEN_INVALID = _define_http_code(
        "With a session cookie this request needs the session's `csrfToken` in the header `X-CSRF-Token`.", 403
    )
    ORIGIN_NOT_ALLOWED = _define_http_code(
        "Pages of this origin may not send this request, or may not use this key.", 403
    )
    METHOD_NOT_ALLOWED = _define_http_code(
        "The HTTP method is not allowed here; the header `Allow` lists the methods that are.", 405
    )
    NOT_ACCEPTABLE = _define_http_code("The header `Accept` excludes both media types of the gateway.", 406)
    REQUEST_TIMEOUT = _define_http_code("The headers or the body of the request did not arrive in time.", 408)
    CONTENT_TOO_LARGE = _define_http_code("The body is larger than the limit.", 413)
    URL_TOO_LONG = _define_http_code("The URL is longer than the limit; use POST.", 414)
    UNSUPPORTED_MEDIA_TYPE = _define_http_code(
        "The body must be `application/json` in UTF-8, without compression.", 415
    )
    RATE_LIMITED = _define_http_code(
        "The rate limit of the key is reached; retry after the seconds in `Retry-After`.", 429
    )
    HEADERS_TOO_LARGE = _define_http_code("The headers are larger or more numerous than the limit.", 431)
    GRAPHQL_PARSE_FAILED = _define_graphql_code("The document has a syntax error.")
    GRAPHQL_VALIDATION_FAILED = _define_graphql_code("The document does not match the schema.")
    LIMIT_EXCEEDED = _define_graphql_code(
        "The document exceeds a limit; `limit`, `max` and `actual` give its name and the numbers."
    )
    COST_LIMIT_EXCEEDED = _define_graphql_code(
        "The operation costs more than the limit; `cost` and `max` give the numbers."
    )
    OPERATION_RESOLUTION_FAILURE = _define_graphql_code(
        "The document has no such operation, or several without `operationName`, or a subscription."
    )
    PERSISTED_QUERY_NOT_FOUND = _define_graphql_code(
        "No document has this id or hash; send its text, with the hash to register it."
    )
    PERSISTED_QUERY_NOT_SUPPORTED = _define_graphql_code(
        "Persisted queries are turned off; send the text of the document."
    )
    DOCUMENT_NOT_TRUSTED = _define_graphql_code(
        "The gateway executes trusted documents only, and this document is not one.", 403
    )
    BAD_USER_INPUT = _define_graphql_code("An argument or a variable has an invalid value; the message names it.")
    INVALID_CURSOR = _define_field_code("The cursor does not belong to this list in this order.")
    NOT_FOUND = _define_field_code(
        "The object or the path does not exist, or the viewer may not see it; the answers are identical."
    )
    TOO_MANY = _define_field_code("The request asks for more entries than the limit that the message names.")
    FORBIDDEN = _define_graphql_code("The key lacks the permission that the message names.", 403)
    NOT_IMPLEMENTED = _define_http_code("The transfer coding or the HTTP method is unknown to the gateway.", 501)
    TIMEOUT = _define_http_code(
        "The request took too long and was cancelled; the message names the mutations that were done.", 503
    )
    OVERLOADED = _define_http_code("The gateway is overloaded; retry after the seconds in `Retry-After`.", 503)
    UNAVAILABLE = _define_http_code(
        "The database is away, full, damaged or read-only; retry after the seconds in `Retry-After`.", 503
    )
    IDEMPOTENCY_IN_PROGRESS = _define_http_code(
        "A request with the same `Idempotency-Key` still runs; retry after the seconds in `Retry-After`.", 409
    )
    IDEMPOTENCY_KEY_REUSED = _define_http_code(
        "The `Idempotency-Key` was sent before with other mutations or arguments; send a new key.", 422
    )
    UNKNOWN_OUTCOME = _define_http_code(
        "The database did not confirm a commit; the message names the mutation that may have been done.", 503
    )
    INTERNAL_SERVER_ERROR = _define_http_code(
        "The gateway failed unexpectedly; search its log for the `errorId`.", 500
    )
