"""What the door itself refuses, before the graph is asked, and how it says so."""

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
"""What the metrics call a limit that was not kept; LIMIT_EXCEEDED says which it was."""

Header: TypeAlias = tuple[bytes, bytes]

CLOSE_CONNECTION: Header = (b"connection", b"close")
"""For a request of which more may be on its way than anyone wants to read."""


class HTTPRefusal(GatewayError):
    """A request that is not answered, with an entry of `errors[]` for each message.

    `status` is only given where the code's own does not fit; each entry has the `extensions` besides its code.
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
        """What the metrics call the limit that the request does not keep; None where it is not one."""
        limit = self.extensions.get("limit")
        return REJECTION_REASONS.get(self.code) if limit is None else str(limit)


def unauthenticated(message: str) -> HTTPRefusal:
    """How it is refused that nobody knows who asks: in the same bytes, whyever that is."""
    return HTTPRefusal(GraphQLErrorCode.UNAUTHENTICATED, message, headers=[(b"www-authenticate", b"Bearer")])


def csrf_token_invalid() -> HTTPRefusal:
    """How a change is refused that only a cookie asks for."""
    message = "A session changes something only with its `csrfToken`, as GET /session tells it, in `X-CSRF-Token`."
    return HTTPRefusal(GraphQLErrorCode.CSRF_TOKEN_INVALID, message)


def method_not_allowed(message: str, methods: bytes) -> HTTPRefusal:
    """How a method is refused; `methods` are those that are allowed."""
    return HTTPRefusal(GraphQLErrorCode.METHOD_NOT_ALLOWED, message, headers=[(b"allow", methods)])


def timed_out(seconds: float, commit_count: int = 0) -> HTTPRefusal:
    """How a request is refused that took so long, of which so many mutations were done before."""
    done = (
        f"{commit_count} of its mutations {'was' if commit_count == 1 else 'were'} done"
        if commit_count
        else "nothing was changed"
    )
    message = f"It was cut off after {seconds:g} seconds, and {done}. Ask for less, or again later."
    return HTTPRefusal(GraphQLErrorCode.TIMEOUT, message, headers=[_build_retry_after(seconds)])


def to_refusal(error: HTTPRefusal | Exceeded | Overloaded | DeadlineExceeded, settings: Settings) -> HTTPRefusal:
    """How a request is refused for what was raised."""
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


def _build_retry_after(seconds: float) -> Header:
    return b"retry-after", b"%d" % ceil(seconds)
