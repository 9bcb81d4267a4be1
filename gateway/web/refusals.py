"""What the door itself refuses, before the graph is asked."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from gateway.errors import GatewayError
from gateway.web.catalogue import Code

REASONS: Mapping[Code, str] = {
    Code.UNAUTHENTICATED: "auth",
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
