"""Logs and metrics of requests that exceed a limit, time out or are abandoned."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.http.test_reporting import read_log_lines, read_metrics
from tests.support.endpoints import GRAPHQL, VIEWER, get_codes, open_endpoint
from tests.support.factories import connected, store
from tests.support.gateway import TEAM, Client, Gateway, serve_gateway
from tests.support.stalling import CancellableRequest, assert_idle, expire_requests, stall_statements

READ = 'query Read { integration(id: "i") { name } }'
MANY = "{ integrations(first: 100) { nodes { id name } } }"
DEAR = "{ " + " ".join(f"i{n}: integrations(first: 100) {{ nodes {{ id name }} }}" for n in range(5)) + " }"


@pytest.fixture
async def limited_gateway(database_url: str) -> AsyncIterator[Gateway]:
    """Gateway with one connection and a short timeout."""
    settings = {"database_pool_size": 1, "database_pool_timeout": 0.05, "key_memory": 60}
    async with serve_gateway(
        database_url, cost_limit=1000, rate_limit=10_000, rate_refill=1, **settings
    ) as gateway:
        await store(gateway.database, connected("i", name="n"))
        yield gateway


async def spend_all(client: Client) -> None:
    """Send queries until the rate limit is used up."""
    while (await client.send(MANY, {})).status_code != 429:
        pass


@pytest.mark.parametrize(
    ("sent", "reason", "code"),
    [
        ({"json": {"query": VIEWER}}, "depth", "LIMIT_EXCEEDED"),
        ({"json": {"query": "{ a: __typename }"}}, "aliases", "LIMIT_EXCEEDED"),
        ({"json": {"query": " " * 70_000}}, "characters", "LIMIT_EXCEEDED"),
        ({"json": {"query": "{ " + "__typename " * 4000 + "}"}}, "tokens", "LIMIT_EXCEEDED"),
        ({"json": {"query": "{ __schema { a } }"}}, None, "GRAPHQL_VALIDATION_FAILED"),
        (
            {"content": b" " * 2_000_000, "headers": {"Content-Type": "application/json"}},
            "size",
            "CONTENT_TOO_LARGE",
        ),
        ({"json": {}, "headers": {"Authorization": None}}, "auth", "UNAUTHENTICATED"),
    ],
)
async def test_a_rejection_is_counted_by_its_limit(
    sqlite_template: Path, tmp_path: Path, sent: dict[str, Any], reason: str | None, code: str
) -> None:
    async with open_endpoint(sqlite_template, tmp_path, depth_limit=1, alias_limit=0) as endpoint:
        assert get_codes(await endpoint.send(**sent)) == [code]
        found = await read_metrics(endpoint)
    rejected = {name: count for name, count in found.items() if name.startswith("graphql_rejected_total")}
    assert rejected == ({f'graphql_rejected_total{{reason="{reason}"}}': 1} if reason else {})


async def test_an_operation_above_the_cost_limit_is_logged_with_its_cost(
    limited_gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    client = await limited_gateway.client()
    for query in (VIEWER, DEAR, READ):
        await client.send(query, {})
    await spend_all(client)
    _, dear, good, *_, last = await read_log_lines(limited_gateway, capsys)
    assert (dear["codes"], dear["op_type"], dear["sql_count"]) == (["COST_LIMIT_EXCEEDED"], "query", 0)
    assert (dear["cost"], good["cost"]) == (1410, 402)
    assert (good["op_name"], good["codes"]) == ("Read", [])
    assert last["codes"] == ["RATE_LIMITED"]
    found = await read_metrics(limited_gateway)
    assert found['graphql_rejected_total{reason="cost"}'] == 1
    assert found['graphql_rejected_total{reason="rate"}'] >= 1


async def test_an_operation_without_a_connection_is_logged(
    limited_gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    client = await limited_gateway.client()
    await client.send(VIEWER, {})
    async with limited_gateway.database._read_pool.connect("x"):
        assert (await client.send(READ, {})).status_code == 503
    _, line = await read_log_lines(limited_gateway, capsys)
    assert (line["status"], line["codes"], line["op_name"]) == (503, ["OVERLOADED"], "Read")
    assert (line["tenant"], line["cost"], line["sql_count"]) == (TEAM, 402, 0)
    assert (await read_metrics(limited_gateway))['graphql_rejected_total{reason="overload"}'] == 1


async def test_a_timed_out_or_abandoned_operation_is_logged_with_its_statements(
    limited_gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    client = await limited_gateway.client()
    await client.send(VIEWER, {})
    with stall_statements("FROM integration") as began:
        await asyncio.gather(client.send(READ, {}), expire_requests(limited_gateway, began))
    with stall_statements("FROM integration") as began:
        await CancellableRequest(limited_gateway, client, READ).leave(began)
    await assert_idle(limited_gateway.database)
    late, left = (await read_log_lines(limited_gateway, capsys))[-2:]
    assert (late["status"], late["codes"]) == (503, ["TIMEOUT"])
    assert (left["status"], left["codes"], left["bytes"]) == (None, [], 0)
    for line in (late, left):
        assert (line["op_type"], line["op_name"], line["sql_count"]) == ("query", "Read", 1)
        assert line["cost"] > 400
    assert late["op_hash"] == left["op_hash"]
    found = await read_metrics(limited_gateway)
    assert found["client_disconnects_total"] == 1
    assert found["graphql_in_flight"] == 0
    rejected = {name: count for name, count in found.items() if name.startswith("graphql_rejected_total")}
    assert rejected == {'graphql_rejected_total{reason="time"}': 1}


async def test_health_and_metrics_are_not_limited(limited_gateway: Gateway) -> None:
    client = await limited_gateway.client()
    await spend_all(client)
    async with limited_gateway.database._read_pool.connect("x"), limited_gateway.database._write_pool.connect("x"):
        for path in ("/livez", "/readyz", "/metrics"):
            response = await limited_gateway.http.get(path, headers={"Authorization": f"Bearer {client.key}"})
            assert response.status_code == 200
            assert "RateLimit" not in response.headers


@pytest.mark.parametrize(
    ("settings", "query", "code"),
    [
        ({"alias_limit": 0}, "{ a: __typename }", "LIMIT_EXCEEDED"),
        ({"cost_limit": 1000}, DEAR, "COST_LIMIT_EXCEEDED"),
    ],
)
async def test_a_persisted_document_has_the_same_limits_as_its_text(
    sqlite_template: Path, tmp_path: Path, settings: dict[str, int], query: str, code: str
) -> None:
    named = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(query.encode()).hexdigest()}}
    headers = {"Accept": GRAPHQL, "X-Request-Id": "same"}
    async with open_endpoint(sqlite_template, tmp_path, **settings) as endpoint:
        by_text = await endpoint.send(headers=headers, json={"query": query})
        assert get_codes(by_text) == [code]
        for parameters in ({"query": query, "extensions": named}, {"extensions": named}):
            assert (await endpoint.send(headers=headers, json=parameters)).content == by_text.content
        got = await endpoint.send("GET", headers=headers, params={"extensions": json.dumps(named)})
        assert got.content == by_text.content
