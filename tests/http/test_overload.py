"""Overload: a few requests wait for a connection, the rest are refused, and no team blocks another."""

import asyncio
from collections.abc import AsyncIterator
from unittest.mock import patch

import pytest
from httpx import Response

from gateway.database.fair_queue import FairQueue
from gateway.schema.context import Context
from tests.support.endpoints import get_codes, get_message
from tests.support.factories import connected, store
from tests.support.gateway import OTHER_TEAM, Client, Gateway, serve_gateway
from tests.support.stalling import CancellableRequest, assert_idle, disable_inline_reads, stall_statements
from tests.support.upserts import UPSERT, build_documented_input

READ = '{ integration(id: "i") { name } }'
MANY = "{ " + " ".join(f'f{n}: integration(id: "i") {{ name }}' for n in range(5)) + " }"
LIGHT = "{ __typename viewer { userId } }"
WRITE = 'mutation { createIntegration(input: {connected: {name: "N", provider: GOOGLE}}) { errors { code } } }'


@pytest.fixture
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway with one read connection and short timeouts."""
    settings = {"database_pool_size": 1, "database_pool_timeout": 0.05, "database_lock_timeout": 0.05}
    async with serve_gateway(database_url, key_memory=60, **settings) as gateway:
        await store(gateway.database, connected("i", name="n"), connected("i", name="n", team_id=OTHER_TEAM))
        yield gateway


def assert_refused(response: Response) -> None:
    assert (response.status_code, get_codes(response)) == (503, ["OVERLOADED"])
    assert response.headers["Retry-After"] == "1"
    assert get_message(response) == "The gateway is overloaded; nothing was changed. Retry later."


async def create_cached_client(gateway: Gateway) -> Client:
    """Create a client whose key is cached."""
    client = await gateway.client()
    assert await client.data(LIGHT)
    return client


@pytest.mark.parametrize("query", [READ, MANY])
async def test_a_request_without_a_connection_in_time_is_refused_as_overloaded(
    gateway: Gateway, query: str
) -> None:
    client, acquire, waits = await create_cached_client(gateway), FairQueue.acquire, []

    async def count_waits(self: FairQueue, team: str | None) -> None:
        waits.append(team)
        await acquire(self, team)

    # With a new document, and with a cached one.
    for _ in range(2):
        waits.clear()
        with patch.object(FairQueue, "acquire", count_waits), disable_inline_reads():
            async with gateway.database._read_pool.connect("x"):
                assert_refused(await client.send(query, {}))
                assert await client.data(LIGHT)
        # It waited once, not once for each field and each executor.
        assert len(waits) == 1
        assert "errors" not in await client(query)


async def test_a_mutation_that_gets_no_connection_in_time_changes_nothing(gateway: Gateway) -> None:
    client = await create_cached_client(gateway)
    async with gateway.database._write_pool.connect("x"):
        assert_refused(await client.send(WRITE, {}))
    assert (await client.data("{ integrations { totalCount } }"))["integrations"]["totalCount"] == 1
    assert "errors" not in await client(WRITE)


async def test_a_key_that_cannot_be_looked_up_in_time_is_refused_as_overloaded(gateway: Gateway) -> None:
    client = await gateway.client()
    async with gateway.database._read_pool.connect("x"):
        with disable_inline_reads():
            assert_refused(await client.send(LIGHT, {}))
    assert await client.data(LIGHT)


async def test_a_committed_mutation_waits_for_a_connection_and_returns_its_result(gateway: Gateway) -> None:
    client = await create_cached_client(gateway)
    connection = await gateway.database._read_pool.acquire("x")
    mutation = asyncio.create_task(client.data(UPSERT, input=build_documented_input(), integrationId="i"))
    # Longer than the timeout of other requests.
    done, _ = await asyncio.wait([mutation], timeout=0.3)
    assert not done
    gateway.database._read_pool.release(connection)
    assert (await mutation)["upsertUseCaseGroup"]["group"]["integration"] == {"id": "i"}


async def test_a_refused_mutation_is_reported_after_one_that_was_committed(gateway: Gateway) -> None:
    client, write = await gateway.client(), Context.write

    async def write_without_connection(self: Context, *arguments: object, **options: object) -> object:
        if not self.answer.committed:
            return await write(self, *arguments, **options)  # type: ignore[arg-type]  # as they came
        async with gateway.database._write_pool.connect("x"):
            return await write(self, *arguments, **options)  # type: ignore[arg-type]  # likewise

    both = WRITE[:-2] + WRITE.removeprefix("mutation {").replace("createIntegration", "b: createIntegration")
    with patch.object(Context, "write", write_without_connection):
        response = await client.send(both, {})
    assert (response.status_code, get_codes(response)) == (503, ["OVERLOADED"])
    message = "The gateway is overloaded; only `createIntegration` was done. Retry later."
    assert get_message(response) == message


async def test_a_busy_team_does_not_delay_another_team(database_url: str) -> None:
    async with serve_gateway(database_url, key_memory=60, database_pool_size=4) as gateway:
        await store(gateway.database, connected("i", name="n"), connected("i", name="n", team_id=OTHER_TEAM))
        busy, other = await gateway.client(), await gateway.client(OTHER_TEAM)
        assert await busy.data(LIGHT)
        assert await other.data(READ)
        with stall_statements("FROM use_case") as began:
            slow_query = '{ integration(id: "i") { ... on ConnectedIntegration { useCases { nodes { id } } } } }'
            requests = [CancellableRequest(gateway, busy, slow_query) for _ in range(20)]
            await began.wait()
            assert await other.data(READ) == {"integration": {"name": "n"}}
            assert await busy.data(LIGHT)
            for request in requests:
                request.leaves.set()
            await asyncio.wait([request.task for request in requests])
        await assert_idle(gateway.database)
