"""Answers that come before the end of their request: the connection closes, but nobody loses the answer."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import patch

import pytest

from gateway.server import lingering_transport
from tests.support.endpoints import VIEWER
from tests.support.listening import (
    ListeningServer,
    assert_refused,
    open_server,
    read_response,
    serve_app,
    wait_until,
)

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

JSON = b"content-type: application/json\r\n"
MEGABYTE = 2**20


@pytest.fixture
async def server(database_url: str) -> AsyncIterator[ListeningServer]:
    async with open_server(database_url, client_timeout=5, body_timeout=5) as server:
        yield server


EARLY = {
    401: b"POST /graphql HTTP/1.1\r\nhost: x\r\n" + JSON,
    405: b"PUT /graphql HTTP/1.1\r\nhost: x\r\n" + JSON,
    404: b"GET /nothing HTTP/1.1\r\nhost: x\r\n",
    200: b"GET /livez HTTP/1.1\r\nhost: x\r\n",
}


@pytest.mark.parametrize("status", EARLY)
async def test_the_connection_closes_after_an_early_answer(server: ListeningServer, status: int) -> None:
    for framing in (b"content-length: 1000\r\n", b"transfer-encoding: chunked\r\n", b"expect: 100-continue\r\n"):
        length = b"content-length: 1000\r\n" if framing.startswith(b"expect") else b""
        async with server.connect(EARLY[status] + length + framing + b"\r\n") as (reader, _):
            found, headers, _ = await read_response(reader)
            assert (found, headers["connection"]) == (status, "close")
            assert await reader.read() == b""


async def test_an_answer_after_the_whole_request_keeps_the_connection(server: ListeningServer) -> None:
    async with server.connect(EARLY[401] + b"content-length: 4\r\n\r\n") as (reader, writer):
        assert (await read_response(reader))[1]["connection"] == "close"
    async with server.connect(EARLY[401] + b"content-length: 4\r\n\r\nabcd") as (reader, writer):
        assert "connection" not in (await read_response(reader))[1]
        writer.write(EARLY[200] + b"\r\n")
        assert (await read_response(reader))[0] == 200


async def test_a_client_that_goes_on_sending_gets_its_answer(server: ListeningServer) -> None:
    async with server.connect(EARLY[401] + b"content-length: %d\r\n\r\n" % (8 * MEGABYTE)) as (
        reader,
        writer,
    ):
        for _ in range(8):
            writer.write(b"x" * MEGABYTE)
            await writer.drain()
        assert (await read_response(reader))[0] == 401


async def test_a_client_that_goes_on_sending_without_end_is_cut_off(server: ListeningServer) -> None:
    sent = 0
    async with server.connect(EARLY[401] + b"content-length: %d\r\n\r\n" % 2**40) as (_, writer):
        with pytest.raises(ConnectionError):
            while True:
                writer.write(b"x" * MEGABYTE)
                await writer.drain()
                sent += 1
    assert sent < 100
    assert not server.state.connections


async def test_a_client_that_dribbles_after_its_answer_is_cut_off(server: ListeningServer) -> None:
    with patch.object(lingering_transport, "_LINGER_SECONDS", 0.05):
        async with server.connect(EARLY[401] + b"content-length: 1000\r\n\r\n") as (_, writer):
            async with asyncio.timeout(5):
                await wait_until(lambda: server.state.connections)
                while server.state.connections:
                    writer.write(b"x")
                    await asyncio.sleep(0.01)


async def test_blank_lines_do_not_keep_a_connection(database_url: str) -> None:
    async with open_server(database_url) as server, server.connect(b"\r\n") as (_, writer):
        await wait_until(lambda: server.state.connections)
        async with asyncio.timeout(5):
            while server.state.connections:
                writer.write(b"\r\n")
                await asyncio.sleep(0.01)


async def test_a_closing_connection_whose_client_takes_nothing_is_cut_off(server: ListeningServer) -> None:
    async def answer_early(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
        # Less than the size at which uvicorn pauses, more than a client takes that reads nothing.
        for _ in range(1000):
            await send({"type": "http.response.body", "body": b"x" * 60_000, "more_body": True})
            if state.connections and next(iter(state.connections)).transport.get_write_buffer_size():
                break
        await send({"type": "http.response.body", "body": b""})

    reporting = server.gateway.app.state.reporting
    async with serve_app(answer_early, reporting) as (port, state):
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        await wait_until(lambda: state.connections)
        await wait_until(lambda: not state.connections)
        writer.close()


async def test_a_connection_above_the_limit_takes_the_place_of_the_longest_idle_one(database_url: str) -> None:
    async with (
        open_server(database_url, keep_alive=60, client_timeout=5, connection_limit=3) as server,
        server.connect(),
        server.connect() as (longest, first_writer),
        server.connect() as (other, second_writer),
    ):
        request = server.build_request(VIEWER)
        for reader, writer in ((longest, first_writer), (other, second_writer)):
            writer.write(request)
            assert (await read_response(reader))[0] == 200
        async with server.connect(request) as (new, _):
            assert (await read_response(new))[0] == 200
        assert await longest.read() == b""
        second_writer.write(request)
        assert (await read_response(other))[0] == 200


async def test_a_connection_above_the_limit_is_refused(database_url: str) -> None:
    async with open_server(database_url, client_timeout=5, connection_limit=2) as server:
        request = server.build_request(VIEWER)
        async with server.connect(), server.connect(b"POST"), server.connect(request) as (reader, _):
            message = "The gateway has as many connections as GATEWAY_CONNECTION_LIMIT allows, 2; retry later."
            headers = await assert_refused(reader, 503, "OVERLOADED", message)
            assert headers["retry-after"] == "1"
        await wait_until(lambda: not server.state.connections)
        async with server.connect(server.build_request(VIEWER)) as (reader, _):
            assert (await read_response(reader))[0] == 200
