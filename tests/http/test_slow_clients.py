"""Slow and idle clients over real connections. They are disconnected, and do not delay other clients."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
import uvicorn
from uvicorn.server import ServerState

from gateway.server.http_connection import HttpConnection
from gateway.settings import Settings
from gateway.telemetry.reporting import Reporting
from tests.http.test_reporting import read_log_lines
from tests.support.endpoints import VIEWER
from tests.support.factories import connected, store
from tests.support.gateway import Client, Gateway, serve_gateway
from tests.support.stalling import assert_idle, stall_statements

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

TIMEOUT = 0.1
LATE = "The headers did not arrive within 0.1 seconds; send them again."


@dataclass(frozen=True)
class ListeningServer:
    """A gateway that listens on a port, and uvicorn's state of its connections."""

    gateway: Gateway
    client: Client
    port: int
    state: ServerState

    @asynccontextmanager
    async def connect(self, sent: bytes = b"") -> AsyncIterator[tuple[StreamReader, StreamWriter]]:
        """Open a connection, and send these bytes."""
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


@pytest.fixture
async def server(database_url: str) -> AsyncIterator[ListeningServer]:
    async with serve_gateway(database_url, key_memory=60, body_timeout=TIMEOUT) as gateway:
        client = await gateway.client()
        async with serve_app(gateway.app, gateway.app.state.reporting) as (port, state):
            yield ListeningServer(gateway, client, port, state)


@asynccontextmanager
async def serve_app(app: Any, reporting: Reporting) -> AsyncIterator[tuple[int, ServerState]]:
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    config.load()
    protocol, state = HttpConnection.create_class(Settings(client_timeout=TIMEOUT), reporting), ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: protocol(config, state, {}), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], state


async def read_response(reader: StreamReader) -> tuple[int, dict[str, str], Any]:
    """Return the status, headers and JSON of a response."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, orjson.loads(await reader.readexactly(int(headers["content-length"])))


async def assert_refused(reader: StreamReader, status: int, code: str, message: str) -> None:
    """Require an error response in JSON, after which the connection is closed."""
    found, headers, body = await read_response(reader)
    assert (found, headers["connection"]) == (status, "close")
    assert headers["content-type"] == "application/json; charset=utf-8"
    extensions = {"code": code, "requestId": headers["x-request-id"]}
    assert body == {"errors": [{"message": message, "extensions": extensions}]}
    assert await reader.read() == b""


async def test_headers_that_arrive_late_close_the_connection(server: ListeningServer) -> None:
    for start in (b"P", b"POST /graphql HTTP/1.1\r\nhost: x\r\n"):
        async with server.connect(start) as (reader, _):
            await assert_refused(reader, 408, "REQUEST_TIMEOUT", LATE)


async def test_a_client_that_timed_out_is_logged(
    server: ListeningServer, capsys: pytest.CaptureFixture[str]
) -> None:
    async with server.connect(b"POST /graphql HTTP/1.1\r\nhost: x\r\n") as (reader, _):
        _, headers, _ = await read_response(reader)
    (line,) = await read_log_lines(server.gateway, capsys)
    assert (line["request_id"], line["status"]) == (headers["x-request-id"], 408)
    assert line["codes"] == ["REQUEST_TIMEOUT"]


async def test_headers_of_a_second_request_have_the_same_timeout(server: ListeningServer) -> None:
    async with server.connect(server.build_request(VIEWER)) as (reader, writer):
        assert (await read_response(reader))[0] == 200
        writer.write(b"POST /graphql HTTP/1.1\r\n")
        await assert_refused(reader, 408, "REQUEST_TIMEOUT", LATE)


async def test_an_idle_connection_is_closed_without_a_response(server: ListeningServer) -> None:
    async with server.connect() as (reader, _):
        assert await reader.read() == b""


async def test_a_body_that_arrives_late_closes_the_connection(server: ListeningServer) -> None:
    async with server.connect(server.build_request(VIEWER)[:-1]) as (reader, _):
        message = "The body did not arrive within 0.1 seconds; send it again."
        await assert_refused(reader, 408, "REQUEST_TIMEOUT", message)


async def test_headers_over_the_size_limit_are_refused(server: ListeningServer) -> None:
    async with server.connect(b"GET / HTTP/1.1\r\nx: " + b"x" * 60_000) as (reader, _):
        message = (
            "The headers are larger than 49152 bytes; send less, or have the operator raise GATEWAY_HEADER_LIMIT."
        )
        await assert_refused(reader, 431, "HEADERS_TOO_LARGE", message)


async def test_invalid_http_is_refused_in_json(server: ListeningServer) -> None:
    async with server.connect(b"\x16\x03\x01hello\r\n\r\n") as (reader, _):
        await assert_refused(reader, 400, "BAD_REQUEST", "Invalid HTTP request received. Send HTTP/1.1.")


async def test_thirty_slow_clients_do_not_delay_others(server: ListeningServer) -> None:
    request = server.build_request(VIEWER)
    slow = [server.connect(request[:size]) for size in (0, 10, len(request) - 1) for _ in range(10)]
    waiting = [await connection.__aenter__() for connection in slow]
    async with server.connect(request) as (reader, _):
        assert (await read_response(reader))[0] == 200
    for reader, _ in waiting:
        await reader.read()
    for connection in slow:
        await connection.__aexit__(None, None, None)
    assert not server.state.tasks


async def test_a_client_that_does_not_read_its_response_is_disconnected(server: ListeningServer) -> None:
    ended = asyncio.Event()

    async def send_long_response(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 50_000_000, "more_body": True})
        # This is sent when the client has read all before it, or has disconnected.
        await send({"type": "http.response.body", "body": b"x"})
        ended.set()

    async with serve_app(send_long_response, server.gateway.app.state.reporting) as (port, state):
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        async with asyncio.timeout(10):
            await ended.wait()
        assert not state.connections
        writer.close()


async def test_a_query_is_cancelled_when_its_client_disconnects(server: ListeningServer) -> None:
    await store(server.gateway.database, connected("i", name="n"))
    query = '{ integration(id: "i") { name } }'
    with stall_statements("FROM integration") as began:
        async with server.connect(server.build_request(query)):
            await began.wait()
        async with asyncio.timeout(5):
            await asyncio.wait(server.state.tasks)
    await assert_idle(server.gateway.database)
    assert await server.client.data(query) == {"integration": {"name": "n"}}
