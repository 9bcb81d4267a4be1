"""`X-Forwarded-…` headers of trusted proxies are used; those of other clients are ignored."""

import pytest
from starlette.types import Receive, Scope, Send

from gateway.server.http_connection import HttpConnection
from gateway.server.uvicorn_server import create_config
from gateway.settings import Settings
from gateway.telemetry import Metrics, Reporting

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
async def test_only_headers_of_trusted_proxies_are_used(
    client: str, headers: list[tuple[bytes, bytes]], scheme: str, host: str
) -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope)

    async def receive() -> dict[str, object]:
        raise AssertionError

    async def send(_message: object) -> None:
        raise AssertionError

    settings = Settings(trusted_proxies="10.0.0.8,10.0.0.9")
    config = create_config(app, settings, HttpConnection.create_class(settings, Reporting(Metrics(None), None)))
    config.load()
    request = {"type": "http", "scheme": "http", "client": (client, 1), "headers": headers}
    await config.loaded_app(request, receive, send)
    (scope,) = seen
    assert (scope["scheme"], scope["client"][0]) == (scheme, host)
