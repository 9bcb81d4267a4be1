"""Cost of the days of dashboards, which `fillGaps` may add and `timezone` may count from records."""

import pytest
from graphql import parse

from gateway.execution.limits.cost import compute_operation_costs
from gateway.schema import schema
from tests.support.factories import connected, store
from tests.support.gateway import Gateway

COST = 400 + 1 + 10 + 50
"""The cost of `QUERY` and `FILLED` without days."""

FILLED = '{ appointmentStatistics(integrationId: "i", fillGaps: true%s) { trends { day } } }'
FILLINGS = {
    ", days: 30": 30,
    ", days: 100000": 3660,
    ', firstDay: "2026-01-01", lastDay: "2026-01-10"': 11,
    ', start: "2026-01-01T00:00:00Z", end: "2026-01-10T00:00:00+02:00"': 11,
    ', firstDay: "2026-01-10", lastDay: "2026-01-01"': 0,
    ', firstDay: "2026-01-01"': 3660,
    ', firstDay: "0001-01-01", lastDay: "9999-12-31"': 3660,
    "": 3660,
}
"""The days that `fillGaps` may add, by the other arguments."""

QUERY = """query ($fill: Boolean!, $start: DateTime, $first: Date, $last: Date, $days: Int, $zone: TimeZone) {
  appointmentStatistics(
    integrationId: "i", timezone: $zone, fillGaps: $fill, start: $start, firstDay: $first, lastDay: $last
    days: $days
  ) { trends { day } } }"""
VARIABLES = [
    ({"fill": False}, 0),
    ({"fill": True}, 3660 * 5),
    ({"fill": True, "days": 20}, 20 * 5),
    ({"fill": True, "first": "2026-01-01", "last": "2026-01-10"}, 11 * 5),
    ({"fill": True, "start": "2026-01-01T00:00:00Z"}, 3660 * 5),
    ({"fill": False, "zone": "Asia/Kathmandu"}, 400 * 32),
    ({"fill": False, "zone": "Asia/Kathmandu", "days": 20}, 20 * 32),
    ({"fill": True, "zone": "Asia/Kathmandu", "days": 20}, 20 * (5 + 32)),
    ({"fill": False, "zone": None, "days": 20}, 0),
]


@pytest.mark.parametrize(("arguments", "days"), FILLINGS.items())
def test_each_day_that_may_be_added_costs(arguments: str, days: int) -> None:
    zoned = f', timezone: "Asia/Kathmandu"{arguments}'
    for text, cost in ((arguments, days * 5), (zoned, days * 5 + min(days, 400) * 32)):
        (found,) = compute_operation_costs(schema._schema, parse(FILLED % text))
        assert found.evaluate({}) == COST + cost


async def test_days_cost_the_same_in_variables(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("i"))
    for variables, cost in VARIABLES:
        for _ in range(2):
            response = await client.http.post(
                "/graphql",
                json={"query": QUERY, "variables": variables},
                headers={"Authorization": f"Bearer {client.key}", "GraphQL-Cost": "report"},
            )
            assert response.json()["extensions"]["cost"] == COST + cost
