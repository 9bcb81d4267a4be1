"""Clients that keep the gateway waiting, over real connections: they are let go, and are in nobody's way."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from tests.http.test_reporting import lines
from tests.support.endpoints import VIEWER
from tests.support.factories import connected, store
from tests.support.listening import (
    KEEP_ALIVE,
    TIMEOUT,
    Listening,
    answer,
    assert_refused,
    listening_on,
    open_listening,
    wait_until,
)
from tests.support.stalling import assert_idle, stall_statements

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

INVALID = "The request is not valid HTTP: Invalid method encountered. Send HTTP/1.1."
LATE = "The headers did not arrive within 0.1 seconds; send them again."


@pytest.fixture
async def listening(database_url: str) -> AsyncIterator[Listening]:
    async with open_listening(database_url) as listening:
        yield listening


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


async def test_an_idle_connection_is_kept_for_a_while_and_then_closed(listening: Listening) -> None:
    async with listening.connected(listening.request(VIEWER)) as (reader, writer):
        assert (await answer(reader))[0] == 200
        await asyncio.sleep(2 * TIMEOUT)
        writer.write(listening.request(VIEWER))
        assert (await answer(reader))[0] == 200
        assert await reader.read() == b""


@pytest.mark.parametrize("is_pipelined", [False, True])
async def test_headers_may_take_longer_than_an_idle_connection(database_url: str, is_pipelined: bool) -> None:
    async with open_listening(database_url, client_timeout=5) as listening:
        request = listening.request(VIEWER)
        async with listening.connected(request + (request[:10] if is_pipelined else b"")) as (reader, writer):
            assert (await answer(reader))[0] == 200
            writer.write(b"" if is_pipelined else request[:10])
            await asyncio.sleep(2 * KEEP_ALIVE)
            writer.write(request[10:])
            assert (await answer(reader))[0] == 200


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


async def test_the_memory_of_a_closed_connection_is_free_at_once(listening: Listening) -> None:
    gc.disable()
    try:
        incomplete = b"POST /graphql HTTP/1.1\r\ncontent-length: 9\r\n\r\n"
        for request in (listening.request(VIEWER), incomplete, b"?", b""):
            async with listening.connected(request) as (reader, _):
                await wait_until(lambda: listening.state.connections)
                connection = weakref.ref(next(iter(listening.state.connections)))
                if request:
                    await reader.readexactly(1)
            await wait_until(partial(_is_freed, connection))
    finally:
        gc.enable()


def _is_freed(reference: "weakref.ref[Any]") -> bool:
    return reference() is None


@pytest.mark.parametrize("next_request", [b"", b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n"])
async def test_a_query_ends_when_the_connection_of_its_client_does(
    listening: Listening, next_request: bytes
) -> None:
    await store(listening.gateway.database, connected("i", name="n"))
    query = '{ integration(id: "i") { name } }'
    with stall_statements("FROM integration") as began:
        async with listening.connected(listening.request(query) + next_request):
            await began.wait()
        async with asyncio.timeout(5):
            await asyncio.wait(listening.state.tasks)
    await assert_idle(listening.gateway.database)
    assert await listening.client.data(query) == {"integration": {"name": "n"}}
