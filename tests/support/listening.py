"""A gateway that listens on a port, and raw connections to it."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from uvicorn.server import ServerState

from gateway.server.http_connection import HttpConnection
from gateway.server.uvicorn_server import create_config
from gateway.settings import Settings
from gateway.telemetry.reporting import Reporting
from tests.support.gateway import Client, Gateway, serve_gateway

TIMEOUT = 0.1
"""Seconds for headers and bodies to arrive."""

KEEP_ALIVE = 0.8
"""Seconds for which an idle connection is kept."""


@dataclass(frozen=True)
class ListeningServer:
    """A gateway that listens, and what uvicorn knows of its connections."""

    gateway: Gateway
    client: Client
    port: int
    state: ServerState

    @asynccontextmanager
    async def connect(self, sent: bytes = b"") -> AsyncIterator[tuple[StreamReader, StreamWriter]]:
        """A connection on which this was sent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1024)
        writer.write(sent)
        try:
            yield reader, writer
        finally:
            writer.close()

    def build_request(self, query: str) -> bytes:
        body = orjson.dumps({"query": query})
        return (
            f"POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {self.client.key}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        ).encode() + body


@asynccontextmanager
async def open_server(
    database_url: str, *, keep_alive: float | None = KEEP_ALIVE, **settings: Any
) -> AsyncIterator[ListeningServer]:
    """Run a gateway that listens, with short timeouts."""
    settings = {"body_timeout": TIMEOUT, "client_timeout": TIMEOUT, **settings}
    async with serve_gateway(database_url, key_memory=60, **settings) as gateway:
        client = await gateway.client()
        reporting = gateway.app.state.reporting
        async with serve_app(gateway.app, reporting, keep_alive=keep_alive, **settings) as (port, state):
            yield ListeningServer(gateway, client, port, state)


@asynccontextmanager
async def serve_app(
    app: Any, reporting: Reporting, *, keep_alive: float | None = KEEP_ALIVE, **settings: Any
) -> AsyncIterator[tuple[int, ServerState]]:
    """Listen with an ASGI application. Yield the port and what uvicorn knows of the connections.

    `keep_alive` is in seconds, and may be less than one; None takes the setting.
    """
    found = Settings(**{"client_timeout": TIMEOUT, **settings})
    connections = HttpConnection.create_class(found, reporting)
    config, state = create_config(app, found, connections), ServerState()
    if keep_alive is not None:
        config.timeout_keep_alive = keep_alive  # type: ignore[assignment]  # uvicorn takes any number
    config.load()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: connections(config, state, {}), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], state


async def wait_until(is_true: Callable[[], object]) -> None:
    """Let the event loop run until a condition is true, for five seconds at most."""
    async with asyncio.timeout(5):
        while not is_true():  # noqa: ASYNC110 (there is no event to wait for)
            await asyncio.sleep(0.001)


async def read_response(reader: StreamReader) -> tuple[int, dict[str, str], Any]:
    """The status, headers and JSON of an answer."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, orjson.loads(await reader.readexactly(int(headers["content-length"])))


async def assert_refused(reader: StreamReader, status: int, code: str, message: str) -> dict[str, str]:
    """The connection was ended, with an answer in JSON. Returns its headers."""
    found, headers, body = await read_response(reader)
    assert (found, headers["connection"]) == (status, "close")
    assert headers["content-type"] == "application/json; charset=utf-8"
    extensions = {"code": code, "requestId": headers["x-request-id"]}
    assert body == {"errors": [{"message": message, "extensions": extensions}]}
    assert await reader.read() == b""
    return headers
