"""The size of an answer, and of the rows that it is made of, on the compiled path and on the normal one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import Response

from gateway.domain.lenient_reading import Document
from gateway.errors import Overloaded
from tests.support.factories import connected, record, store, webhook
from tests.support.gateway import Client, Gateway, serve_gateway

LIMIT = 1_000_000
LIST = "{ integrations(first: 60) { nodes { ... on WebhookIntegration { channel } } } }"
SCRIPTS = "{ integrations(first: 60) { nodes { ... on WebhookIntegration { script } } } }"
EXPORT = '{ integrationExport(integrationId: "i") { document } }'
RECORDS = '{ integrationExport(integrationId: "i") { resourceRecords { config { ... on OtherConfig { raw } } } } }'


@pytest.fixture
async def limited(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway with low limits, 12 webhooks of 100 kB and an integration with 20 records of 100 kB."""
    limits = {"answer_limit": LIMIT, "export_limit": 3 * LIMIT, "database_pool_timeout": 20.0}
    async with serve_gateway(database_url, **limits) as gateway:
        text = "x" * 100_000
        hooks = [
            webhook({"_id": f"w{number:02}", "type": "webhook-incoming", "channel": ["#a", text], "script": text})
            for number in range(12)
        ]
        await store(gateway.database, *hooks, connected("i"))
        config: Document = {"type": "large", "text": text}
        await store(gateway.database, *(record(f"r{number:02}", "i", config) for number in range(20)))
        yield gateway


def read_refusal(response: Response) -> tuple[str, Any, Any]:
    """Return code, limit and maximum of the only error of an answer without data."""
    answer = response.json()
    assert answer.keys() == {"errors"}
    (error,) = answer["errors"]
    extensions = error["extensions"]
    assert extensions["actual"] > extensions["max"]
    assert "GATEWAY_" in error["message"]
    return extensions["code"], extensions["limit"], extensions["max"]


async def send_twice(client: Client, query: str, **variables: object) -> list[Response]:
    """Send an operation that is not compiled the first time, and may be the second time."""
    return [await client.send(query, variables) for _ in range(2)]


@pytest.mark.parametrize("query", [LIST, SCRIPTS], ids=["compiled", "not compilable"])
async def test_an_answer_above_the_limit_is_refused_without_data(limited: Gateway, query: str) -> None:
    client = await limited.client()
    for response in await send_twice(client, query):
        assert read_refusal(response) == ("LIMIT_EXCEEDED", "rows", 2 * LIMIT)
    for response in await send_twice(
        client,
        query.replace("60", "6")
        .replace("channel", "a: channel b: channel")
        .replace("script ", "a: script b: script "),
    ):
        assert read_refusal(response)[:2] == ("LIMIT_EXCEEDED", "answer")
    for response in await send_twice(client, query.replace("60", "5")):
        assert len(response.json()["data"]["integrations"]["nodes"]) == 5


async def test_rows_above_the_limit_are_refused_though_the_answer_would_be_small(limited: Gateway) -> None:
    client = await limited.client()
    query = "{ integrations(first: 60) { nodes { ... on WebhookIntegration { alias } } } }"
    for response in await send_twice(client, query):
        assert read_refusal(response) == ("LIMIT_EXCEEDED", "rows", 2 * LIMIT)


async def test_an_export_has_a_limit_of_its_own(limited: Gateway) -> None:
    client = await limited.client()
    for query in (EXPORT, RECORDS):
        for response in await send_twice(client, query):
            assert len(response.content) > 2 * LIMIT
            assert "errors" not in response.json()
    for response in await send_twice(client, EXPORT.replace("document", "a: document b: document")):
        assert read_refusal(response) == ("LIMIT_EXCEEDED", "answer", 3 * LIMIT)


async def test_the_connection_of_a_refused_operation_is_used_again(limited: Gateway) -> None:
    client = await limited.client()
    for _ in range(3):
        await client.send(LIST, {})
        answer = await client.send('{ integration(id: "i") { id } }', {})
        assert answer.json() == {"data": {"integration": {"id": "i"}}}
    assert limited.database.large_reads.used_slots == limited.database.queues["read"].used_slots == 0


async def test_a_mutation_whose_answer_is_too_large_is_said_to_be_done(limited: Gateway) -> None:
    client = await limited.client()
    aliases = " ".join(f"a{number}: channel" for number in range(20))
    query = f"""mutation {{ updateIntegration(id: "w00", input: {{incomingWebhook: {{alias: "new"}}}}) {{
      integration {{ ... on WebhookIntegration {{ {aliases} }} }} }} }}"""
    response = await client.send(query, {})
    assert read_refusal(response) == ("LIMIT_EXCEEDED", "answer", LIMIT)
    assert response.json()["errors"][0]["message"].endswith("Only `updateIntegration` was done.")
    changed = await client.data('{ integration(id: "w00") { ... on WebhookIntegration { alias } } }')
    assert changed == {"integration": {"alias": "new"}}


async def test_large_operations_wait_for_one_another(limited: Gateway) -> None:
    client = await limited.client()
    query = LIST.replace("60", "6").replace("channel", "alias")
    taken: list[int] = []
    acquire = limited.database.large_reads.acquire

    async def note(team: str | None) -> None:
        await acquire(team)
        taken.append(limited.database.large_reads.used_slots)

    limited.database.large_reads.acquire = note  # type: ignore[method-assign]
    await client.data(query)
    answers = await asyncio.gather(*(client.data(query) for _ in range(5)))
    assert all(len(answer["integrations"]["nodes"]) == 6 for answer in answers)
    assert set(taken) == {1}
    assert limited.database.large_reads.used_slots == 0


async def test_two_exports_run_at_once_and_others_wait_or_are_refused(database_url: str) -> None:
    async with serve_gateway(database_url, database_pool_timeout=0.05) as gateway:
        client = await gateway.client()
        await store(gateway.database, connected("i"))
        assert (await client.data(EXPORT))["integrationExport"]["document"]["use_cases"] == []
        for _ in range(2):
            await gateway.database.exports.acquire("another")
        with pytest.raises(Overloaded):
            await gateway.database.exports.acquire("another")
        refused = await client.send(EXPORT, {})
        assert refused.status_code == 503
        assert refused.headers["Retry-After"] == "1"
        assert [error["extensions"]["code"] for error in refused.json()["errors"]] == ["OVERLOADED"]
        gateway.database.exports.release("another")
        for _ in range(3):
            assert "errors" not in (await client.send(EXPORT, {})).json()
        for _ in range(3):
            missing = await client.send(EXPORT.replace('"i"', '"other"'), {})
            assert missing.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        assert gateway.database.exports.used_slots == 1
