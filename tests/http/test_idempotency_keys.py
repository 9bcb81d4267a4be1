"""The header `Idempotency-Key`: its form, requests at the same time, failures, and how long a key is stored."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from gateway import services
from gateway.database import Writer
from gateway.database.tables import IdempotencyEntry, Integration
from gateway.domain.calendar import instants
from gateway.domain.failure_causes import FailureCause
from gateway.errors import Unavailable, UnknownOutcome
from tests.support.endpoints import get_codes, get_message
from tests.support.gateway import Client, Gateway, collect_statements, serve_gateway
from tests.support.idempotency import (
    CREATE,
    Pause,
    get_data,
    is_replay,
    list_entries,
    list_names,
    send,
    wait_until_running,
)
from tests.support.sessions import open_session

QUERY = "{ __typename }"


@pytest.mark.parametrize("key", ["a", "x" * 255, "!~", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", '"quoted,text"'])
async def test_a_key_is_any_visible_ascii_text(gateway: Gateway, key: str) -> None:
    client = await gateway.client()
    assert not is_replay(await send(client, CREATE, key))
    assert is_replay(await send(client, CREATE, key))


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "tab\tbed", "é"])
@pytest.mark.parametrize("query", [CREATE, QUERY])
async def test_a_key_of_another_form_is_refused_with_the_allowed_one(
    gateway: Gateway, key: str, query: str
) -> None:
    client = await gateway.client()
    headers: Any = {b"Authorization": f"Bearer {client.key}".encode(), b"Idempotency-Key": key.encode()}
    response = await client.http.post("/graphql", json={"query": query}, headers=headers)
    assert (response.status_code, get_codes(response)) == (400, ["BAD_REQUEST"])
    assert get_message(response) == (
        "`Idempotency-Key` is not valid; send 1 to 255 visible ASCII characters without spaces, such as a random "
        "UUID."
    )
    assert await list_names(gateway) == []


async def test_two_keys_are_refused(gateway: Gateway) -> None:
    client = await gateway.client()
    headers = [("Authorization", f"Bearer {client.key}"), ("Idempotency-Key", "a"), ("Idempotency-Key", "a")]
    response = await client.http.post("/graphql", json={"query": CREATE}, headers=headers)
    assert (response.status_code, get_codes(response)) == (400, ["BAD_REQUEST"])
    assert get_message(response) == "The request has the header `idempotency-key` twice; send it once."
    assert await list_names(gateway) == []


async def test_queries_ignore_the_key(gateway: Gateway) -> None:
    client = await gateway.client()
    await get_data(client, CREATE)
    headers = {"Authorization": f"Bearer {client.key}", "Idempotency-Key": "key"}
    for response in (
        await send(client, QUERY),
        await send(client, QUERY),
        await client.http.get("/graphql", params={"query": QUERY}, headers=headers),
        await client.http.get("/graphql", params={"query": QUERY}, headers={**headers, "Idempotency-Key": "a b"}),
    ):
        assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})
        assert not is_replay(response)


async def test_replays_are_counted(gateway: Gateway) -> None:
    async def count() -> float:
        gateway.flush_reports()
        text = (await gateway.http.get("/metrics")).text
        found = re.search(r"^gateway_idempotency_replays_total (\S+)$", text, re.MULTILINE)
        assert found is not None
        return float(found[1])

    client, before = await gateway.client(), await count()
    for _ in range(3):
        await get_data(client, CREATE)
    assert await count() == before + 2


async def test_a_mutation_without_a_key_runs_no_further_statement(gateway: Gateway) -> None:
    client = await gateway.client()
    await client.data(CREATE)
    with collect_statements() as without:
        await client.data(CREATE)
    with collect_statements() as with_key:
        await get_data(client, CREATE, "key")
    assert not [statement for statement in without if "idempotency" in statement]
    added = [statement.split()[0] for statement in with_key if "idempotency" in statement]
    assert [word for word in added if word != "DELETE"] == ["INSERT", "SELECT", "UPDATE"]


@asynccontextmanager
async def serve_replicas(url: str, **settings: Any) -> AsyncIterator[tuple[Gateway, list[Client]]]:
    """Run two gateways on one database, and yield one, and a client of each with the same key."""
    async with serve_gateway(url, **settings) as gateway, serve_gateway(url, **settings) as other:
        client = await gateway.client()
        yield gateway, [client, Client(other.http, client.key, client.viewer)]


async def test_a_request_waits_for_another_one_with_the_same_key(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause = Pause(monkeypatch, services.integration_changes, "create_integration")
    async with serve_replicas(database_url, database_lock_timeout=60, request_timeout=120) as (gateway, clients):
        first = asyncio.create_task(send(clients[0], CREATE))
        await pause.began.wait()
        others = [asyncio.create_task(send(client, CREATE)) for client in clients]
        await wait_until_running(3)
        pause.goes_on.set()
        created = await first
        for other in others:
            response = await other
            assert (response.json(), is_replay(response)) == (created.json(), True)
        assert not is_replay(created)
        assert await list_names(gateway) == ["n"]


async def test_a_request_that_waited_for_too_long_is_told_that_another_one_runs(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause = Pause(monkeypatch, services.integration_changes, "create_integration")
    if not database_url.startswith("sqlite"):
        # As if each replica were another process: PostgreSQL itself tells what the request waits for.
        monkeypatch.setattr(services.idempotency, "watch_repetitions", lambda *_: nullcontext())
    async with serve_replicas(database_url, database_lock_timeout=0.2, request_timeout=60) as (gateway, clients):
        first = asyncio.create_task(send(clients[0], CREATE))
        await pause.began.wait()
        for client in clients:
            response = await send(client, CREATE)
            assert (response.status_code, get_codes(response)) == (409, ["IDEMPOTENCY_IN_PROGRESS"])
            assert response.headers["Retry-After"] == "1"
            assert get_message(response) == (
                "Another request with this `Idempotency-Key` still runs; nothing was changed. "
                "Send this request again, with the same key."
            )
        pause.goes_on.set()
        created = await first
        assert (await send(clients[1], CREATE)).json() == created.json()
        assert await list_names(gateway) == ["n"]
    assert not services.idempotency._running


async def test_a_locked_database_is_no_repetition(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On SQLite all writers wait for one lock, whatever their keys are."""
    if not database_url.startswith("sqlite"):
        return
    pause = Pause(monkeypatch, services.integration_changes, "create_integration")
    async with serve_gateway(database_url, database_lock_timeout=0.2, request_timeout=60) as gateway:
        client = await gateway.client()
        first = asyncio.create_task(send(client, CREATE, "a"))
        await pause.began.wait()
        response = await send(client, CREATE, "b")
        assert (response.status_code, get_codes(response)) == (503, ["OVERLOADED"])
        pause.goes_on.set()
        assert (await first).status_code == 200


async def test_a_request_does_what_one_before_it_did_not_finish(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await gateway.client()
    create = services.integration_changes.create_integration

    async def create_and_fail(*arguments: Any) -> Integration:
        await create(*arguments)
        raise Unavailable(FailureCause.STORAGE)

    with monkeypatch.context() as patch:
        patch.setattr(services.integration_changes, "create_integration", create_and_fail)
        response = await send(client, CREATE)
    assert (response.status_code, get_codes(response)) == (503, ["UNAVAILABLE"])
    assert await list_entries(gateway) == []
    assert not is_replay(await send(client, CREATE))
    assert await list_names(gateway) == ["n"]


@pytest.mark.parametrize("is_done", [True, False])
async def test_after_an_unknown_outcome_the_same_key_tells(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, is_done: bool
) -> None:
    client = await gateway.client()
    end = Writer.end_transaction

    async def end_without_answer(self: Writer, *, commit: bool) -> None:
        await end(self, commit=commit and is_done)
        raise UnknownOutcome

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "end_transaction", end_without_answer)
        response = await send(client, CREATE)
    assert (response.status_code, get_codes(response)) == (503, ["UNKNOWN_OUTCOME"])
    assert "Send the request again with the same `Idempotency-Key`" in get_message(response)
    response = await send(client, CREATE)
    assert response.json()["data"]["createIntegration"]["errors"] == []
    assert is_replay(response) is is_done
    assert await list_names(gateway) == ["n"]


async def make_entries_older(gateway: Gateway, seconds: float) -> None:
    async with open_session(gateway.database) as session:
        at = instants.now() - timedelta(seconds=seconds)
        await session.execute(update(IdempotencyEntry).values(created_at=at))


async def test_a_key_is_stored_for_the_lifetime_of_the_settings(database_url: str) -> None:
    async with serve_gateway(database_url, idempotency_lifetime=600) as gateway:
        client = await gateway.client()
        await get_data(client, CREATE)
        await make_entries_older(gateway, 540)
        assert is_replay(await send(client, CREATE))
        await make_entries_older(gateway, 660)
        # The key is as good as new, also for another request.
        assert not is_replay(await send(client, CREATE, name="m"))
        assert is_replay(await send(client, CREATE, name="m"))
        assert await list_names(gateway) == ["m", "n"]
        assert len(await list_entries(gateway)) == 1


async def test_expired_entries_are_pruned_in_batches(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services.idempotency, "_PRUNED_ENTRIES", 3)
    client = await gateway.client()
    for number in range(5):
        await get_data(client, CREATE, f"old-{number}")
    await make_entries_older(gateway, 2 * 86_400)
    monkeypatch.setattr(services.idempotency, "_PRUNING_DIGIT", "")
    await get_data(client, CREATE, "new")
    assert len(await list_entries(gateway)) == 3
    await get_data(client, CREATE, "newer")
    assert len(await list_entries(gateway)) == 2
