"""The dashboards of document 3: appointments and patients."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.enums import Permission
from gateway.domain.lenient_reading import Json
from tests.support.dashboard import DASHBOARD
from tests.support.factories import ZONES, connected, record, store
from tests.support.gateway import Client, Gateway, collect_statements
from tests.support.recounts import (
    DOCUMENT_TYPES,
    Appointment,
    DashboardArguments,
    configs,
    dashboard_arguments,
    instants,
)
from tests.support.rest import send

APPOINTMENTS = "/integrations/v2/resource-records/{}/appointments/statistics"
PATIENTS = "/integrations/v2/resource-records/{}/patients/statistics"
CLINIC = "64a000000000000000000001"

VISITS: tuple[tuple[str, dict[str, Json]], ...] = (
    ("2025-03-08T12:00", {"source": "web", "bookingStatus": "successful", "appointmentType": "F/U"}),
    ("2025-03-09T05:30", {"source": " web ", "utmSource": "google", "patientName": "Anna Straße"}),
    ("2025-03-09T06:00", {"bookingStatus": "failed", "utmMedium": "cpc", "utmCampaign": "spring"}),
    ("2025-03-11T12:00", {"source": "desk", "bookingStatus": "successful", "appointmentType": "NP"}),
)
"""Creation times and configs."""

EMPTY: dict[str, Any] = {
    "overview": {"total": 0},
    **{key: [] for key in ("trends", "source", "utm_source", "utm_medium", "utm_campaign")},
}

on_one_database: Callable[[Any], Any] = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def create_clinic(gateway: Gateway, type: str = "appointments") -> Client:
    await store(gateway.database, connected(CLINIC, timezone="America/Chicago"))
    rows = (
        record(f"{place:024x}", CLINIC, {"type": type, **config}, at=datetime.fromisoformat(f"{at}:00Z"))
        for place, (at, config) in enumerate(VISITS)
    )
    await store(gateway.database, *rows)
    return await gateway.client(permissions=[Permission.READ_RECORDS])


async def fetch(client: Client, path: str = APPOINTMENTS, /, **parameters: Any) -> Any:
    response = await send(client, path.format(CLINIC), params=parameters)
    assert response.status_code == 200, response.text
    return response.json()


async def test_the_dashboard_has_the_keys_of_the_document(gateway: Gateway) -> None:
    answer = await fetch(await create_clinic(gateway))
    expected = {
        "overview": {"total": 4},
        "trends": [
            {"_id": "2025-03-08T06:00:00Z", "successful": 1, "failed": 0},
            {"_id": "2025-03-09T06:00:00Z", "successful": 0, "failed": 1},
            {"_id": "2025-03-11T05:00:00Z", "successful": 1, "failed": 0},
        ],
        "source": [{"_id": "web", "count": 2}, {"_id": "desk", "count": 1}, {"_id": "unknown", "count": 1}],
        "utm_source": [{"_id": "direct", "count": 3}, {"_id": "google", "count": 1}],
        "utm_medium": [{"_id": "not set", "count": 3}, {"_id": "cpc", "count": 1}],
        "utm_campaign": [{"_id": "not set", "count": 3}, {"_id": "spring", "count": 1}],
    }
    assert answer == expected
    assert [*answer] == [*expected]


async def test_the_dashboard_of_patients_has_no_types_and_campaigns(gateway: Gateway) -> None:
    client = await create_clinic(gateway, "patients")
    answer = await fetch(client, PATIENTS)
    assert [*answer] == ["overview", "trends", "source"]
    assert answer["source"] == [
        {"_id": "web", "count": 2},
        {"_id": "desk", "count": 1},
        {"_id": "unknown", "count": 1},
    ]
    # An unknown parameter is ignored, as FastAPI does.
    assert await fetch(client, PATIENTS, appointmentType="NP") == answer
    assert await fetch(client) == EMPTY


async def test_a_page_cuts_each_list_on_its_own_but_not_the_total(gateway: Gateway) -> None:
    client = await create_clinic(gateway)
    whole = await fetch(client)
    for page in (1, 2, 3, 4):
        answer = await fetch(client, size=1, page=page)
        assert answer == {
            "overview": whole["overview"],
            **{key: whole[key][page - 1 : page] for key in whole if key != "overview"},
        }


async def test_filters_narrow_the_dashboard(gateway: Gateway) -> None:
    client = await create_clinic(gateway)
    totals = {
        "appointmentType=F/U": 1,
        "search=ANNA strasse": 1,
        "start=2025-03-09T06:00:00Z": 2,
        # An instant without an offset is in UTC, a date is its first instant.
        "start=2025-03-09T06:00:00": 2,
        "end=2025-03-09": 1,
        "start=2025-03-09T00:00:00-06:00&end=2025-03-11T12:00:00Z": 1,
        "start=2025-03-09T06:00:00.0005Z": 1,
        "start=2025-03-09T06:00:00Z&end=2025-03-09T06:00:00.0005Z": 1,
        "start=2025-03-09&end=2025-03-09": 0,
    }
    found = {}
    for query in totals:
        path = f"{APPOINTMENTS.format(CLINIC)}?{query}".replace("%", "%25").replace("+", "%2B")
        found[query] = (await send(client, path)).json()["overview"]["total"]
    assert found == totals


async def test_the_dashboard_of_a_key_for_statistics_and_records(gateway: Gateway) -> None:
    await create_clinic(gateway)
    client = await gateway.client(permissions=[Permission.READ_STATISTICS, Permission.READ_INTEGRATIONS])
    assert (await fetch(client))["overview"] == {"total": 4}
    for path, parameters in ((APPOINTMENTS, {"search": "anna"}), (PATIENTS, {})):
        response = await send(client, path.format(CLINIC), params=parameters)
        detail = "This needs the permission READ_RECORDS."
        assert (response.status_code, response.json()) == (403, {"detail": detail})


@pytest.mark.parametrize(
    ("query", "problems"),
    [
        (
            "size=0&page=x",
            [
                ("size", "Input should be greater than or equal to 1", "greater_than_equal"),
                ("page", "Input should be a valid integer, unable to parse string as an integer", "int_parsing"),
            ],
        ),
        ("size=2147483648", [("size", "Input should be less than or equal to 2147483647", "less_than_equal")]),
        (
            "start=now&end=2025-13-01",
            [
                (
                    "start",
                    "Input should be a valid datetime or date, input is too short",
                    "datetime_from_date_parsing",
                ),
                (
                    "end",
                    "Input should be a valid datetime or date, month value is outside expected range of 1-12",
                    "datetime_from_date_parsing",
                ),
            ],
        ),
        (
            "appointmentType=np",
            [
                (
                    "appointmentType",
                    "Input should be 'NP', 'F/U', 'ASC_FU', 'FU Tele', 'PROCEDURE', 'PROV_USE' or 'RAP_ACCESS'",
                    "enum",
                )
            ],
        ),
        (
            "start=2025-01-02&end=2025-01-01",
            [("start", "`start` must not be after `end`.", "value_error")],
        ),
        (
            "start=0001-01-01T00:00:00%2B14:00&end=9999-12-31T23:59:59.9999Z",
            [
                (name, "Value error, The instant must be in the years 1 to 9999 in UTC", "value_error")
                for name in ("start", "end")
            ],
        ),
        ("search=%00", [("search", "Value error, Text cannot contain U+0000; remove it", "value_error")]),
        (
            f"search={'a' * 501}",
            [("search", "`search` may have at most 500 characters.", "value_error")],
        ),
    ],
    ids=["numbers", "large", "instants", "type", "order", "calendar", "NUL", "search"],
)
async def test_wrong_parameters_are_unprocessable(
    gateway: Gateway, query: str, problems: list[tuple[str, str, str]]
) -> None:
    client = await create_clinic(gateway)
    response = await send(client, f"{APPOINTMENTS.format(CLINIC)}?{query}")
    expected = [{"loc": ["query", name], "msg": message, "type": type} for name, message, type in problems]
    assert (response.status_code, response.json()) == (422, {"detail": expected})


async def test_the_number_of_statements_does_not_grow_with_rows(gateway: Gateway) -> None:
    await store(gateway.database, connected(CLINIC, timezone="America/Chicago"))
    client = await gateway.client()
    with collect_statements() as few:
        await fetch(client)
    rows = [record(f"{place:024x}", CLINIC, {"source": str(place)}) for place in range(100)]
    await store(gateway.database, *rows)
    with collect_statements() as many:
        await fetch(client)
    assert len(few) == len(many)


def to_document(answer: dict[str, Any], arguments: DashboardArguments) -> dict[str, Any]:
    """Return the graph's dashboard with the keys of the document, and its trends cut."""
    first = arguments.size * (arguments.page - 1)
    trends = answer["trends"][first : first + arguments.size]
    names = {
        "source": "source",
        "utmSource": "utm_source",
        "utmMedium": "utm_medium",
        "utmCampaign": "utm_campaign",
    }
    return {
        "overview": {"total": answer["overview"]["total"]},
        "trends": [
            {
                "_id": trend["date"].replace(".000Z", "Z"),
                "successful": trend["successful"],
                "failed": trend["failed"],
            }
            for trend in trends
        ],
        **{
            key: [{"_id": bucket["value"], "count": bucket["count"]} for bucket in answer[field]]
            for field, key in names.items()
        },
    }


_NUMBERS = count(1)


@on_one_database
@given(
    rows=st.lists(st.tuples(instants, configs), max_size=25),
    zone=st.sampled_from(ZONES),
    dashboards=st.lists(dashboard_arguments, min_size=3, max_size=3),
)
async def test_the_numbers_are_those_of_the_graph(
    gateway: Gateway, rows: list[Appointment], zone: str, dashboards: list[DashboardArguments]
) -> None:
    client, id = await gateway.client(), f"{next(_NUMBERS):024x}"
    await store(gateway.database, connected(id, timezone=zone))
    named = [record(f"{id}-{place}", id, config, at=at) for place, (at, config) in enumerate(rows)]
    await store(gateway.database, *named)
    for each in dashboards:
        # The document has no filters by value.
        arguments = replace(each, values={})
        variables = {**arguments.variables(), "zone": None, "by": "CREATED_AT", "fill": False}
        graph = (await client.data(DASHBOARD, id=id, **variables))["appointmentStatistics"]
        given_type = variables.pop("type")
        parameters = {
            "appointmentType": given_type and DOCUMENT_TYPES[str(given_type)],
            **{name: variables[name] for name in ("size", "page", "search", "start", "end")},
        }
        parameters = {name: value for name, value in parameters.items() if value is not None}
        response = await send(client, APPOINTMENTS.format(id), params=parameters)
        assert response.json() == to_document(graph, arguments)
