"""Statistics as CSV have the numbers and the cost of the same question in the graph."""

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.enums import TrendPeriod
from gateway.domain.statistics import APPOINTMENT_STATISTICS
from tests.http.test_reporting import read_log_lines
from tests.rest.test_statistics import CLINIC, create_clinic
from tests.support.factories import ZONES, connected, record, store
from tests.support.gateway import Client, Gateway
from tests.support.recounts import Appointment, DashboardArguments, configs, dashboard_arguments, instants
from tests.support.statistics_csv import post, read_tables

COUNTS = "successful failed pending"
BREAKDOWNS = tuple(breakdown.field for breakdown in APPOINTMENT_STATISTICS.breakdowns)
SELECTIONS = {
    "overview": f"overview {{ total {COUNTS} }} previousPeriod {{ start end overview {{ total {COUNTS} }} }}",
    "days": f"trends(by: $period) {{ day {COUNTS} }}",
    **{field: f"{field} {{ value count {COUNTS} }}" for field in BREAKDOWNS},
}
"""The fields of the graph that each table shows."""

QUERY = """
query (
  $id: ID!, $type: AppointmentType, $search: String, $start: DateTime, $end: DateTime, $zone: TimeZone,
  $by: StatisticsDateField! = CREATED_AT, $fill: Boolean! = false, $period: TrendPeriod! = DAY, $days: Int,
  $source: [String!], $utmSource: [String!], $utmMedium: [String!], $utmCampaign: [String!]
) {
  appointmentStatistics(
    integrationId: $id, appointmentType: $type, search: $search, start: $start, end: $end, timezone: $zone,
    dateField: $by, fillGaps: $fill, days: $days, size: 2147483647,
    source: $source, utmSource: $utmSource, utmMedium: $utmMedium, utmCampaign: $utmCampaign
  ) { %s }
}
"""
NAMES = {"type": "appointmentType", "zone": "timezone", "by": "dateField", "fill": "fillGaps", "period": "by"}
"""Names of parameters, by the names of the variables above."""

on_one_database: Callable[[Any], Any] = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(characters) | st.text("=+-@\t\r\n\"',;1 ", max_size=6)
_NUMBERS = count(1)


async def query_graph(client: Client, part: str, **variables: object) -> Any:
    """Return the dashboard of the graph with the fields of one table, or of all."""
    selection = " ".join(SELECTIONS.values()) if part == "all" else SELECTIONS[part]
    document = QUERY % selection
    used = {name: value for name, value in variables.items() if f"${name}" in selection or name != "period"}
    if "$period" not in selection:
        document = document.replace(", $period: TrendPeriod! = DAY", "")
    return (await client.data(document, **used))["appointmentStatistics"]


@pytest.mark.parametrize("part", ["all", *SELECTIONS])
@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"days": 30, "fill": True, "period": "MONTH"},
        {"zone": "Asia/Kathmandu", "start": "2025-01-01T00:00:00Z", "end": "2025-02-01T00:00:00Z", "fill": True},
        {"source": ["web", "desk"], "utmMedium": [], "search": "anna", "zone": "UTC"},
    ],
)
async def test_a_table_costs_what_the_same_question_costs_as_a_query(
    gateway: Gateway, capsys: pytest.CaptureFixture[str], part: str, variables: dict[str, Any]
) -> None:
    client = await create_clinic(gateway)
    await read_log_lines(gateway, capsys)
    await query_graph(client, part, id=CLINIC, **variables)
    (in_graph,) = await read_log_lines(gateway, capsys)
    body = {NAMES.get(name, name): value for name, value in variables.items()}
    assert (await post(client, {"integrationId": CLINIC, "part": part, **body})).status_code == 200
    (in_rest,) = await read_log_lines(gateway, capsys)
    assert in_rest["cost"] == in_graph["cost"]


def build_tables(graph: Mapping[str, Any], arguments: Mapping[str, object], zone: str) -> dict[str, Any]:
    """Return the rows of each table without its header, from the answer of the graph."""

    def escape(text: str) -> str:
        return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text

    def get_numbers(each: Mapping[str, Any]) -> list[str]:
        return [str(each[name]) for name in ("total", "count", "successful", "failed", "pending") if name in each]

    bounds = [arguments.get("start") or "", arguments.get("end") or ""]
    overview = [["queried", *bounds, zone, *get_numbers(graph["overview"])]]
    if before := graph["previousPeriod"]:
        overview.append(["previous", before["start"], before["end"], zone, *get_numbers(before["overview"])])
    return {
        "overview": overview,
        "days": [[trend["day"], zone, *get_numbers(trend)] for trend in graph["trends"]],
        **{
            field: [[escape(bucket["value"]), *get_numbers(bucket)] for bucket in graph[field]]
            for field in BREAKDOWNS
        },
    }


appointments = st.builds(
    lambda at, config, campaign: (at, {**config, "utmCampaign": campaign}), instants, configs, texts
)


@on_one_database
@given(
    rows=st.lists(appointments, max_size=25),
    zone=st.sampled_from(ZONES),
    dashboards=st.lists(
        st.tuples(dashboard_arguments, st.sampled_from([*TrendPeriod.__members__])), min_size=3, max_size=3
    ),
)
async def test_the_numbers_are_those_of_the_graph(
    gateway: Gateway,
    rows: Sequence[Appointment],
    zone: str,
    dashboards: Sequence[tuple[DashboardArguments, str]],
) -> None:
    client, id = await gateway.client(), f"{next(_NUMBERS):024x}"
    await store(gateway.database, connected(id, timezone=zone))
    named = [record(f"{id}-{place}", id, config, at=at) for place, (at, config) in enumerate(rows)]
    await store(gateway.database, *named)
    for each, period in dashboards:
        variables = {**each.variables(), "period": period}
        del variables["size"], variables["page"]
        graph = await query_graph(client, "all", id=id, **variables)
        body = {NAMES.get(name, name): value for name, value in variables.items()}
        response = await post(client, {"integrationId": id, **body})
        found = {name: table[1:] for name, table in read_tables(response.text).items()}
        assert found == build_tables(graph, variables, each.zone or zone)
