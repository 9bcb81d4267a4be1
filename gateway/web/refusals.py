"""What the door itself refuses, before the graph is asked."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from gateway.errors import GatewayError
from gateway.web.catalogue import Code

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
