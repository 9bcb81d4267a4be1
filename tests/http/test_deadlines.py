"""Request timeouts: a request ends at its deadline or when its client disconnects, and so does all its work."""

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest
from httpx import Response
from sqlalchemy import func, select, text

from gateway import services
from gateway.database.connections import PooledConnection
from gateway.database.tables import Integration, UseCaseGroup
from gateway.execution.compiler import chunked_output
from tests.support.contexts import create_context
from tests.support.endpoints import get_codes, get_message
from tests.support.factories import connected, record, store
from tests.support.gateway import TEAM, Gateway, serve_gateway
from tests.support.stalling import CancellableRequest, assert_idle, expire_requests, stall_statements
from tests.support.upserts import UPSERT, build_documented_input

NOT_CHANGED = "The request was cancelled after 10 seconds; nothing was changed. Ask for less, or retry later."
GET = '{ integration(id: "i") { name ... on ConnectedIntegration { useCases { nodes { id } } } } }'
GOT = {"data": {"integration": {"name": "n", "useCases": {"nodes": []}}}}
EXPORT = '{ integrationExport(integrationId: "i") { resourceRecords { id } } }'
CREATE = 'createIntegration(input: {connected: {name: "N", provider: GOOGLE}}) { errors { code } }'


@pytest.fixture
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway with an integration, which caches keys."""
    async with serve_gateway(database_url, key_memory=60) as gateway:
        await store(gateway.database, connected("i", name="n"))
        yield gateway


async def assert_timed_out(
    gateway: Gateway, began: asyncio.Event, request: Awaitable[Response], message: str = NOT_CHANGED
) -> None:
    """Require that the request times out after an event, and that its statements end."""
    response, _ = await asyncio.gather(request, expire_requests(gateway, began))
    assert (response.status_code, get_codes(response)) == (503, ["TIMEOUT"])
    assert response.headers["Retry-After"] == "10"
    assert get_message(response) == message
    await assert_idle(gateway.database)


async def _count_groups(gateway: Gateway) -> int:
    async with gateway.read() as session:
        return await session.scalar(select(func.count()).select_from(UseCaseGroup)) or 0


@pytest.mark.parametrize("table", ["FROM integration", "FROM use_case"])
async def test_a_query_that_times_out_is_cancelled_with_its_statement(gateway: Gateway, table: str) -> None:
    client = await gateway.client()
    # In the statement of a field and of a batch; with a new document, and with a cached one.
    for _ in range(2):
        with stall_statements(table) as began:
            await assert_timed_out(gateway, began, client.send(GET, {}))
        assert await client(GET) == GOT
    with stall_statements(table) as began:
        headers = {"Authorization": f"Bearer {client.key}"}
        request = gateway.http.get("/graphql", params={"query": GET}, headers=headers)
        await assert_timed_out(gateway, began, request)


async def test_a_slow_lookup_of_a_key_times_out(gateway: Gateway) -> None:
    client = await gateway.client()
    with stall_statements("FROM api_key") as began:
        await assert_timed_out(gateway, began, client.send(GET, {}))
    assert await client(GET) == GOT


async def test_a_response_that_takes_too_long_to_write_is_cancelled_between_chunks(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, *(record(f"r{n}", "i", {"type": "practitioners"}) for n in range(600)))
    for _ in range(2):
        began = asyncio.Event()

        async def pause(began: asyncio.Event = began) -> None:
            began.set()
            await asyncio.Event().wait()

        with patch.object(chunked_output, "pause", pause):
            await assert_timed_out(gateway, began, client.send(EXPORT, {}))
        assert len((await client.data(EXPORT))["integrationExport"]["resourceRecords"]) == 600


@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_mutation_that_times_out_changes_nothing(gateway: Gateway, dry_run: bool) -> None:
    client = await gateway.client()
    variables = {"input": build_documented_input(), "integrationId": "i", "dryRun": dry_run}
    with stall_statements("INSERT INTO use_case ") as began:
        await assert_timed_out(gateway, began, client.send(UPSERT, variables))
    assert await _count_groups(gateway) == 0
    assert (await client.data(UPSERT, **variables))["upsertUseCaseGroup"]["outcome"] == "CREATED"


async def test_a_dry_run_that_reads_its_own_transaction_times_out(gateway: Gateway) -> None:
    client = await gateway.client()
    variables = {"input": build_documented_input(), "integrationId": "i", "dryRun": True}
    with stall_statements("ORDER BY use_case.") as began:
        await assert_timed_out(gateway, began, client.send(UPSERT, variables))
    assert await _count_groups(gateway) == 0


async def test_a_commit_that_has_begun_finishes_and_is_reported(gateway: Gateway) -> None:
    client, execute = await gateway.client(), PooledConnection.execute
    began, may_commit = asyncio.Event(), asyncio.Event()

    async def delay_commit(self: PooledConnection, statement: str) -> None:
        if statement == "COMMIT":
            began.set()
            await may_commit.wait()
        await execute(self, statement)

    async def expire_then_commit() -> None:
        await expire_requests(gateway, began)
        may_commit.set()

    with patch.object(PooledConnection, "execute", delay_commit):
        response, _ = await asyncio.gather(
            client.send(f"mutation {{ a: {CREATE} b: {CREATE} }}", {}), expire_then_commit()
        )
    assert (response.status_code, get_codes(response)) == (503, ["TIMEOUT"])
    assert get_message(response) == NOT_CHANGED.replace("nothing was changed", "only `a` was done")
    await assert_idle(gateway.database)
    async with gateway.read() as session:
        assert sorted(await session.scalars(select(Integration.name))) == ["N", "n"]


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_postgresql_has_a_statement_timeout(database_url: str) -> None:
    async with (
        serve_gateway(database_url, request_timeout=4, database_lock_timeout=3) as gateway,
        gateway.database.write() as session,
    ):
        names = ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout")
        shown = [(await session._connection.fetch(f"SHOW {name}"))[0][0] for name in names]
        assert shown == ["2s", "6s", "3s"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("table", ["FROM integration", "FROM use_case"])
async def test_a_query_is_cancelled_when_its_client_disconnects(gateway: Gateway, table: str, method: str) -> None:
    client = await gateway.client()
    with stall_statements(table) as began:
        request = CancellableRequest(gateway, client, GET, method=method)
        await request.leave(began)
    assert request.sent == []
    await assert_idle(gateway.database)
    assert await client(GET) == GOT


@pytest.mark.parametrize("query", [UPSERT, f"mutation {{ {CREATE} }}"])
async def test_a_mutation_whose_client_disconnects_is_rolled_back(gateway: Gateway, query: str) -> None:
    client = await gateway.client()
    with stall_statements("INSERT INTO use_case " if query is UPSERT else "INSERT INTO integration") as began:
        request = CancellableRequest(gateway, client, query, input=build_documented_input(), integrationId="i")
        await request.leave(began)
    assert request.sent == []
    await assert_idle(gateway.database)
    async with gateway.read() as session:
        assert [*await session.scalars(select(Integration.name))] == ["n"]
        assert [*await session.scalars(select(UseCaseGroup.id))] == []


async def test_clients_that_disconnect_at_any_moment_leak_nothing(gateway: Gateway) -> None:
    client = await gateway.client()
    threads = threading.active_count()
    for number in range(100):
        request = CancellableRequest(gateway, client, GET if number % 4 else f"mutation {{ {CREATE} }}")
        for _ in range(number % 25):
            await asyncio.sleep(0)
        request.task.cancel()
        await asyncio.wait([request.task])
    await assert_idle(gateway.database)
    assert await client(GET) == GOT
    assert threading.active_count() <= threads + 12
    if not gateway.database.is_sqlite:
        async with gateway.read() as session:
            assert (
                await session.scalar(
                    text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
                )
                or 0
            ) < 25


@pytest.mark.parametrize("seconds", [0.05, 60.0])
async def test_a_write_that_waits_for_another_program_ends(
    tmp_path: Path, sqlite_template: Path, seconds: float
) -> None:
    file = tmp_path / "gateway.db"
    shutil.copyfile(sqlite_template, file)
    async with serve_gateway(
        f"sqlite+aiosqlite:///{file}", key_memory=60, database_lock_timeout=seconds
    ) as gateway:
        client = await gateway.client()
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            if seconds < 1:
                response = await client.send(f"mutation {{ {CREATE} }}", {})
                assert (response.status_code, get_codes(response)) == (503, ["OVERLOADED"])
                assert get_message(response).startswith("Another program writes to the database")
            else:
                request = CancellableRequest(gateway, client, f"mutation {{ {CREATE} }}")
                request.leaves.set()
                await request.task
                assert request.sent == []
        await assert_idle(gateway.database)
        assert (await client.data(f"mutation {{ {CREATE} }}"))["createIntegration"]["errors"] == []


async def test_an_operation_that_is_cancelled_while_it_ends_leaks_nothing(gateway: Gateway) -> None:
    context = create_context((await gateway.client()).viewer, gateway.database)
    with stall_statements("FROM use_case") as began:
        batch = context.load_many(services.use_cases.list_use_cases_of_groups, [(TEAM, "g")], (), None)
        field = asyncio.create_task(batch)
        await began.wait()
        # A field is cancelled like this when another one fails. Its batch goes on, and the operation waits for it.
        field.cancel()
        ending = asyncio.create_task(context.finish())
        await asyncio.wait([ending], timeout=0.05)
        for _ in range(2):
            ending.cancel()
            await asyncio.sleep(0)
        await asyncio.wait([field, ending, *context._batch_tasks])
        await assert_idle(gateway.database)
