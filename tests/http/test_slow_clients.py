"""Clients that keep the gateway waiting, over real connections: they are let go, and are in nobody's way."""

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
from tests.http.test_reporting import lines
from tests.support.endpoints import VIEWER
from tests.support.factories import connected, store
from tests.support.gateway import Client, Gateway, serve_gateway
from tests.support.stalling import assert_idle, stall_statements

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

TIMEOUT = 0.1
INVALID = "The request is not valid HTTP: Invalid method encountered. Send HTTP/1.1."
LATE = "The headers did not arrive within 0.1 seconds; send them again."


@dataclass(frozen=True)
class Listening:
    """A gateway that listens, and what uvicorn knows of its connections."""

    gateway: Gateway
    client: Client
    port: int
    state: ServerState

    @asynccontextmanager
    async def connected(self, sent: bytes = b"") -> AsyncIterator[tuple[StreamReader, StreamWriter]]:
        """A connection on which this was sent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1024)
        writer.write(sent)
        try:
            yield reader, writer
        finally:
            writer.close()

    def request(self, query: str) -> bytes:
        body = orjson.dumps({"query": query})
        return (
            f"POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {self.client.key}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        ).encode() + body


@pytest.fixture
async def listening(database_url: str) -> AsyncIterator[Listening]:
    async with serve_gateway(database_url, key_memory=60, body_timeout=TIMEOUT) as gateway:
        client = await gateway.client()
        async with listening_on(gateway.app, gateway.app.state.reporting) as (port, state):
            yield Listening(gateway, client, port, state)


@asynccontextmanager
async def listening_on(app: Any, observation: Reporting) -> AsyncIterator[tuple[int, ServerState]]:
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    config.load()
    kind, state = HttpConnection.create_class(Settings(client_timeout=TIMEOUT), observation), ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: kind(config, state, {}), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], state


async def answer(reader: StreamReader) -> tuple[int, dict[str, str], Any]:
    """The status, headers and JSON of an answer."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, orjson.loads(await reader.readexactly(int(headers["content-length"])))


async def assert_refused(reader: StreamReader, status: int, code: str, said: str) -> None:
    """The connection was ended, with an answer in JSON."""
    found, headers, body = await answer(reader)
    assert (found, headers["connection"]) == (status, "close")
    assert headers["content-type"] == "application/json; charset=utf-8"
    extensions = {"code": code, "requestId": headers["x-request-id"]}
    assert body == {"errors": [{"message": said, "extensions": extensions}]}
    assert await reader.read() == b""


async def test_headers_that_do_not_arrive_in_time_end_their_connection(listening: Listening) -> None:
    for beginning in (b"P", b"POST /graphql HTTP/1.1\r\nhost: x\r\n"):
        async with listening.connected(beginning) as (reader, _):
            await assert_refused(reader, 408, "REQUEST_TIMEOUT", LATE)


async def test_a_client_that_is_let_go_is_told_of(
    listening: Listening, capsys: pytest.CaptureFixture[str]
) -> None:
    async with listening.connected(b"POST /graphql HTTP/1.1\r\nhost: x\r\n") as (reader, _):
        _, headers, _ = await answer(reader)
    (line,) = await lines(listening.gateway, capsys)
    assert (line["request_id"], line["status"]) == (headers["x-request-id"], 408)
    assert line["codes"] == ["REQUEST_TIMEOUT"]


async def test_headers_of_a_second_request_have_no_longer_to_arrive(listening: Listening) -> None:
    async with listening.connected(listening.request(VIEWER)) as (reader, writer):
        assert (await answer(reader))[0] == 200
        writer.write(b"POST /graphql HTTP/1.1\r\n")
        await assert_refused(reader, 408, "REQUEST_TIMEOUT", LATE)


async def test_a_connection_on_which_nothing_comes_is_closed_without_a_word(listening: Listening) -> None:
    async with listening.connected() as (reader, _):
        assert await reader.read() == b""


async def test_a_body_that_does_not_arrive_in_time_ends_its_connection(listening: Listening) -> None:
    async with listening.connected(listening.request(VIEWER)[:-1]) as (reader, _):
        said = "The body did not arrive within 0.1 seconds; send it again."
        await assert_refused(reader, 408, "REQUEST_TIMEOUT", said)


async def test_headers_without_end_are_not_read_to_their_end(listening: Listening) -> None:
    async with listening.connected(b"GET / HTTP/1.1\r\nx: " + b"x" * 60_000) as (reader, _):
        said = (
            "The headers are larger than 49152 bytes; send less, or have the operator raise GATEWAY_HEADER_LIMIT."
        )
        await assert_refused(reader, 431, "HEADERS_TOO_LARGE", said)


async def test_what_is_no_http_is_told_so_in_json(listening: Listening) -> None:
    async with listening.connected(b"\x16\x03\x01hello\r\n\r\n") as (reader, _):
        await assert_refused(reader, 400, "BAD_REQUEST", INVALID)


async def test_thirty_slow_clients_keep_nobody_waiting(listening: Listening) -> None:
    request = listening.request(VIEWER)
    slow = [listening.connected(request[:size]) for size in (0, 10, len(request) - 1) for _ in range(10)]
    waiting = [await connection.__aenter__() for connection in slow]
    async with listening.connected(request) as (reader, _):
        assert (await answer(reader))[0] == 200
    for reader, _ in waiting:
        await reader.read()
    for connection in slow:
        await connection.__aexit__(None, None, None)
    assert not listening.state.tasks


async def test_a_client_that_takes_nothing_of_its_answer_is_let_go(listening: Listening) -> None:
    ended = asyncio.Event()

    async def long_answer(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 50_000_000, "more_body": True})
        # This is sent when all before it is gone, or nobody is there any more.
        await send({"type": "http.response.body", "body": b"x"})
        ended.set()

    async with listening_on(long_answer, listening.gateway.app.state.reporting) as (port, state):
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        async with asyncio.timeout(10):
            await ended.wait()
        assert not state.connections
        writer.close()


async def test_a_query_ends_when_the_connection_of_its_client_does(listening: Listening) -> None:
    await store(listening.gateway.database, connected("i", name="n"))
    query = '{ integration(id: "i") { name } }'
    with stall_statements("FROM integration") as began:
        async with listening.connected(listening.request(query)):
            await began.wait()
        async with asyncio.timeout(5):
            await asyncio.wait(listening.state.tasks)
    await assert_idle(listening.gateway.database)
    assert await listening.client.data(query) == {"integration": {"name": "n"}}
