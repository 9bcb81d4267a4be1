"""PostgreSQL is read-only, takes no more connections, ends statements and locks, or closes connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Select, make_url, select
from structlog.testing import capture_logs

from gateway import services
from gateway.database import Database, Team, Writer, prepared
from gateway.database import database as database_module
from gateway.domain.calendar import instants
from gateway.errors import Overloaded, Unavailable
from gateway.settings import Settings
from tests.support.endpoints import get_codes, get_message
from tests.support.factories import connected, store
from tests.support.gateway import Client, Gateway, serve_gateway
from tests.support.stalling import stall_statements

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("database_kind", ["postgresql"])]

READ = '{ integration(id: "i") { name } }'
LIST = "{ integrations { nodes { name } } }"
CREATE = 'mutation { createIntegration(input: {connected: {name: "N", provider: GOOGLE}}) { errors { code } } }'


@prepared
def select_teams() -> Select[Team]:
    return select(Team)


@pytest.fixture
async def serving(database_url: str) -> AsyncIterator[Gateway]:
    async with serve_gateway(database_url, key_memory=60, request_timeout=4) as gateway:
        await store(gateway.database, connected("i", name="n"))
        yield gateway


@pytest.fixture
async def client(serving: Gateway) -> Client:
    client = await serving.client()
    assert await client.data(READ)
    assert await client.data(CREATE)
    return client


async def administer(url: str, statement: str, database: str | None = "postgres") -> None:
    """Run a statement as an administrator."""
    address = make_url(url).set(drivername="postgresql", database=database)
    connection = await asyncpg.connect(address.render_as_string(hide_password=False))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def close_connections(url: str) -> None:
    """Have the server close all connections to a database, as a restart does."""
    name = make_url(url).database
    await administer(url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


async def read_metric(gateway: Gateway, cause: str) -> float:
    name = f'gateway_database_unavailable_total{{cause="{cause}"}} '
    (line,) = [line for line in (await gateway.http.get("/metrics")).text.splitlines() if line.startswith(name)]
    return float(line.removeprefix(name))


async def find_failing_parts(gateway: Gateway) -> dict[str, str]:
    """Return what `/readyz` says, checked anew."""
    gateway.app.state.health._checked_at = 0.0
    assert (await gateway.http.get("/livez")).status_code == 200
    response = await gateway.http.get("/readyz")
    failing: dict[str, str] = response.json().get("failing", {})
    assert response.status_code == (503 if failing else 200)
    return failing


async def test_a_read_only_database_is_read_and_is_written_again_as_soon_as_it_can(
    serving: Gateway, client: Client, database_url: str
) -> None:
    name = make_url(database_url).database
    await administer(database_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    # The sessions of now keep their default.
    await close_connections(database_url)
    with capture_logs() as logs:
        for _ in range(3):
            response = await client.send(CREATE, {})
            assert (response.status_code, get_codes(response)) == (503, ["UNAVAILABLE"])
            assert get_message(response) == "The database is read-only; nothing was changed. Retry later."
            assert response.headers["Retry-After"] == "1"
    lines = [line for line in logs if line["event"] == "database.unavailable" and line["cause"] == "read-only"]
    assert len(lines) == 1
    assert await read_metric(serving, "read-only") == 3
    assert "errors" not in await client(READ)
    assert await find_failing_parts(serving) == {"read-only": "The database is read-only"}
    await administer(database_url, f"ALTER DATABASE {name} RESET default_transaction_read_only")
    assert (await client.data(CREATE))["createIntegration"]["errors"] == []
    assert await find_failing_parts(serving) == {}


@asynccontextmanager
async def limit_connections(url: str, count: int) -> AsyncIterator[str]:
    """Yield the URL of a database for a user that may have so many connections; superusers have no limit."""
    name = make_url(url).database
    guest = f"guest_of_{name}"
    await administer(url, f"CREATE ROLE {guest} LOGIN CONNECTION LIMIT {count}")
    await administer(url, f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {guest}", name)
    try:
        yield make_url(url).set(username=guest).render_as_string(hide_password=False)
    finally:
        await administer(url, f"DROP OWNED BY {guest}", name)
        await administer(url, f"DROP ROLE {guest}")


@asynccontextmanager
async def limited_client(url: str) -> AsyncIterator[None]:
    """Another client of the same user."""
    address = make_url(url).set(drivername="postgresql")
    connection = await asyncpg.connect(address.render_as_string(hide_password=False))
    try:
        yield
    finally:
        await connection.close()


async def test_without_free_slots_a_replica_that_has_connections_stays_ready(database_url: str) -> None:
    async with limit_connections(database_url, 3) as url, serve_gateway(url, key_memory=60) as serving:
        await store(serving.database, connected("i", name="n"))
        await serving.database._engine.dispose()
        client = await serving.client()
        assert await client.data(READ)
        assert await find_failing_parts(serving) == {}
        async with serve_gateway(url) as other:
            assert await find_failing_parts(other) == {"database": "The database takes no more connections"}
        async with serving.database.read() as reader:
            await reader.fetch_rows(select_teams())
            response = await client.send(READ, {})
            assert (response.status_code, get_codes(response)) == (503, ["UNAVAILABLE"])
            assert get_message(response).startswith("The database takes no more connections; nothing was changed.")
            assert await find_failing_parts(serving) == {}
            # Nor when another client took the slot of the connection for probes.
            await serving.database._probe_pool.dispose()
            async with limited_client(url):
                assert await find_failing_parts(serving) == {}
        assert await read_metric(serving, "slots") >= 1
        assert await client.data(READ)
        assert (await client.data(CREATE))["createIntegration"]["errors"] == []


async def test_reads_and_writes_survive_that_the_server_closes_all_connections(
    client: Client, database_url: str
) -> None:
    for query in (READ, LIST, CREATE):
        await close_connections(database_url)
        assert "errors" not in await client(query)


async def test_a_heavy_statement_is_ended_by_the_server_and_is_no_outage(serving: Gateway, client: Client) -> None:
    with stall_statements("FROM integration"):
        response = await client.send(LIST, {})
    assert (response.status_code, get_codes(response)) == (503, ["TIMEOUT"])
    assert get_message(response) == (
        "The database cancelled a statement that took too long; nothing was changed. Ask for less, or retry later."
    )
    assert serving.database.availability.cut_off_detail is None
    assert "errors" not in await client(LIST)


async def test_a_lock_of_another_transaction_is_waited_for_as_long_as_the_setting_says(database_url: str) -> None:
    database = Database(Settings(database_url=database_url, database_lock_timeout=0.2))
    team = {"id": "t", "name": "t", "created_at": instants.now()}
    try:
        async with database.write() as first:
            await first.insert_rows(Team, [team])
            with pytest.raises(Overloaded, match="Another change of the same data"):
                async with database.write() as second:
                    await second.insert_rows(Team, [team])
    finally:
        await database.dispose()


async def test_a_transaction_whose_client_is_silent_loses_its_locks(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_GRACE", 0.1)
    database = Database(Settings(database_url=database_url), request_timeout=1)
    team = {"id": "t", "name": "t", "created_at": instants.now()}
    try:
        with pytest.raises(Unavailable, match="connection is closed"):
            async with database.write() as silent:
                await silent.insert_rows(Team, [team])
                await asyncio.sleep(1.3)
                async with database.write() as other:
                    await other.insert_rows(Team, [team])
                await silent.insert_rows(Team, [{**team, "id": "u"}])
    finally:
        await database.dispose()


async def test_a_mutation_that_meets_a_deadlock_runs_again(
    serving: Gateway, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, attempts = services.integration_changes.create_integration, []

    async def deadlocked(writer: Writer, *arguments: Any) -> Any:
        attempts.append(writer)
        if len(attempts) <= deadlocks:
            await writer._connection.fetch("DO $$ BEGIN RAISE EXCEPTION SQLSTATE '40P01'; END $$")
        return await create(writer, *arguments)

    monkeypatch.setattr(services.integration_changes, "create_integration", deadlocked)
    deadlocks = 3
    assert (await client.data(CREATE))["createIntegration"]["errors"] == []
    assert len(attempts) == 4
    attempts.clear()
    deadlocks = 4
    response = await client.send(CREATE, {})
    assert (response.status_code, get_codes(response)) == (503, ["OVERLOADED"])
    assert (
        get_message(response) == "Other changes of the same data came between; nothing was changed. Retry later."
    )
    assert len(attempts) == 4
    names = (await client.data(LIST))["integrations"]["nodes"]
    assert len(names) == 3
    assert serving.database.queues["write"].used_slots == 0
