"""Large exports: they are sent as they are read, from one snapshot, with little memory."""

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import patch

import pytest

from gateway.database.connections import PooledConnection
from gateway.domain.failure_causes import FailureCause
from gateway.errors import Unavailable
from tests.http.test_reporting import read_log_lines
from tests.support.examples import INTEGRATION, export, record
from tests.support.factories import record as record_row
from tests.support.factories import store
from tests.support.gateway import TEAM, Client, Gateway, serve_gateway
from tests.support.listening import open_server
from tests.support.rest import EXPORT, StreamedRequest, import_document, send
from tests.support.stalling import assert_idle, expire_requests

PATH = EXPORT.format(INTEGRATION)
BATCH = 2**20
"""Bytes of a batch, about."""


async def do_nothing(_number: int) -> None:
    pass


def build_document(records: int, size: int) -> dict[str, Any]:
    """Return a document with records of about this size."""
    config = {"type": "locations", "name": "x" * size}
    return {**export(), "resource_records": [record(number, config=config) for number in range(records)]}


@pytest.fixture
async def client(gateway: Gateway) -> Client:
    """A client of a team whose export has five batches."""
    await import_document(gateway, build_document(1_600, 2_000), TEAM)
    return await gateway.client()


async def test_a_large_export_has_the_bytes_of_the_graph(client: Client) -> None:
    query = "query($id: ID!) { integrationExport(integrationId: $id) { document } }"
    expected = (await client.data(query, id=INTEGRATION))["integrationExport"]["document"]
    response = await send(client, PATH)
    assert response.status_code == 200
    assert "Content-Length" not in response.headers
    assert json.dumps(response.json()) == json.dumps(expected)


async def test_head_of_a_large_export_reads_no_further(gateway: Gateway, client: Client) -> None:
    request = StreamedRequest(gateway, client, PATH, do_nothing, "HEAD")
    await request.run()
    assert (request.status, request.parts, request.is_complete) == (200, [], True)
    await assert_idle(gateway.database)
    # The connection has left the snapshot.
    await store(gateway.database, record_row("f" * 24, INTEGRATION))
    assert b"f" * 24 in (await send(client, PATH)).content


async def test_all_batches_are_from_one_snapshot(gateway: Gateway, client: Client) -> None:
    before = (await send(client, PATH)).content

    async def add_record(number: int) -> None:
        if number == 1:
            await store(gateway.database, record_row("f" * 24, INTEGRATION))

    request = StreamedRequest(gateway, client, PATH, add_record)
    await request.run()
    assert b"".join(request.parts) == before
    assert (await send(client, PATH)).content != before


async def test_a_timeout_cuts_the_connection(
    gateway: Gateway, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    is_sending = asyncio.Event()

    async def wait(number: int) -> None:
        if number == 2:
            is_sending.set()
            await asyncio.Event().wait()

    request = StreamedRequest(gateway, client, PATH, wait)
    await asyncio.gather(request.run(), expire_requests(gateway, is_sending))
    assert (request.status, request.is_complete, len(request.parts)) == (200, False, 2)
    await assert_idle(gateway.database)
    line = (await read_log_lines(gateway, capsys))[-1]
    assert (line["op_name"], line["status"], line["codes"]) == ("rest:export", 200, ["TIMEOUT"])
    assert line["bytes"] == sum(map(len, request.parts))


async def test_a_client_that_disconnects_frees_the_connection(
    gateway: Gateway, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    async def leave(number: int) -> None:
        if number == 2:
            request.leaves.set()
            await asyncio.Event().wait()

    request = StreamedRequest(gateway, client, PATH, leave)
    async with asyncio.timeout(30):
        await request.run()
    assert not request.is_complete
    await assert_idle(gateway.database)
    assert gateway.database.exports.used_slots == 0
    line = (await read_log_lines(gateway, capsys))[-1]
    assert (line["op_name"], line["status"]) == ("rest:export", None)


async def test_a_failure_of_the_database_cuts_the_connection(gateway: Gateway, client: Client) -> None:
    run = PooledConnection.stream

    async def fail_later(self: PooledConnection, *arguments: Any) -> AsyncIterator[Any]:
        batches = run(self, *arguments)
        for _ in range(4):
            yield await anext(batches)
        await batches.aclose()
        raise Unavailable(FailureCause.STORAGE)

    request = StreamedRequest(gateway, client, PATH, do_nothing)
    with patch.object(PooledConnection, "stream", fail_later):
        await request.run()
    assert (request.status, request.is_complete) == (200, False)
    await assert_idle(gateway.database)
    # The next request has another connection.
    assert (await send(client, PATH)).status_code == 200


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_client_sees_that_a_stream_was_cut(database_url: str) -> None:
    async with open_server(database_url) as server:
        await import_document(server.gateway, build_document(6_000, 2_000), TEAM)
        request = f"GET {PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {server.client.key}\r\n\r\n"
        async with server.connect(request.encode()) as (reader, _):
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"transfer-encoding: chunked" in head
            is_sending = asyncio.Event()
            is_sending.set()
            await expire_requests(server.gateway, is_sending)
            rest = await reader.read()
            assert not rest.endswith(b"0\r\n\r\n")
        await assert_idle(server.gateway.database)


async def test_an_export_needs_a_free_slot(database_url: str) -> None:
    async with serve_gateway(database_url, database_pool_timeout=0.05) as gateway:
        await import_document(gateway, export(), TEAM)
        client, slots = await gateway.client(), gateway.database.exports
        while slots.try_acquire(TEAM):
            pass
        response = await send(client, PATH)
        detail = "The gateway is overloaded; nothing was changed. Retry later."
        assert (response.status_code, response.json()) == (503, {"detail": detail})
        while slots.used_slots:
            slots.release(TEAM)
        assert (await send(client, PATH)).status_code == 200


async def test_a_stream_has_about_one_batch_in_memory(gateway: Gateway) -> None:
    await import_document(gateway, build_document(6_000, 4_000), TEAM)
    client = await gateway.client()
    sizes: list[int] = []

    class Discarding(StreamedRequest):
        async def _send(self, message: Any) -> None:
            sizes.append(len(message.get("body", b"")))

    await Discarding(gateway, client, PATH, do_nothing).run()  # Fills caches.
    tracemalloc.start()
    try:
        await Discarding(gateway, client, PATH, do_nothing).run()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(sizes) > 20 * BATCH
    assert max(sizes) < 1.5 * BATCH
    assert peak < 2 * max(sizes)
