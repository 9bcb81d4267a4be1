"""The network between the gateway and PostgreSQL fails: answers are lost, connections are reset or silent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import IPPROTO_TCP, SO_KEEPALIVE, SOL_SOCKET, TCP_USER_TIMEOUT

import pytest
from httpx import Response

from gateway.database import Team, connection_pool
from gateway.database._private import get_socket
from gateway.domain.calendar import instants
from gateway.errors import UnknownOutcome
from tests.support.endpoints import get_codes, get_message
from tests.support.factories import connected, store
from tests.support.gateway import Client, Gateway, collect_statements, serve_gateway
from tests.support.proxy import Proxy, proxy_database

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("database_kind", ["postgresql"])]

READ = '{ integration(id: "i") { name } }'
CREATE = "createIntegration(input: {connected: {name: %s, provider: GOOGLE}}) { errors { code } }"


def create(name: str) -> str:
    return CREATE % f'"{name}"'


@asynccontextmanager
async def serve_behind_proxy(url: str, **settings: float) -> AsyncIterator[tuple[Proxy, Gateway, Client]]:
    """Run a gateway whose database is behind a proxy, and whose requests take at most 2 seconds."""
    async with (
        proxy_database(url) as (proxy, through),
        serve_gateway(through, **{"request_timeout": 2.0, "key_memory": 60, **settings}) as gateway,
    ):
        await store(gateway.database, connected("i", name="n"))
        client = await gateway.client()
        assert await client.data(READ) == {"integration": {"name": "n"}}
        yield proxy, gateway, client


async def send_in_time(client: Client, query: str, seconds: float = 4.0) -> Response:
    """Send a query, which must be answered within the request's timeout and two seconds."""
    async with asyncio.timeout(seconds):
        return await client.send(query, {})


async def list_names(client: Client) -> list[str]:
    nodes = (await client.data("{ integrations { nodes { name } } }"))["integrations"]["nodes"]
    return sorted(node["name"] for node in nodes)


async def wait_until_available(gateway: Gateway) -> None:
    """Wait for the probe that finds the database back, for at most 3 seconds."""
    probing = gateway.database.availability._probing
    assert probing is not None
    async with asyncio.timeout(3):
        await asyncio.wait([probing])


async def test_a_commit_whose_answer_is_lost_has_an_unknown_outcome(database_url: str) -> None:
    async with serve_behind_proxy(database_url) as (proxy, gateway, client):
        proxy.loses_answers_to = b"COMMIT"
        response = await send_in_time(client, f"mutation {{ a: {create('A')} b: {create('B')} }}")
        assert (response.status_code, get_codes(response)) == (503, ["UNKNOWN_OUTCOME"])
        assert response.headers["Retry-After"] == "1"
        assert get_message(response) == (
            "The database did not confirm the commit; `a` may have been done. "
            "Send the request again with the same `Idempotency-Key`: it is done once. "
            "Without a key, read the data first to find out."
        )
        proxy.loses_answers_to = None
        await wait_until_available(gateway)
        assert await list_names(client) == ["A", "n"]
        assert (await client.data(f"mutation {{ {create('C')} }}"))["createIntegration"]["errors"] == []


async def test_after_an_unknown_outcome_the_same_idempotency_key_does_the_rest(database_url: str) -> None:
    async with serve_behind_proxy(database_url) as (proxy, gateway, client):
        query, headers = f"mutation {{ a: {create('A')} b: {create('B')} }}", {"Idempotency-Key": "key"}
        proxy.loses_answers_to = b"COMMIT"
        async with asyncio.timeout(4):
            response = await client.send(query, {}, headers)
        assert get_codes(response) == ["UNKNOWN_OUTCOME"]
        proxy.loses_answers_to = None
        await wait_until_available(gateway)
        for _ in range(2):
            response = await client.send(query, {}, headers)
            assert response.json()["data"] == {"a": {"errors": []}, "b": {"errors": []}}
            assert response.headers["Idempotent-Replayed"] == "true"
        assert await list_names(client) == ["A", "B", "n"]


async def test_a_team_can_write_while_answers_to_its_commits_are_lost(database_url: str) -> None:
    async with serve_behind_proxy(database_url) as (proxy, gateway, client):
        proxy.loses_answers_to = b"COMMIT"
        responses = await asyncio.gather(
            *(send_in_time(client, f"mutation {{ {create(str(number))} }}") for number in range(8))
        )
        assert {response.status_code for response in responses} == {503}
        assert {*map(get_codes_once, responses)} <= {"UNKNOWN_OUTCOME", "UNAVAILABLE"}
        proxy.loses_answers_to = None
        await wait_until_available(gateway)
        assert (await client.data(f"mutation {{ {create('C')} }}"))["createIntegration"]["errors"] == []


def get_codes_once(response: Response) -> str:
    (code,) = get_codes(response)
    return code


async def test_a_request_that_ends_during_its_commit_waits_a_moment_for_it(database_url: str) -> None:
    async with serve_behind_proxy(database_url, request_timeout=30) as (proxy, gateway, _):
        proxy.loses_answers_to = b"COMMIT"
        began = asyncio.Event()

        async def write() -> None:
            async with gateway.database.write() as writer:
                await writer.insert_rows(Team, [{"id": "t", "name": "t", "created_at": instants.now()}])
                began.set()

        writing = asyncio.create_task(write())
        await began.wait()
        await asyncio.sleep(0.05)
        writing.cancel()
        async with asyncio.timeout(2):
            with pytest.raises(UnknownOutcome):
                await writing
        assert gateway.database.queues["write"].used_slots == 0


async def test_a_connection_that_is_reset_at_its_commit_has_an_unknown_outcome(database_url: str) -> None:
    async with serve_behind_proxy(database_url) as (proxy, _, client):
        proxy.resets_after = b"COMMIT"
        response = await send_in_time(client, f"mutation {{ {create('A')} }}")
        assert (response.status_code, get_codes(response)) == (503, ["UNKNOWN_OUTCOME"])
        proxy.resets_after = None
        assert await list_names(client) == ["A", "n"]


async def test_a_mutation_that_is_reset_before_its_commit_changed_nothing(database_url: str) -> None:
    async with serve_behind_proxy(database_url) as (proxy, _, client):
        proxy.resets_after = b"INSERT INTO integration"
        response = await send_in_time(client, f"mutation {{ {create('A')} }}")
        assert (response.status_code, get_codes(response)) == (503, ["UNAVAILABLE"])
        assert get_message(response) == "The database cannot be reached; nothing was changed. Retry later."
        proxy.resets_after = None
        assert await list_names(client) == ["n"]


async def test_reads_and_writes_survive_that_all_connections_are_reset(database_url: str) -> None:
    async with serve_behind_proxy(database_url) as (proxy, _, client):
        for query in (READ, "{ integrations { nodes { name } } }", f"mutation {{ {create('A')} }}"):
            # Before the gateway notices: it finds out when it sends.
            proxy.reset_all()
            assert "errors" not in (await send_in_time(client, query)).json()


async def test_a_silent_database_is_waited_for_once(database_url: str) -> None:
    async with serve_behind_proxy(database_url) as (proxy, gateway, client):
        proxy.is_muted = True
        first = await send_in_time(client, READ)
        assert (first.status_code, get_codes(first)) == (503, ["UNAVAILABLE"])
        with collect_statements() as ran:
            for query in (READ, f"mutation {{ {create('A')} }}"):
                refused = await client.send(query, {})
                assert (refused.status_code, get_codes(refused)) == (503, ["UNAVAILABLE"])
        # They did not try.
        assert {*ran} <= {"SELECT 1"}
        assert await client.data("{ __typename }") == {"__typename": "Query"}
        ready = await gateway.http.get("/readyz")
        assert (ready.status_code, ready.json()["failing"]) == (
            503,
            {"database": "The database cannot be reached"},
        )
        assert (await gateway.http.get("/livez")).status_code == 200
        proxy.is_muted = False
        await wait_until_available(gateway)
        assert await client.data(READ) == {"integration": {"name": "n"}}
        assert await list_names(client) == ["n"]


@pytest.mark.parametrize("media_type", ["application/json", "application/graphql-response+json"])
async def test_both_media_types_have_the_status_of_the_code(database_url: str, media_type: str) -> None:
    async with serve_behind_proxy(database_url) as (proxy, _, client):
        proxy.resets_after = b""
        headers = {"Authorization": f"Bearer {client.key}", "Accept": media_type}
        # A field that can be null, beside one that needs no database.
        query = '{ integration(id: "i") { name } __typename }'
        response = await client.http.post("/graphql", json={"query": query}, headers=headers)
        assert (response.status_code, get_codes(response)) == (503, ["UNAVAILABLE"])
        assert response.headers["Content-Type"] == f"{media_type}; charset=utf-8"


async def test_an_answer_that_is_complete_is_given_though_the_connection_breaks(database_url: str) -> None:
    async with serve_behind_proxy(database_url) as (proxy, _, client):
        proxy.resets_after = b"ROLLBACK"
        assert await list_names(client) == ["n"]


async def test_a_slow_network_is_no_outage(database_url: str) -> None:
    async with serve_behind_proxy(database_url, request_timeout=20) as (proxy, gateway, client):
        proxy.delay = 0.05
        assert await list_names(client) == ["n"]
        assert (await client.data(f"mutation {{ {create('A')} }}"))["createIntegration"]["errors"] == []
        assert not gateway.database.availability.counts.total()


async def test_those_who_wait_for_a_connection_are_refused_with_the_first(database_url: str) -> None:
    async with serve_behind_proxy(database_url, database_pool_size=1, database_pool_timeout=60) as served:
        proxy, gateway, client = served
        proxy.is_muted = True
        responses = await asyncio.gather(*(send_in_time(client, READ) for _ in range(10)))
        assert {get_codes_once(response) for response in responses} == {"UNAVAILABLE"}
        proxy.is_muted = False
        await wait_until_available(gateway)
        assert await client.data(READ) == {"integration": {"name": "n"}}


async def test_a_connection_that_was_idle_for_long_is_checked_before_use(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_pool, "_CHECK_AFTER", 0.0)
    monkeypatch.setattr(connection_pool, "_CHECK_TIMEOUT", 0.1)
    async with serve_behind_proxy(database_url) as (proxy, _, client):
        proxy.mute_all()
        assert await client.data(READ) == {"integration": {"name": "n"}}


async def test_a_connection_is_closed_at_a_certain_age(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve_behind_proxy(database_url) as (_, gateway, client):
        (old,) = gateway.database._read_pool._idle
        assert await client.data(READ)
        assert gateway.database._read_pool._idle == [old]
        monkeypatch.setattr(connection_pool, "_MAX_AGE", 0.0)
        assert await client.data(READ)
        assert old not in gateway.database._read_pool._idle
        assert not old.is_open


async def test_the_kernel_watches_connections_over_tcp(database_url: str) -> None:
    async with serve_behind_proxy(database_url) as (_, gateway, _client):
        (connection,) = gateway.database._read_pool._idle
        opened = get_socket(connection._driver._driver)  # type: ignore[attr-defined]  # asyncpg's
        assert opened.getsockopt(SOL_SOCKET, SO_KEEPALIVE) == 1
        assert opened.getsockopt(IPPROTO_TCP, TCP_USER_TIMEOUT) == 10_000
