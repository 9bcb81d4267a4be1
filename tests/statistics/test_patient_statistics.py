"""The dashboard of patients: the rules of appointments, for records of another type."""

from datetime import datetime
from typing import Any

import pytest

from gateway.domain.enums import Permission
from gateway.domain.lenient_reading import Json
from tests.support.factories import connected, record, store
from tests.support.gateway import OTHER_TEAM, Client, Gateway, collect_statements

PARTS = """{
  overview { total successful failed pending } trends { date day successful failed } source { value count }
  previousPeriod { start end overview { total } }
}"""
ARGUMENTS = """size: $size, page: $page, search: $search, start: $start, end: $end, timezone: $zone,
  fillGaps: $fill"""
VARIABLES = """$size: Int! = 300, $page: Int! = 1, $search: String, $start: DateTime, $end: DateTime,
  $zone: TimeZone, $fill: Boolean! = false"""
QUERY = f'query ({VARIABLES}) {{ patientStatistics(integrationId: "clinic", {ARGUMENTS}) {PARTS} }}'
NESTED = (
    f"query ({VARIABLES}) {{ integrations(first: 5) {{ nodes {{ ... on ConnectedIntegration "
    f"{{ id patientStatistics({ARGUMENTS}) {PARTS} }} }} }} }}"
)

PATIENTS: tuple[tuple[str, dict[str, Json]], ...] = (
    ("2025-03-08T12:00", {"source": "web", "firstName": "Anna", "bookingStatus": "failed"}),
    ("2025-03-09T05:30", {"source": " web ", "lastName": "Straße"}),
    ("2025-03-09T06:00", {"source": "desk", "bookingStatus": "pending"}),
    ("2025-03-11T12:00", {"email": "anna@example.org"}),
)
"""Creation times and configs."""


async def _create_clinic(gateway: Gateway) -> Client:
    await store(gateway.database, connected("clinic", timezone="America/Chicago"), connected("other"))
    await store(
        gateway.database,
        record("appointment", "clinic", {"source": "web"}),
        *(
            record(str(place), "clinic", {"type": "patients", **config}, at=datetime.fromisoformat(f"{at}:00Z"))
            for place, (at, config) in enumerate(PATIENTS)
        ),
    )
    return await gateway.client(permissions=[Permission.READ_RECORDS, Permission.READ_INTEGRATIONS])


async def _fetch(client: Client, /, **variables: object) -> Any:
    """Return the statistics, which must be the same at the root and in the integration."""
    at_root = (await client.data(QUERY, **variables))["patientStatistics"]
    nodes = (await client.data(NESTED, **variables))["integrations"]["nodes"]
    assert {node["id"]: node["patientStatistics"] for node in nodes}["clinic"] == at_root
    return at_root


async def test_only_patients_are_counted(gateway: Gateway) -> None:
    answer = await _fetch(await _create_clinic(gateway))
    assert answer == {
        "overview": {"total": 4, "successful": 2, "failed": 1, "pending": 1},
        "trends": [
            {"date": "2025-03-08T06:00:00.000Z", "day": "2025-03-08", "successful": 1, "failed": 1},
            {"date": "2025-03-09T06:00:00.000Z", "day": "2025-03-09", "successful": 0, "failed": 0},
            {"date": "2025-03-11T05:00:00.000Z", "day": "2025-03-11", "successful": 1, "failed": 0},
        ],
        "source": [
            {"value": "web", "count": 2},
            {"value": "desk", "count": 1},
            {"value": "unknown", "count": 1},
        ],
        "previousPeriod": None,
    }


@pytest.mark.parametrize(
    ("arguments", "total", "days", "sources"),
    [
        ({"size": 1}, 4, ["08", "09", "11"], ["web"]),
        ({"size": 2, "page": 2}, 4, ["08", "09", "11"], ["unknown"]),
        ({"page": 2}, 4, ["08", "09", "11"], []),
        ({"search": "ANNA"}, 2, ["08", "11"], ["unknown", "web"]),
        ({"search": "strasse web"}, 1, ["08"], ["web"]),
        ({"search": "%"}, 0, [], []),
        ({"start": "2025-03-08T12:00:00.001Z"}, 3, ["08", "09", "11"], ["desk", "unknown", "web"]),
        ({"end": "2025-03-09T06:00:00Z"}, 2, ["08"], ["web"]),
        ({"start": "2025-03-09T06:00:00Z", "end": "2025-03-10T05:00:00Z"}, 1, ["09"], ["desk"]),
        ({"start": "2025-03-09T06:00:00Z", "end": "2025-03-09T06:00:00Z"}, 0, [], []),
        ({"zone": "UTC"}, 4, ["08", "09", "11"], ["web", "desk", "unknown"]),
        ({"zone": "Pacific/Kiritimati", "end": "2025-03-09T06:00:00Z"}, 2, ["09"], ["web"]),
        ({"fill": True}, 4, ["08", "09", "10", "11"], ["web", "desk", "unknown"]),
    ],
)
async def test_every_argument_works_as_for_appointments(
    gateway: Gateway, arguments: dict[str, object], total: int, days: list[str], sources: list[str]
) -> None:
    answer = await _fetch(await _create_clinic(gateway), **arguments)
    assert answer["overview"]["total"] == total
    assert [trend["day"].removeprefix("2025-03-") for trend in answer["trends"]] == days
    assert [bucket["value"] for bucket in answer["source"]] == sources


async def test_the_previous_period_is_counted(gateway: Gateway) -> None:
    answer = await _fetch(await _create_clinic(gateway), start="2025-03-09T06:00:00Z", end="2025-03-10T05:00:00Z")
    assert answer["previousPeriod"] == {
        "start": "2025-03-08T06:00:00.000Z",
        "end": "2025-03-09T06:00:00.000Z",
        "overview": {"total": 2},
    }


async def test_all_invalid_arguments_are_refused_at_once(gateway: Gateway) -> None:
    client = await _create_clinic(gateway)
    answer = await client(QUERY, size=0, page=0, zone="utc", search="x" * 501)
    assert answer["data"] == {"patientStatistics": None}
    assert [error["extensions"]["argument"] for error in answer["errors"]] == [
        ["size"],
        ["page"],
        ["search"],
        ["timezone"],
    ]
    assert all(error["extensions"]["code"] == "BAD_USER_INPUT" for error in answer["errors"])


async def test_another_team_and_a_viewer_without_the_permission_are_refused(gateway: Gateway) -> None:
    await _create_clinic(gateway)
    stranger = await gateway.client(team_id=OTHER_TEAM)
    (error,) = (await stranger(QUERY))["errors"]
    assert error["extensions"] == {"code": "NOT_FOUND", "argument": ["integrationId"]}
    unqualified = await gateway.client(user_id="other", permissions=[Permission.READ_INTEGRATIONS])
    (error,) = (await unqualified(QUERY))["errors"]
    assert error["extensions"] == {"code": "FORBIDDEN"}


async def test_both_dashboards_of_one_operation_are_one_statement(gateway: Gateway) -> None:
    await _create_clinic(gateway)
    client = await gateway.client()
    both = """{ integrations { nodes { ... on ConnectedIntegration {
        patientStatistics { overview { total } source { value } } appointmentStatistics { overview { total } }
    } } } }"""
    with collect_statements() as ran:
        nodes = (await client.data(both))["integrations"]["nodes"]
    assert sorted(node["patientStatistics"]["overview"]["total"] for node in nodes) == [0, 4]
    assert sorted(node["appointmentStatistics"]["overview"]["total"] for node in nodes) == [0, 1]
    assert sum("day_count" in statement for statement in ran) == 1
