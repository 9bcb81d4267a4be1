"""Refusals of whole requests, and how other errors become such refusals."""

from collections.abc import Iterable, Mapping
from math import ceil
from typing import TypeAlias

from gateway.errors import Exceeded, GatewayError, Overloaded, RateLimited
from gateway.settings import Settings
from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.timeouts import DeadlineExceeded

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

Header: TypeAlias = tuple[bytes, bytes]

CLOSE_CONNECTION: Header = (b"connection", b"close")
"""Closes the connection after the response, because the rest of the request is not read."""


class HTTPRefusal(GatewayError):
    """A request that is refused, with an entry of `errors[]` for each message.

    `status` replaces the status of the code. Each entry has the `extensions` in addition to its code.
    """

    def __init__(
        self,
        code: GraphQLErrorCode,
        *messages: str,
        status: int | None = None,
        headers: Iterable[Header] = (),
        extensions: Mapping[str, int | str] | None = None,
    ) -> None:
        super().__init__("; ".join(messages))
        self.code = code
        self.messages = messages
        self.status = status
        self.headers = headers
        self.extensions = extensions or {}

    @property
    def rejection_reason(self) -> str | None:
        """The `reason` in `graphql_rejected_total`, or None if no limit was exceeded."""
        limit = self.extensions.get("limit")
        return REJECTION_REASONS.get(self.code) if limit is None else str(limit)


def unauthenticated(message: str) -> HTTPRefusal:
    """Return the refusal of a request without valid credentials. It does not reveal what is wrong with them."""
    return HTTPRefusal(GraphQLErrorCode.UNAUTHENTICATED, message, headers=[(b"www-authenticate", b"Bearer")])


def csrf_token_invalid() -> HTTPRefusal:
    """Return the refusal of a change with a session cookie but without its CSRF token."""
    message = "A change with a session cookie needs `X-CSRF-Token`; send the `csrfToken` of GET /session in it."
    return HTTPRefusal(GraphQLErrorCode.CSRF_TOKEN_INVALID, message)


def method_not_allowed(message: str, methods: bytes) -> HTTPRefusal:
    """Return the refusal of an HTTP method; `methods` are the allowed ones, separated by commas."""
    return HTTPRefusal(GraphQLErrorCode.METHOD_NOT_ALLOWED, message, headers=[(b"allow", methods)])


def timed_out(seconds: float, commit_count: int = 0) -> HTTPRefusal:
    """Return the refusal of a request that was cancelled after `seconds`, with its committed mutations."""
    changes = (
        f"{commit_count} of its mutations {'was' if commit_count == 1 else 'were'} committed"
        if commit_count
        else "nothing was changed"
    )
    message = f"The request was cancelled after {seconds:g} seconds, and {changes}. Ask for less, or retry later."
    return HTTPRefusal(GraphQLErrorCode.TIMEOUT, message, headers=[_build_retry_after(seconds)])


def to_refusal(error: HTTPRefusal | Exceeded | Overloaded | DeadlineExceeded, settings: Settings) -> HTTPRefusal:
    """Return the refusal for an error."""
    match error:
        case HTTPRefusal():
            return error
        case Exceeded():
            headers = [_build_retry_after(error.retry_after)] if isinstance(error, RateLimited) else []
            return HTTPRefusal(GraphQLErrorCode[error.code], str(error), headers=headers, extensions=error.details)
        case Overloaded():
            return HTTPRefusal(
                GraphQLErrorCode.OVERLOADED,
                str(error),
                headers=[_build_retry_after(settings.database_pool_timeout)],
            )
        case DeadlineExceeded():
            return timed_out(settings.request_timeout)


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
