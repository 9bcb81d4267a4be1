"""Rocket.Chat's URLs below the two operations: methods, limits, costs and reports."""

import json
from typing import Any

import pytest

from gateway.domain.calendar import instants
from tests.support.factories import store, webhook
from tests.support.gateway import Gateway, serve_gateway
from tests.support.webhook_requests import GET, GET_QUERY, LIST, LIST_QUERY, ask

KINDS = ["INCOMING_WEBHOOK", "OUTGOING_WEBHOOK"]
NEWEST: list[Any] = [{"field": "UPDATED_AT", "direction": "DESC"}]


@pytest.mark.parametrize("path", ["/api/v1/", "/api/v1/integrations", "/api/v1/integrations.get/x", "/api/v1/é"])
async def test_an_unknown_path_is_not_found(gateway: Gateway, path: str) -> None:
    response = await gateway.http.get(path)
    assert (response.status_code, response.json()) == (404, {"success": False, "error": "Resource not found"})


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_another_method_is_not_allowed(gateway: Gateway, method: str) -> None:
    response = await gateway.http.request(method, LIST)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
    assert response.json() == {
        "success": False,
        "error": f"The method {method} is not allowed here; send GET, HEAD.",
    }


async def test_head_answers_as_get_without_a_body(gateway: Gateway) -> None:
    await store(gateway.database, webhook({"_id": "w"}))
    client = await gateway.client()
    for path, parameters in ((GET, {"integrationId": "w"}), (LIST, {}), (LIST, {"further": "1"})):
        found, head = [await ask(client, path, method, None, **parameters) for method in ("GET", "HEAD")]
        assert (head.status_code, head.content) == (found.status_code, b"")
        assert head.headers["Content-Length"] == str(len(found.content))


async def test_answers_are_not_stored_and_tell_what_is_left(gateway: Gateway) -> None:
    client = await gateway.client()
    for path, status in ((GET, 400), (LIST, 200)):
        before = instants.now().timestamp() * 1000
        response = await ask(client, path)
        assert (response.status_code, response.headers["Cache-Control"]) == (status, "no-store")
        limit = int(response.headers["X-RateLimit-Limit"])
        assert 0 < int(response.headers["X-RateLimit-Remaining"]) <= limit
        assert int(response.headers["X-RateLimit-Reset"]) >= int(before)


async def test_a_key_without_units_has_to_wait(database_url: str) -> None:
    async with serve_gateway(database_url, rate_limit=2_500, rate_refill=1, cost_limit=2_500) as gateway:
        client = await gateway.client()
        assert (await ask(client, LIST)).status_code == 200
        response = await ask(client, LIST)
        seconds = int(response.headers["Retry-After"])
        assert (response.status_code, response.headers["X-RateLimit-Limit"]) == (429, "2500")
        assert 0 < seconds < 2_500
        assert response.json() == {
            "success": False,
            "error": "Error, too many requests. Please slow down. You must wait "
            f"{seconds} seconds before trying this endpoint again. [error-too-many-requests]",
        }


@pytest.mark.parametrize(
    ("parameters", "variables"),
    [
        ({}, {"filter": {"kind": KINDS}, "orderBy": NEWEST, "first": 50}),
        ({"count": 3, "offset": 2}, {"filter": {"kind": KINDS}, "orderBy": NEWEST, "first": 3, "offset": 2}),
        (
            {"sort": {"name": 1, "_id": -1}, "query": {"type": "webhook-incoming"}},
            {
                "filter": {"kind": KINDS[:1]},
                "orderBy": [{"field": "NAME"}, {"field": "ID", "direction": "DESC"}],
                "first": 50,
            },
        ),
        (
            {"query": {"name": {"$in": ["a", "b"]}, "username": {"$nin": ["c"]}, "urls": ["https://a"]}},
            {
                "filter": {
                    "kind": KINDS,
                    "name": {"in": ["a", "b"]},
                    "not": {"username": {"in": ["c"]}},
                    "urls": ["https://a"],
                },
                "orderBy": NEWEST,
                "first": 50,
            },
        ),
        (
            {"query": {"$or": [{"name": "a"}, {"$and": [{"name": "b"}, {"_createdAt": {"$in": []}}]}]}},
            {
                "filter": {
                    "kind": KINDS,
                    "or": [{"name": {"eq": "a"}}, {"and": [{"name": {"eq": "b"}}, {"createdAt": {"in": []}}]}],
                },
                "orderBy": NEWEST,
                "first": 50,
            },
        ),
    ],
)
async def test_a_list_costs_what_the_same_query_costs(
    gateway: Gateway, capsys: pytest.CaptureFixture[str], parameters: dict[str, Any], variables: dict[str, Any]
) -> None:
    client = await gateway.client()
    capsys.readouterr()
    assert (await ask(client, LIST, **parameters)).status_code == 200
    await client.data(LIST_QUERY, **variables)
    in_rest, in_graph = read_log(gateway, capsys)
    assert in_rest["cost"] == in_graph["cost"]


async def test_a_webhook_costs_what_the_same_query_costs(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    await store(gateway.database, webhook({"_id": "w"}))
    client = await gateway.client()
    capsys.readouterr()
    assert (await ask(client, GET, integrationId="w")).status_code == 200
    await client.data(GET_QUERY, id="w")
    in_rest, in_graph = read_log(gateway, capsys)
    assert in_rest["cost"] == in_graph["cost"]


async def test_the_log_names_the_operation_and_has_no_parameter(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    client = await gateway.client()
    capsys.readouterr()
    await ask(client, GET, integrationId="private-value")
    await ask(client, LIST, name="private-value", query={"name": "private-value"})
    await ask(client, LIST, query={"private-value": 1})
    lines = read_log(gateway, capsys)
    assert [(line["op_name"], line["status"], line["codes"]) for line in lines] == [
        ("rest:integration", 400, ["NOT_FOUND"]),
        ("rest:integrations", 200, []),
        ("rest:integrations", 400, ["BAD_USER_INPUT"]),
    ]
    assert "private-value" not in json.dumps(lines)


def read_log(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    gateway.flush_reports()
    lines = map(json.loads, capsys.readouterr().err.splitlines())
    return [line for line in lines if line["event"] == "request"]
