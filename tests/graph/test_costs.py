"""Cost of operations: computed before execution, and refused above the limit."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from graphql import Source, build_schema, get_introspection_query, parse, validate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.demo.requests import build_requests
from gateway.execution import CompilingExecutor
from gateway.execution.limits.cost import OperationCost, compute_operation_costs
from gateway.execution.limits.document_limits import DocumentLimits
from gateway.execution.limits.field_costs import get_field_costs
from gateway.execution.limits.size import MAX_INT32
from gateway.schema import schema
from gateway.settings import Settings
from tests.benchmarks.workloads import DOCUMENT, EXPORT, GET, LIST, STORED_GROUP, UPSERT
from tests.support.compiling import UncompiledExecutor
from tests.support.dashboard import BREAKDOWNS, DASHBOARD, PARTS
from tests.support.factories import connected, record, store, use_case, use_case_group, user, webhook
from tests.support.gateway import (
    USER,
    Client,
    Gateway,
    collect_statements,
    read_answer,
    send_first_request,
    serve_gateway,
)
from tests.support.operations import queries

LIST_OF = "query ($first: Int, $last: Int) { integrations(first: $first, last: $last) { nodes { id name } } }"
NESTED = "{ integrations(first: 10) { nodes { ... on ConnectedIntegration { useCases%s { nodes { id } } } } } }"
SPREAD = """{ integrations(first: 2) { ...Page } } fragment One on Integration { id name }
  fragment Page on IntegrationConnection { nodes { ...One } totalCount }"""
NODES = "query ($ids: [ID!]!) { nodes(nodeIds: $ids) { nodeId } }"
UPSERTED = """mutation ($records: [ResourceRecordInput!]!) {
  upsertResourceRecords(integrationId: "i", records: $records) { records { outcome } errors { code } } }"""

BASE = 400
_DASHBOARD_COST = BASE + 1 + (2 + len(BREAKDOWNS)) * 10 + 4 + 50 * 4

SEARCHED = """query%s { integration(id: "i") {
  ... on ConnectedIntegration { resourceRecords(first: 0 %s) { __typename } } } }"""
ARGUMENTS = {
    "": 0,
    "type: OTHER": 0,
    'search: "ada"': 500,
    "search: null": 0,
    "offset: 0": 0,
    'search: "ada", offset: 9': 504,
    "offset: 10000": 5_000,
    "offset: 2000000000": 5_000,
    "offset: -5": 0,
}
"""The cost of `search`, and of the entries that `offset` skips."""

SEARCHES: list[tuple[dict[str, Any], int]] = [({"search": "ada"}, 500), ({"search": None}, 0), ({}, 0)]

COSTS: list[tuple[str, dict[str, Any], int]] = [
    ("{ __typename }", {}, BASE + 1),
    ("{ viewer { userId teamId } }", {}, BASE + 3),
    ("{ a: viewer { userId } b: viewer { userId } }", {}, BASE + 4),
    ("{ ...A ...A } fragment A on Query { viewer { userId } }", {}, BASE + 4),
    (LIST_OF, {"first": 10}, BASE + 2 + 10 * 2),
    (LIST_OF, {"last": 10}, BASE + 2 + 10 * 2),
    (LIST_OF, {}, BASE + 2 + 50 * 2),
    (LIST_OF, {"first": None}, BASE + 2 + 50 * 2),
    # A page above the limit costs as much as the largest page; the list refuses it.
    (LIST_OF, {"first": 10**9}, BASE + 2 + 100 * 2),
    (LIST_OF, {"first": -1}, BASE + 2),
    (
        "{ integrations(first: 3) { edges { cursor node { id } } nodes { id } totalCount } }",
        {},
        BASE + 3 + 100 + 3 * 3 + 3,
    ),
    (NESTED % "", {}, BASE + 2 + 10 * (2 + 50)),
    (NESTED % "(last: 2)", {}, BASE + 2 + 10 * (2 + 2)),
    (SPREAD, {}, BASE + 2 + 100 + 2 * 2),
    ("query ($a: Boolean!) { viewer @include(if: $a) { userId } __typename }", {"a": False}, BASE + 1),
    ("query ($a: Boolean!) { viewer @include(if: $a) { userId } __typename }", {"a": True}, BASE + 3),
    ("{ ... @skip(if: true) { viewer { userId } } __typename @skip(if: false) }", {}, BASE + 1),
    (NODES, {"ids": ["x"] * 7}, BASE + 1 + 7 * 11),
    ('{ nodes(nodeIds: ["a", "b"]) { nodeId } }', {}, BASE + 1 + 2 * 11),
    ('{ nodes(nodeIds: "a") { nodeId } }', {}, BASE + 1 + 1 * 11),
    (UPSERTED, {"records": [{}] * 30}, BASE + 1000 + 30 * 50 + 2 + 30 + 100),
    ("{ __schema { types { name } } }", {}, BASE + 50_000),
    (DASHBOARD, {"size": 5}, _DASHBOARD_COST + len(BREAKDOWNS) * 5 * 2),
    (DASHBOARD, {"size": 10**6}, _DASHBOARD_COST + len(BREAKDOWNS) * 20 * 2),
    *((SEARCHED % ("", arguments), {}, BASE + 3 + cost) for arguments, cost in ARGUMENTS.items()),
    *((SEARCHED % ("($search: String)", "search: $search"), values, BASE + 3 + cost) for values, cost in SEARCHES),
]


@pytest.mark.parametrize(("query", "variables", "cost"), COSTS)
def test_fields_below_a_list_cost_once_for_each_entry(query: str, variables: dict[str, Any], cost: int) -> None:
    document = parse(query)
    assert not validate(schema._schema, document)
    assert [price.evaluate(variables) for price in compute_operation_costs(schema._schema, document)] == [cost]


def test_a_cost_above_32_bits_is_capped() -> None:
    assert OperationCost(10**12).evaluate({}) == MAX_INT32
    assert OperationCost(lambda values: 10**9 * int(values["first"])).evaluate({"first": 100}) == MAX_INT32


README = (Path(__file__).parents[2] / "README.md").read_text()
OUR_OWN = {
    **{f"README {n}": text for n, text in enumerate(re.findall(r"```graphql\n(.*?)```", README, re.DOTALL))},
    **{f"demo {each.operation}": each.query for each in build_requests("group", datetime.now(UTC))},
    "get": GET,
    "list": LIST,
    "export": EXPORT,
    "document": DOCUMENT,
    "upsert": UPSERT,
    "stored group": STORED_GROUP,
    "introspection": get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    ),
    "dashboards": "{ integrations { nodes { ... on ConnectedIntegration { appointmentStatistics {"
    + PARTS
    + "} } } } }",
}


@pytest.mark.parametrize("query", OUR_OWN.values(), ids=OUR_OWN)
def test_our_own_queries_are_below_the_default_cost_limit(query: str) -> None:
    defaults = Settings()
    document = DocumentLimits(defaults).parse(Source(query))
    assert not validate(schema._schema, document)
    for price in compute_operation_costs(schema._schema, document):
        assert price.evaluate({"size": 300, "first": 100}) <= defaults.cost_limit


def test_a_list_without_a_declared_size_is_an_error() -> None:
    with pytest.raises(LookupError, match=r"Query.things is a list; declare its size by `ListSize`"):
        get_field_costs(build_schema("type Query { names: [String] things: [Thing] } type Thing { id: ID }"))


MUCH = """query Much($first: Int, $more: Int) { integrations(first: $first) { nodes {
  ... on ConnectedIntegration { useCases(first: $more) { nodes { id logicalId version } } } } } }"""
LITTLE = {"first": 2, "more": 2}
TOO_MUCH = {"first": 100, "more": 100}
COST = BASE + 2 + 100 * (2 + 100 * 3)


@pytest.fixture(params=[CompilingExecutor, UncompiledExecutor], ids=["compiled", "uncompiled"])
async def limited(
    request: pytest.FixtureRequest, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Gateway]:
    """Gateway with a low cost limit."""
    monkeypatch.setattr(schema, "execution_context_class", request.param)
    async with serve_gateway(database_url, cost_limit=1000) as gateway:
        await send_first_request(gateway)
        yield gateway


async def test_an_operation_above_the_cost_limit_is_refused_before_execution(
    limited: Gateway,
) -> None:
    client = await limited.client()
    await store(limited.database, connected("i"))
    refusal = {
        "errors": [
            {
                "message": f"The operation costs {COST}; at most 1000 is allowed. Select fewer fields or entries, "
                "or let the operator raise GATEWAY_COST_LIMIT.",
                "extensions": {"code": "COST_LIMIT_EXCEEDED", "cost": COST, "max": 1000},
            }
        ]
    }
    # The document is parsed at first, then cached, then compiled.
    for variables in (TOO_MUCH, TOO_MUCH, LITTLE, TOO_MUCH, LITTLE, TOO_MUCH):
        with collect_statements() as ran:
            answer = await client(MUCH, **variables)
        if variables is LITTLE:
            assert "errors" not in answer
            continue
        assert answer == refusal
        assert len(ran) == 1  # the key's
        got = await client.http.get(
            "/graphql",
            params={"query": MUCH, "variables": json.dumps(variables)},
            headers={"Authorization": f"Bearer {client.key}"},
        )
        assert read_answer(got) == refusal


async def test_a_mutation_above_the_cost_limit_changes_nothing(limited: Gateway) -> None:
    client = await limited.client()
    await store(limited.database, connected("i"))
    records = [{"config": {"practitioner": {"name": "A"}}}]
    with collect_statements() as ran:
        answer = await client(UPSERTED, records=records)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["COST_LIMIT_EXCEEDED"]
    assert len(ran) == 1
    rows = await client.data(
        '{ integration(id: "i") { ... on ConnectedIntegration { resourceRecords { totalCount } } } }'
    )
    assert rows == {"integration": {"resourceRecords": {"totalCount": 0}}}


@pytest.mark.parametrize(
    ("header", "expected"),
    [("report", {"cost": BASE + 3}), ("Report", {"cost": BASE + 3}), ("validate", None), ("", None), (None, None)],
)
async def test_the_cost_is_reported_only_when_a_header_requests_it(
    gateway: Gateway, header: str | None, expected: object
) -> None:
    client = await gateway.client()
    headers = {"Authorization": f"Bearer {client.key}"} | ({} if header is None else {"GraphQL-Cost": header})
    body = {"query": "{ viewer { userId teamId } }"}
    for _ in range(2):
        posted = await client.http.post("/graphql", json=body, headers=headers)
        got = await client.http.get("/graphql", params=body, headers=headers)
        assert posted.json().get("extensions") == expected == got.json().get("extensions")
        assert "GraphQL-Cost" in posted.headers["Vary"]


async def test_an_operation_that_was_not_executed_has_no_cost(gateway: Gateway) -> None:
    client = await gateway.client()
    headers = {"Authorization": f"Bearer {client.key}", "GraphQL-Cost": "report"}
    answer = await client.http.post("/graphql", json={"query": "{ nothing }"}, headers=headers)
    assert answer.json().keys() == {"errors"}


def count_fields(value: object) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(count_fields, value.values()))
    return sum(map(count_fields, value)) if isinstance(value, list) else 0


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(query=queries(schema._schema, lambda _name, type_: st.just("{}") if type_ == "JSON" else None))
async def test_an_answer_has_at_most_as_many_fields_as_its_cost(filled: Client, query: str) -> None:
    headers = {"Authorization": f"Bearer {filled.key}", "GraphQL-Cost": "report"}
    for _ in range(2):
        answer = (await filled.http.post("/graphql", json={"query": query}, headers=headers)).json()
        if "extensions" in answer:
            assert count_fields(answer["data"]) <= answer["extensions"]["cost"]


@pytest.fixture
async def filled(database_url: str) -> AsyncIterator[Client]:
    """Client of a team with rows of every type, in lists no longer than the costs assume."""
    async with serve_gateway(
        database_url, **dict.fromkeys(("cost_limit", "rate_limit", "rate_refill"), MAX_INT32)
    ) as gateway:
        await store(gateway.database, user(USER, "somebody"))
        await store(gateway.database, connected("i"), connected("j"), webhook({"_id": "hook", "name": "hook"}))
        await store(gateway.database, use_case_group("g", "i"))
        await store(gateway.database, use_case("u", "i"), record("r", "i"))
        yield await gateway.client()
