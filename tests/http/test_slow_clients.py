"""Slow and idle clients over real connections. They are disconnected, and do not delay other clients."""

import asyncio
import gc
import time
import weakref
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from tests.http.test_reporting import read_log_lines
from tests.support.endpoints import VIEWER
from tests.support.factories import connected, store
from tests.support.listening import (
    KEEP_ALIVE,
    TIMEOUT,
    ListeningServer,
    assert_refused,
    open_server,
    read_response,
    serve_app,
    wait_until,
)
from tests.support.stalling import assert_idle, stall_statements

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

INVALID = "The request is not valid HTTP: Invalid method encountered. Send HTTP/1.1."
LATE = "The headers did not arrive within 0.1 seconds; send them again."


@pytest.fixture
async def server(database_url: str) -> AsyncIterator[ListeningServer]:
    async with open_server(database_url) as server:
        yield server


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


async def test_an_idle_connection_is_kept_for_a_while_and_then_closed(server: ListeningServer) -> None:
    async with server.connect(server.build_request(VIEWER)) as (reader, writer):
        assert (await read_response(reader))[0] == 200
        await asyncio.sleep(2 * TIMEOUT)
        writer.write(server.build_request(VIEWER))
        assert (await read_response(reader))[0] == 200
        assert await reader.read() == b""


async def test_a_setting_says_how_long_an_idle_connection_is_kept(database_url: str) -> None:
    async with (
        open_server(database_url, keep_alive=None, keep_alive_timeout=1) as server,
        server.connect(server.build_request(VIEWER)) as (reader, _),
        asyncio.timeout(30),
    ):
        assert (await read_response(reader))[0] == 200
        answered = time.monotonic()
        assert await reader.read() == b""
    assert time.monotonic() - answered > 0.9


@pytest.mark.parametrize("is_pipelined", [False, True])
async def test_headers_may_take_longer_than_an_idle_connection(database_url: str, is_pipelined: bool) -> None:
    async with open_server(database_url, client_timeout=5) as server:
        request = server.build_request(VIEWER)
        async with server.connect(request + (request[:10] if is_pipelined else b"")) as (reader, writer):
            assert (await read_response(reader))[0] == 200
            writer.write(b"" if is_pipelined else request[:10])
            await asyncio.sleep(2 * KEEP_ALIVE)
            writer.write(request[10:])
            assert (await read_response(reader))[0] == 200


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


async def test_bytes_that_are_not_http_are_refused_in_json(server: ListeningServer) -> None:
    async with server.connect(b"\x16\x03\x01hello\r\n\r\n") as (reader, _):
        await assert_refused(reader, 400, "BAD_REQUEST", INVALID)


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


async def test_the_memory_of_a_closed_connection_is_free_at_once(server: ListeningServer) -> None:
    gc.disable()
    try:
        incomplete = b"POST /graphql HTTP/1.1\r\ncontent-length: 9\r\n\r\n"
        for request in (server.build_request(VIEWER), incomplete, b"?", b""):
            async with server.connect(request) as (reader, _):
                await wait_until(lambda: server.state.connections)
                connection = weakref.ref(next(iter(server.state.connections)))
                if request:
                    await reader.readexactly(1)
            await wait_until(partial(_is_freed, connection))
    finally:
        gc.enable()


def _is_freed(reference: "weakref.ref[Any]") -> bool:
    return reference() is None


@pytest.mark.parametrize("next_request", [b"", b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n"])
async def test_a_query_is_cancelled_when_its_client_disconnects(
    server: ListeningServer, next_request: bytes
) -> None:
    await store(server.gateway.database, connected("i", name="n"))
    query = '{ integration(id: "i") { name } }'
    with stall_statements("FROM integration") as began:
        async with server.connect(server.build_request(query) + next_request):
            await began.wait()
        async with asyncio.timeout(5):
            await asyncio.wait(server.state.tasks)
    await assert_idle(server.gateway.database)
    assert await server.client.data(query) == {"integration": {"name": "n"}}
