"""Stored counts equal the records after concurrent writes, rollbacks and deletions."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from gateway.database import diagnostics
from gateway.database.tables import DayCount, ResourceRecord, TypeCount
from tests.graph.test_record_changes import UPSERT
from tests.support.commands import run_gateway
from tests.support.factories import connected, record, store
from tests.support.gateway import Gateway, serve_gateway
from tests.support.verifying import find_differences
from tests.support.writing import CLINIC, RandomWrites, create_writes

pytestmark = pytest.mark.usefixtures("restored_logging")


@pytest.fixture
async def slow_gateway(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway with long timeouts for locks and connections."""
    waits = dict.fromkeys(("database_pool_timeout", "database_lock_timeout", "request_timeout"), 100)
    async with serve_gateway(database_url, **waits) as gateway:
        yield gateway


async def _read_counts(gateway: Gateway) -> list[Any]:
    """Return all rows of the counts by day and by type."""
    found: list[Any] = []
    async with gateway.read() as session:
        for table in (DayCount.__table__, TypeCount.__table__):
            found += map(tuple, await session.execute(select(table).order_by(*table.primary_key)))
    return found


async def test_forty_concurrent_writers_lose_no_count(slow_gateway: Gateway) -> None:
    gateway = slow_gateway
    await store(gateway.database, connected(CLINIC, timezone="America/Chicago"))
    client = await gateway.client()
    writers = [RandomWrites(client, Random(seed)) for seed in range(40)]
    moving = len(writers) // 2

    async def write(index: int) -> None:
        await writers[index].run(2)
        if index == moving:
            await writers[index].change_timezone()
        await writers[index].run(1)

    await asyncio.gather(*(write(index) for index in range(len(writers))))
    assert await find_differences(gateway.database) == []
    assert await _read_counts(gateway) != []


async def test_rolled_back_writes_are_not_counted(gateway: Gateway) -> None:
    await store(gateway.database, connected(CLINIC))
    writes = await create_writes(gateway, 1)
    await writes.upsert()
    before = await _read_counts(gateway)
    for _ in range(3):
        await writes.upsert(dry=True)
        for mode in ("MERGE", "REPLACE"):
            await writes.import_records(mode, dry=True)
    assert await _read_counts(gateway) == before
    assert await find_differences(gateway.database) == []


async def test_deleting_an_integration_after_writes_deletes_its_counts(gateway: Gateway) -> None:
    await store(gateway.database, connected(CLINIC), connected("other"))
    await store(gateway.database, record("a", "other"))
    writes = await create_writes(gateway, 2)
    others = await _read_counts(gateway)
    await writes.upsert()
    assert len(await _read_counts(gateway)) > len(others)
    await writes.delete_integration()
    assert await _read_counts(gateway) == others
    assert await find_differences(gateway.database) == []


async def test_a_record_of_the_first_instant_can_be_changed_and_listed(gateway: Gateway) -> None:
    """PostgreSQL's driver stores that instant as -infinity, and returns it differently from others."""
    first, client = "0001-01-01T00:00:00.000Z", await gateway.client()
    await store(gateway.database, connected(CLINIC))
    for state, outcome in (("FAILED", "CREATED"), ("FAILED", "UNCHANGED"), ("PENDING", "UPDATED")):
        given = {"logicalId": "a", "createdAt": first, "config": {"appointment": {"bookingStatus": state}}}
        (upserted,) = (await client.data(UPSERT, records=[given]))["upsertResourceRecords"]["records"]
        assert (upserted["outcome"], upserted["record"]["createdAt"]) == (outcome, first)
    assert await find_differences(gateway.database) == []
    listed = """query ($after: String) { integration(id: "clinic") { ... on ConnectedIntegration {
        resourceRecords(first: 1, after: $after) { nodes { createdAt } pageInfo { endCursor } } } } }"""
    page = (await client.data(listed))["integration"]["resourceRecords"]
    assert page["nodes"] == [{"createdAt": first}]
    after = page["pageInfo"]["endCursor"]
    assert (await client.data(listed, after=after))["integration"]["resourceRecords"]["nodes"] == []


async def test_deleting_an_integration_deletes_only_its_own_counts(gateway: Gateway) -> None:
    await store(gateway.database, connected(CLINIC), connected("other"), record("a", "other"))
    others = await _read_counts(gateway)
    await store(gateway.database, record("b", CLINIC))
    assert len(await _read_counts(gateway)) > len(others) > 0
    client = await gateway.client()
    await client.data('mutation { deleteIntegration(id: "%s") { deletedIds } }' % CLINIC)  # noqa: UP031
    assert await _read_counts(gateway) == others
    assert await find_differences(gateway.database) == []


async def test_concurrent_deletion_of_an_integration_leaves_no_counts(slow_gateway: Gateway) -> None:
    gateway = slow_gateway
    client = await gateway.client()
    for seed in range(3):
        await store(gateway.database, connected(CLINIC))
        *writers, remover = (RandomWrites(client, Random(seed)) for seed in range(9))
        writes = [remover.delete_integration(), *(writer.upsert() for writer in writers)]
        Random(seed).shuffle(writes)
        await asyncio.gather(*writes)
        assert await diagnostics.find_orphans(gateway.database) == []
        async with gateway.read() as session:
            assert (await session.scalars(select(ResourceRecord.id))).all() == []
        assert await _read_counts(gateway) == []


def _write_lines(path: Path, *records: object) -> Path:
    path.write_text("".join(f"{json.dumps(each)}\n" for each in records))
    return path


async def test_importing_changed_lines_moves_their_counts(gateway: Gateway, tmp_path: Path) -> None:
    """Each line has a random status, type of visit, type of record, source and instant."""
    await store(gateway.database, connected(CLINIC, timezone="Asia/Kathmandu"))
    writes = await create_writes(gateway, 3)
    url = gateway.database.url.render_as_string(hide_password=False)
    for _ in range(6):
        file = _write_lines(tmp_path / "lines.jsonl", *(writes.record(number) for number in range(20)))
        done = await asyncio.to_thread(run_gateway, "import", str(file), database_url=url)
        assert done.exit_code == 0, done.output
        assert await find_differences(gateway.database) == []
