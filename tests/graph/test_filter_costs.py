"""Cost of filters of records: of values, and of the days whose records the database may read."""

from dataclasses import replace
from typing import Any

import pytest
from graphql import parse, validate

from gateway.execution.limits.cost import compute_operation_costs
from gateway.execution.limits.field_costs import get_field_costs
from gateway.schema import schema
from gateway.settings import Settings
from tests.support.factories import connected, store
from tests.support.gateway import Gateway

BASE = 400
VALUES, READ, COUNTED, MOST = 1_000, 240, 40, 400

DASHBOARD = """query ($id: ID!, $source: [String!], $medium: [String!], $start: DateTime, $end: DateTime,
  $days: Int) { appointmentStatistics(
    integrationId: $id, source: $source, utmMedium: $medium, start: $start, end: $end, days: $days
  ) { overview { total } } }"""
PATIENTS = 'query ($source: [String!]) { patientStatistics(integrationId: "i", source: $source) { asOf } }'

DAYS: list[tuple[dict[str, Any], int]] = [
    ({"source": None}, 0),
    ({}, 0),
    ({"source": []}, 0),
    ({"source": ["web"]}, 10 + READ * MOST),
    ({"source": ["web", "desk"], "medium": ["cpc"]}, 30 + READ * MOST),
    ({"source": ["web"], "days": 30}, 10 + READ * 30),
    ({"source": ["web"], "days": 3660}, 10 + READ * MOST),
    ({"source": ["web"], "start": "2026-01-01T00:00:00Z"}, 10 + READ * MOST),
    ({"source": ["web"], "start": "2026-01-01T00:00:00Z", "end": "2026-01-31T00:00:00Z"}, 10 + READ * 32),
]

LISTS = """query ($type: ResourceType, $filter: ResourceRecordFilter) { integration(id: "i") {
  ... on ConnectedIntegration { resourceRecords(type: $type, filter: $filter) { %s } } } }"""

IN_30_DAYS = {"gte": "2026-01-01T00:00:00Z", "lt": "2026-01-31T00:00:00Z"}
FILTERS: list[tuple[dict[str, Any], int, int]] = [
    ({}, 0, 0),
    ({"source": None, "start": {}, "createdAt": {"gt": None}}, 0, 0),
    ({"source": ["web"]}, VALUES, COUNTED * MOST),
    ({"bookingStatus": "FAILED"}, VALUES, COUNTED * MOST),
    ({"source": ["web"], "createdAt": IN_30_DAYS}, VALUES, COUNTED * 32),
    ({"createdAt": IN_30_DAYS}, 0, COUNTED * 32),
    ({"createdAt": {"gte": "2026-01-01T00:00:00Z"}}, 0, COUNTED * MOST),
    ({"createdAt": {"ne": "2026-01-01T00:00:00Z"}}, 0, COUNTED * MOST),
    ({"createdAt": {"eq": "2026-01-01T00:00:00Z"}}, 0, 0),
    ({"createdAt": {"in": ["2026-01-01T00:00:00Z"]}}, 0, 0),
    ({"start": {"lte": "2026-01-01T00:00:00Z"}}, READ * MOST, COUNTED * MOST),
    ({"start": {"eq": "2026-01-01T00:00:00Z"}}, READ * MOST, COUNTED * MOST),
    ({"start": {"ne": "2026-01-01T00:00:00Z"}}, VALUES, COUNTED * MOST),
    ({"start": IN_30_DAYS, "source": ["web"]}, READ * 32, COUNTED * 32),
    ({"start": {"lt": "2026-01-01T00:00:00Z"}, "createdAt": IN_30_DAYS}, READ * MOST, COUNTED * 32),
]
"""Filters, their cost for a page, and their further cost for each `totalCount`, without that of listed values."""


def compute_cost(query: str, variables: dict[str, Any]) -> int:
    document = parse(query)
    assert not validate(schema._schema, document)
    (found,) = compute_operation_costs(schema._schema, document)
    return found.evaluate(variables)


def count_values(value: object) -> int:
    if isinstance(value, dict):
        return sum(len(each) if isinstance(each, list) else count_values(each) for each in value.values())
    return 0


@pytest.mark.parametrize(("variables", "cost"), DAYS)
async def test_a_filtered_dashboard_costs_the_days_whose_records_it_may_read(
    gateway: Gateway, variables: dict[str, Any], cost: int
) -> None:
    """The variables are those of clients, and the coerced ones of the compiled document."""
    client = await gateway.client()
    await store(gateway.database, connected("i"))
    for _ in range(2):
        response = await client.http.post(
            "/graphql",
            json={"query": DASHBOARD, "variables": {"id": "i", **variables}},
            headers={"Authorization": f"Bearer {client.key}", "GraphQL-Cost": "report"},
        )
        assert response.json()["extensions"]["cost"] == BASE + 1 + 10 + 1 + cost


def test_a_dashboard_with_one_breakdown_counts_one_value_from_stored_counts() -> None:
    base = compute_cost(PATIENTS, {})
    assert compute_cost(PATIENTS, {"source": ["web"]}) == base + 10
    assert compute_cost(PATIENTS, {"source": ["web", "desk"]}) == base + 20 + READ * MOST
    assert (
        compute_cost(PATIENTS.replace("$source)", '"web")').replace("($source: [String!])", ""), {}) == base + 10
    )


@pytest.mark.parametrize(("filter", "page", "total"), FILTERS)
async def test_a_filtered_list_costs_what_it_may_read_and_more_with_a_total(
    gateway: Gateway, filter: dict[str, Any], page: int, total: int
) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("i"))
    listed = 10 * count_values(filter) + 10 * ("bookingStatus" in filter)
    for selection, cost in (
        ("nodes { id }", 50 + 1),
        ("totalCount", total + 100),
        ("... { totalCount } ...Total", 2 * (total + 100)),
        ("totalCount @skip(if: true)", 0),
    ):
        query = LISTS % selection
        if "...Total" in selection:
            query += " fragment Total on ResourceRecordConnection { again: totalCount }"
        for _ in range(2):
            response = await client.http.post(
                "/graphql",
                json={"query": query, "variables": {"filter": filter}},
                headers={"Authorization": f"Bearer {client.key}", "GraphQL-Cost": "report"},
            )
            assert response.json()["extensions"]["cost"] == BASE + 2 + listed + page + cost, selection


@pytest.mark.parametrize(("type_", "has_values"), [("APPOINTMENTS", True), ("PATIENTS", True), ("OTHER", False)])
def test_values_cost_nothing_for_a_type_that_has_none(type_: str, has_values: bool) -> None:
    query = LISTS % "totalCount"
    cost = (VALUES + COUNTED * MOST) * has_values
    assert compute_cost(query, {"type": type_, "filter": {"source": ["web"]}}) == BASE + 2 + 100 + 10 + cost
    created = {"createdAt": {"gt": "2026-01-01T00:00:00Z"}}
    assert compute_cost(query, {"type": type_, "filter": created}) == BASE + 2 + 100 + COUNTED * MOST


def test_a_variable_inside_a_filter_costs_as_much_as_a_value() -> None:
    nested = """query ($source: [String!], $from: DateTime, $to: DateTime) { integration(id: "i") {
      ... on ConnectedIntegration {
        resourceRecords(filter: {source: $source, createdAt: {gte: $from, lt: $to}}) { totalCount }
      } } }"""
    base = BASE + 2 + 100
    bounds = {"from": IN_30_DAYS["gte"], "to": IN_30_DAYS["lt"]}
    assert compute_cost(nested, {}) == base
    assert compute_cost(nested, {"source": ["a"]}) == base + 10 + VALUES + COUNTED * MOST
    assert compute_cost(nested, {"source": ["a"], **bounds}) == base + 10 + VALUES + COUNTED * 32
    listed = nested.replace("[String!]", "String!").replace("source: $source", "source: [$source]")
    assert compute_cost(listed, {"source": "a", **bounds}) == base + 10 + VALUES + COUNTED * 32


def test_a_variable_inside_a_list_is_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    coordinate = ("Query", "patientStatistics")
    fields = get_field_costs(schema._schema)
    measured = replace(fields[coordinate], arguments_cost=lambda arguments: len(str(arguments["source"])))
    monkeypatch.setattr(
        "gateway.execution.limits.cost.get_field_costs", lambda _: {**fields, coordinate: measured}
    )
    query = PATIENTS.replace("[String!]", "String!").replace("source: $source", "source: [$source]")
    assert compute_cost(query, {"source": "web"}) == BASE + 2 + 10 + len("['web']")


def test_two_filtered_dashboards_of_all_time_are_below_the_default_cost_limit() -> None:
    parts = 'source: ["a", "b"], utmMedium: ["c"]) { asOf overview { total } trends { day total: successful }'
    parts += " ".join(f"{name} {{ value count }}" for name in ("source", "utmSource", "utmMedium", "utmCampaign"))
    dashboards = " ".join(f"{name}: appointmentStatistics(size: 100, {parts} }}" for name in ("now", "before"))
    query = f'{{ integration(id: "i") {{ ... on ConnectedIntegration {{ {dashboards} }} }} }}'
    assert 2 * READ * MOST < compute_cost(query, {}) < Settings().cost_limit
