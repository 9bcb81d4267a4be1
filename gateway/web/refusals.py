"""What the door itself refuses, before the graph is asked, and how it says so."""

from collections.abc import Iterable, Mapping
from math import ceil
from typing import TypeAlias

from gateway.errors import Exceeded, GatewayError, Overloaded, RateLimited
from gateway.settings import Settings
from gateway.web.error_codes import Code
from gateway.web.timeouts import OutOfTime

REASONS: Mapping[Code, str] = {
    Code.UNAUTHENTICATED: "auth",
    Code.CSRF_TOKEN_INVALID: "auth",
    Code.ORIGIN_NOT_ALLOWED: "auth",
    Code.CONTENT_TOO_LARGE: "size",
    Code.URL_TOO_LONG: "size",
    Code.HEADERS_TOO_LARGE: "size",
    Code.REQUEST_TIMEOUT: "time",
    Code.RATE_LIMITED: "rate",
    Code.COST_LIMIT_EXCEEDED: "cost",
    Code.DOCUMENT_NOT_TRUSTED: "document",
    Code.TIMEOUT: "time",
    Code.OVERLOADED: "overload",
}
"""What the metrics call a limit that was not kept; LIMIT_EXCEEDED says which it was."""

Header: TypeAlias = tuple[bytes, bytes]

CLOSE: Header = (b"connection", b"close")
"""For a request of which more may be on its way than anyone wants to read."""


class Refusal(GatewayError):
    """A request that is not answered, with an entry of `errors[]` for each message.

    `status` is only given where the code's own does not fit; each entry has the `extensions` besides its code.
    """

    def __init__(
        self,
        code: Code,
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
    def rejected(self) -> str | None:
        """What the metrics call the limit that the request does not keep; None where it is not one."""
        limit = self.extensions.get("limit")
        return REASONS.get(self.code) if limit is None else str(limit)


def unauthenticated(message: str) -> Refusal:
    """How it is refused that nobody knows who asks: in the same bytes, whyever that is."""
    return Refusal(Code.UNAUTHENTICATED, message, headers=[(b"www-authenticate", b"Bearer")])


def without_csrf_token() -> Refusal:
    """How a change is refused that only a cookie asks for."""
    message = "A session changes something only with its `csrfToken`, as GET /session tells it, in `X-CSRF-Token`."
    return Refusal(Code.CSRF_TOKEN_INVALID, message)


def not_allowed(message: str, methods: bytes) -> Refusal:
    """How a method is refused; `methods` are those that are allowed."""
    return Refusal(Code.METHOD_NOT_ALLOWED, message, headers=[(b"allow", methods)])


def out_of_time(seconds: float, kept: int = 0) -> Refusal:
    """How a request is refused that took so long, of which so many mutations were done before."""
    done = f"{kept} of its mutations {'was' if kept == 1 else 'were'} done" if kept else "nothing was changed"
    message = f"It was cut off after {seconds:g} seconds, and {done}. Ask for less, or again later."
    return Refusal(Code.TIMEOUT, message, headers=[_retry_after(seconds)])


def refusal_of(error: Refusal | Exceeded | Overloaded | OutOfTime, settings: Settings) -> Refusal:
    """How a request is refused for what was raised."""
    match error:
        case Refusal():
            return error
        case Exceeded():
            headers = [_retry_after(error.retry_after)] if isinstance(error, RateLimited) else []
            return Refusal(Code[error.code], str(error), headers=headers, extensions=error.details)
        case Overloaded():
            return Refusal(Code.OVERLOADED, str(error), headers=[_retry_after(settings.database_pool_timeout)])
        case OutOfTime():
            return out_of_time(settings.request_timeout)


def _retry_after(seconds: float) -> Header:
    return b"retry-after", b"%d" % ceil(seconds)
