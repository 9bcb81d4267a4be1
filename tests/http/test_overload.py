"""More than can be done at once: a few wait, the rest is refused at once, and nobody is kept out by others."""

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
async def narrow(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway that reads one thing at a time, and for which nobody waits for long."""
    settings = {"database_pool_size": 1, "database_pool_timeout": 0.05, "database_lock_timeout": 0.05}
    async with serve_gateway(database_url, key_memory=60, **settings) as gateway:
        await store(gateway.database, connected("i", name="n"), connected("i", name="n", team_id=OTHER_TEAM))
        yield gateway


def assert_refused(response: Response) -> None:
    assert (response.status_code, get_codes(response)) == (503, ["OVERLOADED"])
    assert response.headers["Retry-After"] == "1"
    assert get_message(response) == "The gateway is overloaded; nothing was changed. Retry later."


async def known(gateway: Gateway) -> Client:
    """Somebody whose key was looked up."""
    client = await gateway.client()
    assert await client.data(LIGHT)
    return client


@pytest.mark.parametrize("query", [READ, MANY])
async def test_who_gets_no_connection_in_time_is_told_to_come_again(narrow: Gateway, query: str) -> None:
    client, enter, waits = await known(narrow), FairQueue.acquire, []

    async def counted(self: FairQueue, team: str | None) -> None:
        waits.append(team)
        await enter(self, team)

    # As a document that is new, and as one that is known.
    for _ in range(2):
        waits.clear()
        with patch.object(FairQueue, "acquire", counted), disable_inline_reads():
            async with narrow.database._read_pool.connect("x"):
                assert_refused(await client.send(query, {}))
                assert await client.data(LIGHT)
        # It waited once, not again for each field and each way to execute them.
        assert len(waits) == 1
        assert "errors" not in await client(query)


async def test_a_mutation_that_gets_no_connection_in_time_changes_nothing(narrow: Gateway) -> None:
    client = await known(narrow)
    async with narrow.database._write_pool.connect("x"):
        assert_refused(await client.send(WRITE, {}))
    assert (await client.data("{ integrations { totalCount } }"))["integrations"]["totalCount"] == 1
    assert "errors" not in await client(WRITE)


async def test_a_key_that_cannot_be_looked_up_in_time_is_told_to_come_again(narrow: Gateway) -> None:
    client = await narrow.client()
    async with narrow.database._read_pool.connect("x"):
        with disable_inline_reads():
            assert_refused(await client.send(LIGHT, {}))
    assert await client.data(LIGHT)


async def test_what_was_written_is_told_however_much_there_is_to_do(narrow: Gateway) -> None:
    client = await known(narrow)
    lease = await narrow.database._read_pool.acquire("x")
    writing = asyncio.create_task(client.data(UPSERT, input=build_documented_input(), integrationId="i"))
    # Longer than anyone else would wait.
    done, _ = await asyncio.wait([writing], timeout=0.3)
    assert not done
    narrow.database._read_pool.release(lease)
    assert (await writing)["upsertUseCaseGroup"]["group"]["integration"] == {"id": "i"}


async def test_of_several_mutations_those_that_were_done_are_told(narrow: Gateway) -> None:
    client, write = await narrow.client(), Context.write

    async def crowded(self: Context, *arguments: object, **options: object) -> object:
        if not self.committed:
            return await write(self, *arguments, **options)  # type: ignore[arg-type]  # as they came
        async with narrow.database._write_pool.connect("x"):
            return await write(self, *arguments, **options)  # type: ignore[arg-type]  # likewise

    both = WRITE[:-2] + WRITE.removeprefix("mutation {").replace("createIntegration", "b: createIntegration")
    with patch.object(Context, "write", crowded):
        response = await client.send(both, {})
    assert (response.status_code, get_codes(response)) == (503, ["OVERLOADED"])
    said = "The gateway is overloaded; only `createIntegration` was done. Retry later."
    assert get_message(response) == said


async def test_no_team_keeps_another_waiting(database_url: str) -> None:
    async with serve_gateway(database_url, key_memory=60, database_pool_size=4) as gateway:
        await store(gateway.database, connected("i", name="n"), connected("i", name="n", team_id=OTHER_TEAM))
        greedy, modest = await gateway.client(), await gateway.client(OTHER_TEAM)
        assert await greedy.data(LIGHT)
        assert await modest.data(READ)
        with stall_statements("FROM use_case") as began:
            heavy = '{ integration(id: "i") { ... on ConnectedIntegration { useCases { nodes { id } } } } }'
            asking = [CancellableRequest(gateway, greedy, heavy) for _ in range(20)]
            await began.wait()
            assert await modest.data(READ) == {"integration": {"name": "n"}}
            assert await greedy.data(LIGHT)
            for each in asking:
                each.leaves.set()
            await asyncio.wait([each.task for each in asking])
        await assert_idle(gateway.database)
