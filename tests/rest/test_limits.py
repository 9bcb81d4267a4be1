"""The limits of every REST operation: of the key, of the request and of its time, in the words of the system."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.rest import AnyOperation, WriteOperation
from tests.support.gateway import Client, Gateway, serve_gateway
from tests.support.rest_operations import BODY, DETAILED, ask, get_path, operations, store_integrations
from tests.support.stalling import assert_idle, expire_requests, stall_statements


@pytest.fixture
async def client(gateway: Gateway) -> Client:
    """A client of a team with integrations that it may see, and others."""
    await store_integrations(gateway)
    return await gateway.client()


@pytest.fixture
async def limited(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway whose keys have a budget for one request."""
    async with serve_gateway(
        database_url, rate_limit=2_500, rate_refill=1, cost_limit=2_500, url_limit=1_024, body_limit=2_000
    ) as gateway:
        await store_integrations(gateway)
        yield gateway


@operations
async def test_a_key_that_has_spent_its_budget_waits(operation: AnyOperation, limited: Gateway) -> None:
    client = await limited.client()
    response = await ask(operation, client)
    while response.status_code != 429:
        assert response.status_code < 500
        response = await ask(operation, client)
    seconds = int(response.headers["Retry-After"])
    detail = f"Rate limit reached for this key; retry in {seconds} s."
    assert (response.status_code, response.json()) == (429, {"detail": detail})
    assert response.headers["RateLimit"].startswith('"cost";r=')
    assert response.headers["RateLimit-Policy"] == '"cost";q=2500;w=2500'


@operations
async def test_a_url_that_is_too_long_is_refused_in_its_words(operation: AnyOperation, limited: Gateway) -> None:
    client = await limited.client()
    path = f"{get_path(operation)}?search={'a' * 1_024}"
    response = await client.http.request(operation.method, path, headers={"Authorization": f"Bearer {client.key}"})
    assert response.status_code == 414
    assert response.json()["detail"].startswith("The URL is longer than 1024 bytes; ")


async def test_a_large_body_and_a_high_cost_are_refused(limited: Gateway) -> None:
    client = await limited.client()
    (operation,) = [each for each in DETAILED if isinstance(each, WriteOperation)]
    headers = {"Authorization": f"Bearer {client.key}"}
    large = {**BODY, "slug": "a" * 3_000}
    response = await client.http.post(get_path(operation), headers=headers, json=large)
    assert response.status_code == 413
    assert response.json()["detail"].startswith("The body is larger than 2000 bytes; ")
    costly = {"name": "A", "use_cases": [{"use_case": "LAB_REMINDER"}] * 20}
    response = await client.http.post(get_path(operation), headers=headers, json=costly)
    assert response.status_code == 400
    assert response.json()["detail"].startswith("The operation costs 2946; at most 2500 is allowed.")


@operations
async def test_a_query_string_that_is_not_utf_8_is_refused(operation: AnyOperation, client: Client) -> None:
    path = f"{get_path(operation)}?search=%FF"
    body = None if operation.method == "GET" else BODY
    headers = {"Authorization": f"Bearer {client.key}"}
    response = await client.http.request(operation.method, path, headers=headers, json=body)
    detail = "The query string is not percent-encoded UTF-8; encode it as browsers encode forms."
    assert (response.status_code, response.json()) == (400, {"detail": detail})


async def test_a_header_that_is_sent_twice_is_refused(client: Client) -> None:
    headers = [("Authorization", f"Bearer {client.key}"), ("Authorization", f"Bearer {client.key}")]
    response = await client.http.get(get_path(DETAILED[0]), headers=headers)
    assert response.status_code == 400
    assert [*response.json()] == ["detail"]


@operations
async def test_a_surprise_is_masked_in_its_words(
    operation: AnyOperation, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("Jane-Roe-1970")

    monkeypatch.setattr(type(operation.system), "parse", fail)
    response = await ask(operation, client)
    assert (response.status_code, response.json()) == (500, {"detail": "Internal server error."})


@operations
async def test_a_request_that_takes_too_long_is_cancelled(operation: AnyOperation, database_url: str) -> None:
    async with serve_gateway(database_url, key_memory=60) as gateway:
        await store_integrations(gateway)
        client = await gateway.client()
        with stall_statements("FROM integration") as began:
            response, _ = await asyncio.gather(ask(operation, client), expire_requests(gateway, began))
        detail = "The request was cancelled after 10 seconds; nothing was changed. Ask for less, or retry later."
        assert (response.status_code, response.json()) == (503, {"detail": detail})
        assert response.headers["Retry-After"] == "10"
        await assert_idle(gateway.database)
