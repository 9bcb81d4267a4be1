"""Refusals of whole requests, and how other errors become such refusals."""

from collections.abc import Iterable, Mapping
from math import ceil
from typing import TypeAlias

from gateway.errors import (
    DeadlineExceeded,
    Exceeded,
    GatewayError,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    OperationAborted,
    Overloaded,
    RateLimited,
    UnknownOutcome,
)
from gateway.settings import Settings
from gateway.web.error_codes import GraphQLErrorCode

REJECTION_REASONS: Mapping[GraphQLErrorCode, str] = {
    GraphQLErrorCode.UNAUTHENTICATED: "auth",
    GraphQLErrorCode.CSRF_TOKEN_INVALID: "auth",
    GraphQLErrorCode.ORIGIN_NOT_ALLOWED: "auth",
    GraphQLErrorCode.CONTENT_TOO_LARGE: "size",
    GraphQLErrorCode.URL_TOO_LONG: "size",
    GraphQLErrorCode.HEADERS_TOO_LARGE: "size",
    GraphQLErrorCode.REQUEST_TIMEOUT: "time",
    GraphQLErrorCode.RATE_LIMITED: "rate",
    GraphQLErrorCode.COST_LIMIT_EXCEEDED: "cost",
    GraphQLErrorCode.DOCUMENT_NOT_TRUSTED: "document",
    GraphQLErrorCode.TIMEOUT: "time",
    GraphQLErrorCode.OVERLOADED: "overload",
}
"""The `reason` of each code in `graphql_rejected_total`; the reason of LIMIT_EXCEEDED is the name of its limit."""

_RETRY_SECONDS = 1.0
"""Seconds after which a database that was away may be back: it is probed as often."""

Header: TypeAlias = tuple[bytes, bytes]

CLOSE_CONNECTION: Header = (b"connection", b"close")
"""Closes the connection after the response, because the rest of the request is not read."""


class HTTPRefusal(GatewayError):
    """A request that is refused, with an entry of `errors[]` for each message.

    `status` replaces the status of the code, and `reason` the one in the metric. Each entry has the `extensions`
    in addition to its code.
    """

    def __init__(
        self,
        code: GraphQLErrorCode,
        *messages: str,
        status: int | None = None,
        headers: Iterable[Header] = (),
        extensions: Mapping[str, int | str] | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__("; ".join(messages))
        self.code = code
        self.messages = messages
        self.status = status
        self.headers = headers
        self.extensions = extensions or {}
        self._reason = reason

    @property
    def rejection_reason(self) -> str | None:
        """The `reason` in `graphql_rejected_total`, or None if no limit was exceeded."""
        limit = self.extensions.get("limit")
        return self._reason or (REJECTION_REASONS.get(self.code) if limit is None else str(limit))


def unauthenticated(message: str, reason: str | None = None) -> HTTPRefusal:
    """Return the refusal of a request without valid credentials. It does not reveal what is wrong with them."""
    headers = [(b"www-authenticate", b"Bearer")]
    return HTTPRefusal(GraphQLErrorCode.UNAUTHENTICATED, message, headers=headers, reason=reason)


def csrf_token_invalid() -> HTTPRefusal:
    """Return the refusal of a request that needs more than a session cookie: its CSRF token, too."""
    message = "With a session cookie this needs `X-CSRF-Token`; send the `csrfToken` of GET /session in it."
    return HTTPRefusal(GraphQLErrorCode.CSRF_TOKEN_INVALID, message)


def method_not_allowed(message: str, methods: bytes) -> HTTPRefusal:
    """Return the refusal of an HTTP method; `methods` are the allowed ones, separated by commas."""
    return HTTPRefusal(GraphQLErrorCode.METHOD_NOT_ALLOWED, message, headers=[(b"allow", methods)])


def to_refusal(error: HTTPRefusal | Exceeded | OperationAborted, settings: Settings) -> HTTPRefusal:
    """Return the refusal for an error."""
    match error:
        case HTTPRefusal():
            return error
        case Exceeded():
            headers = [_build_retry_after(error.retry_after)] if isinstance(error, RateLimited) else []
            return HTTPRefusal(GraphQLErrorCode[error.code], str(error), headers=headers, extensions=error.details)
        case IdempotencyKeyReused():
            return HTTPRefusal(GraphQLErrorCode.IDEMPOTENCY_KEY_REUSED, error.message)
        case Overloaded():
            seconds = settings.database_pool_timeout
        case DeadlineExceeded():
            seconds = settings.request_timeout
        case _:
            seconds = _RETRY_SECONDS
    return HTTPRefusal(get_code(error), error.message, headers=[_build_retry_after(seconds)])


def get_code(error: OperationAborted) -> GraphQLErrorCode:
    """Return the code of an operation that ended without data."""
    match error:
        case Overloaded():
            return GraphQLErrorCode.OVERLOADED
        case DeadlineExceeded():
            return GraphQLErrorCode.TIMEOUT
        case UnknownOutcome():
            return GraphQLErrorCode.UNKNOWN_OUTCOME
        case IdempotencyInProgress():
            return GraphQLErrorCode.IDEMPOTENCY_IN_PROGRESS
        case _:
            return GraphQLErrorCode.UNAVAILABLE


def drop_tracebacks(error: BaseException) -> None:
    """Drop the frames in which an error was raised, and those that it was raised for.

    They hold the rows of the operation. Tasks and results refer to the error, so that only a garbage collection
    would free them, which is rare.
    """
    following: BaseException | None = error
    while following is not None:
        following.__traceback__ = None
        following = following.__cause__ or following.__context__


def _build_retry_after(seconds: float) -> Header:
    return b"retry-after", b"%d" % ceil(seconds)
