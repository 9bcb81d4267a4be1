"""SQLite's disk is full or hangs, or its file is damaged or read-only."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from time import sleep
from unittest.mock import patch

import pytest

from gateway.database import sqlite_driver
from tests.faults.test_postgresql_states import find_failing_parts, read_metric
from tests.support.endpoints import get_codes, get_message
from tests.support.factories import connected, record, store
from tests.support.gateway import Client, Gateway, serve_gateway

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("database_kind", ["sqlite"])]

READ = '{ integration(id: "i") { name } }'
LIST = "{ integrations { nodes { name } } }"
RECORDS = '{ integration(id: "i") { ... on ConnectedIntegration { resourceRecords { nodes { id } } } } }'
CREATE = 'mutation { createIntegration(input: {connected: {name: "N", provider: GOOGLE}}) { errors { code } } }'


@pytest.fixture
def file(database_url: str) -> Path:
    return Path(database_url.partition("///")[2])


@pytest.fixture
async def serving(database_url: str) -> AsyncIterator[Gateway]:
    async with serve_gateway(database_url, key_memory=60, request_timeout=2) as gateway:
        await store(gateway.database, connected("i", name="n"))
        yield gateway


@pytest.fixture
async def client(serving: Gateway) -> Client:
    client = await serving.client()
    assert await client.data(READ)
    assert await client.data(CREATE)
    return client


async def assert_unavailable(client: Client, query: str, reason: str) -> None:
    response = await client.send(query, {})
    assert (response.status_code, get_codes(response)) == (503, ["UNAVAILABLE"])
    assert get_message(response) == f"{reason}; nothing was changed. Retry later."
    assert response.headers["Retry-After"] == "1"


async def test_a_full_disk_is_read_and_is_written_again_when_it_has_space(
    serving: Gateway, client: Client
) -> None:
    writing = serving.database._write_pool._idle[0]
    (pages,) = (await writing.fetch("PRAGMA page_count"))[0]
    await writing.fetch(f"PRAGMA max_page_count = {pages}")
    reason = "The storage of the database is full or fails"
    many = " ".join(
        f'f{n}: createIntegration(input: {{connected: {{name: "{"N" * 200}", provider: GOOGLE}}}}) '
        "{ errors { code } }"
        for n in range(20)
    )
    while (response := await client.send(f"mutation {{ {many} }}", {})).status_code == 200:
        pass  # until no page has space
    assert (response.status_code, get_codes(response)) == (503, ["UNAVAILABLE"])
    assert get_message(response).startswith(reason)
    assert await client.data(READ) == {"integration": {"name": "n"}}
    assert await read_metric(serving, "storage") >= 1
    writing = serving.database._write_pool._idle[0]
    await writing.fetch("PRAGMA max_page_count = 1000000")
    assert (await client.data(CREATE))["createIntegration"]["errors"] == []
    assert await find_failing_parts(serving) == {}


async def test_a_damaged_file_is_not_written_any_more(serving: Gateway, client: Client, file: Path) -> None:
    await store(serving.database, *(record(f"r{n}", "i", {"type": "practitioners"}) for n in range(300)))
    await serving.database.dispose()
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        roots = other.execute(
            "SELECT rootpage FROM sqlite_master WHERE tbl_name = 'resource_record' AND rootpage > 0"
        ).fetchall()
        (size,) = other.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as content:
        for (root,) in roots:
            content.seek((root - 1) * size)
            content.write(b"\xff" * size)
    reason = "The file of the database is damaged"
    await assert_unavailable(client, RECORDS, reason)
    assert await client.data(READ) == {"integration": {"name": "n"}}
    await assert_unavailable(client, CREATE, reason)
    assert await find_failing_parts(serving) == {"storage": reason}
    # Also when what it finds next is sound.
    assert await client.data(LIST)
    await assert_unavailable(client, CREATE, reason)


def overwrite(file: Path) -> None:
    for path in file.parent.glob(f"{file.name}-*"):
        path.unlink()
    file.write_bytes(b"x" * 65_536)


async def test_a_file_that_is_no_database_is_unavailable(serving: Gateway, client: Client, file: Path) -> None:
    await serving.database.dispose()
    overwrite(file)
    reason = "The file of the database is damaged"
    await assert_unavailable(client, READ, reason)
    await assert_unavailable(client, CREATE, reason)
    assert await find_failing_parts(serving) == {"storage": reason}


async def test_a_read_only_file_is_read_and_is_written_again_as_soon_as_it_can(
    serving: Gateway, client: Client
) -> None:
    open_file = sqlite_driver._open

    def open_read_only(file: str, lock_timeout: float, _read_only: bool) -> sqlite3.Connection:
        return open_file(file, lock_timeout, read_only=True)

    await serving.database._write_pool._idle[0].close()
    with patch.object(sqlite_driver, "_open", open_read_only):
        await assert_unavailable(client, CREATE, "The database is read-only")
        assert await find_failing_parts(serving) == {"read-only": "The database is read-only"}
        assert await client.data(READ) == {"integration": {"name": "n"}}
    assert (await client.data(CREATE))["createIntegration"]["errors"] == []
    assert await find_failing_parts(serving) == {}


async def test_a_commit_on_a_disk_that_hangs_has_an_unknown_outcome(serving: Gateway, client: Client) -> None:
    execute = sqlite_driver.SqliteConnection.execute

    async def hang(self: sqlite_driver.SqliteConnection, text: str) -> None:
        if text == "COMMIT":
            await self._submit(sleep, 4.0)
        await execute(self, text)

    with patch.object(sqlite_driver.SqliteConnection, "execute", hang):
        async with asyncio.timeout(4):
            response = await client.send(CREATE, {})
    assert (response.status_code, get_codes(response)) == (503, ["UNKNOWN_OUTCOME"])
    assert "`createIntegration` may have been done" in get_message(response)
    assert serving.database.queues["write"].used_slots == 0
