"""What a proxy says of a client is believed of those that are trusted, and of nobody else."""

import pytest
from starlette.types import Receive, Scope, Send

from gateway.server.proxy_headers import ForwardedHeadersMiddleware

PROTO = (b"x-forwarded-proto", b"https")
FOR = (b"x-forwarded-for", b"192.0.2.1, 10.0.0.9")


@pytest.mark.parametrize(
    ("client", "headers", "scheme", "host"),
    [
        ("10.0.0.9", [PROTO, FOR], "https", "192.0.2.1"),
        ("10.0.0.9", [PROTO], "https", "10.0.0.9"),
        ("10.0.0.9", [FOR], "http", "192.0.2.1"),
        ("10.0.0.9", [(b"host", b"x")], "http", "10.0.0.9"),
        ("192.0.2.7", [PROTO, FOR], "http", "192.0.2.7"),
    ],
)
async def test_only_trusted_proxies_say_how_a_client_came_and_who_it_is(
    client: str, headers: list[tuple[bytes, bytes]], scheme: str, host: str
) -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope)

    async def receive() -> dict[str, object]:
        raise AssertionError

    async def send(_message: object) -> None:
        raise AssertionError

    behind = ForwardedHeadersMiddleware(app, "10.0.0.8,10.0.0.9")
    await behind({"type": "http", "scheme": "http", "client": (client, 1), "headers": headers}, receive, send)
    await behind({"type": "lifespan"}, receive, send)
    request, lifespan = seen
    assert (request["scheme"], request["client"][0]) == (scheme, host)
    assert lifespan == {"type": "lifespan"}
