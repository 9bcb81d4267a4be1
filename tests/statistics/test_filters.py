"""Filters of dashboards by the values of breakdowns."""

import asyncio
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.enums import Permission
from gateway.domain.statistics import day_counts
from tests.support.dashboard import BREAKDOWNS, DASHBOARD, EMPTY_DASHBOARD
from tests.support.factories import AT, ZONES, connected, record, store
from tests.support.gateway import Client, Gateway, collect_statements, serve_gateway
from tests.support.recounts import Appointment, configs, dashboard_arguments, filters, instants
from tests.support.writing import INSTANTS, RandomWrites

CLINIC = "clinic"
VALUES = (
    'say "hi"',
    "back\\slash",
    "it's",
    "$.source",
    "0",
    "null",
    "王小明",
    "a\tb",
    "\U0001f600",
    "100%",
    "\u007f",
)
TRENDS_AND_SOURCES = "overview { total failed } trends { day failed } source { value count }"


async def _create_clinic(gateway: Gateway, *sources: str) -> Client:
    await store(gateway.database, connected(CLINIC, timezone="America/Chicago"))
    rows = [
        record(
            f"{index:024x}",
            CLINIC,
            {"source": source, "utmSource": "ads", "appointmentType": "NP", "bookingStatus": "failed"},
            at=AT + index * timedelta(hours=12),
        )
        for index, source in enumerate(sources)
    ]
    await store(gateway.database, *rows)
    return await gateway.client()


async def _fetch(client: Client, /, **variables: object) -> Any:
    return (await client.data(DASHBOARD, id=CLINIC, **variables))["appointmentStatistics"]


@pytest.mark.parametrize("type", ["", ", appointmentType: NP"])
async def test_the_numbers_of_one_value_are_read_without_the_records(gateway: Gateway, type: str) -> None:
    client = await _create_clinic(gateway, "a", "b", "a")
    query = f'{{ appointmentStatistics(integrationId: "clinic", source: "a"{type}) {{ {TRENDS_AND_SOURCES} }} }}'
    with collect_statements() as statements:
        found = (await client.data(query))["appointmentStatistics"]
    assert found["overview"] == {"total": 2, "failed": 2}
    assert found["trends"] == [{"day": "2025-03-09", "failed": 1}, {"day": "2025-03-10", "failed": 1}]
    assert found["source"] == [{"value": "a", "count": 2}]
    assert any("day_count" in statement for statement in statements)
    assert not any("resource_record" in statement for statement in statements)


async def test_values_are_compared_letter_for_letter(gateway: Gateway) -> None:
    client = await _create_clinic(gateway, *VALUES, *VALUES[:3])
    for values in (*([value] for value in VALUES), [*VALUES[:4]]):
        # Whole days are read from counts, parts of days from records.
        for bounds in ({}, {"start": "2025-03-09T11:00:00Z", "end": "2025-03-11T13:00:00Z"}):
            whole = await _fetch(client, **bounds)
            expected = [bucket for bucket in whole["source"] if bucket["value"] in values]
            found = await _fetch(client, source=values, **bounds)
            assert found["source"] == expected
            assert found["overview"]["total"] == sum(bucket["count"] for bucket in expected)
    for value in ("", "A\tB", "王", '"', "source"):
        assert await _fetch(client, source=[value]) == EMPTY_DASHBOARD


@pytest.mark.parametrize("bounds", [{}, {"start": "2025-03-09T11:00:00Z", "end": "2025-03-12T13:00:00Z"}])
async def test_values_that_are_not_stored_are_counted_from_records(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, bounds: dict[str, str]
) -> None:
    monkeypatch.setattr(day_counts, "MAX_VALUES", 1)
    # The second day alone has two values.
    client = await _create_clinic(gateway, "a", "a", "b", "a", "a")
    found = await _fetch(client, source=["a"], **bounds)
    assert found["overview"]["total"] == 4
    assert sum(trend["failed"] for trend in found["trends"]) == 4
    assert found["source"] == [{"value": "a", "count": 4}]


async def test_an_empty_list_matches_nothing(gateway: Gateway) -> None:
    client = await _create_clinic(gateway, "a", "b")
    for field in BREAKDOWNS:
        with collect_statements() as statements:
            assert await _fetch(client, **{field: []}) == EMPTY_DASHBOARD
        assert not any("day_count" in each or "resource_record" in each for each in statements)
        whole = await _fetch(client, **{field: None})
        assert whole["overview"]["total"] == 2


async def test_too_many_values_are_refused(gateway: Gateway) -> None:
    client = await _create_clinic(gateway, "a")
    assert (await _fetch(client, source=[*map(str, range(99)), "a"]))["overview"]["total"] == 1
    answer = await client(DASHBOARD, id=CLINIC, source=["a"] * 101, utmMedium=["a"] * 101)
    assert [error["message"] for error in answer["errors"]] == [
        f"`{name}` may have at most 100 values, not 101." for name in ("source", "utmMedium")
    ]


async def test_filters_need_no_permission_for_records(gateway: Gateway) -> None:
    await _create_clinic(gateway, "a", "b")
    client = await gateway.client(permissions=[Permission.READ_STATISTICS])
    query = '{ appointmentStatistics(integrationId: "clinic", source: "a") { utmSource { value count } } }'
    found = (await client.data(query))["appointmentStatistics"]
    assert found["utmSource"] == [{"value": "ads", "count": 1}]


async def test_patients_are_filtered_by_source(gateway: Gateway) -> None:
    client = await _create_clinic(gateway, "a")
    patients = [{"type": "patients", "source": source} for source in ("a", "b", None)]
    await store(gateway.database, *(record(f"p{n}", CLINIC, {**each}) for n, each in enumerate(patients)))
    query = """query ($source: [String!]) {
      patientStatistics(integrationId: "clinic", source: $source) { overview { total } source { count } } }"""
    for source, total in ((["a"], 1), (["unknown"], 1), (["a", "unknown"], 2), ([], 0), (None, 3)):
        found = (await client.data(query, source=source))["patientStatistics"]
        assert found["overview"]["total"] == total
        assert sum(bucket["count"] for bucket in found["source"]) == total


RECORDS = """query ($id: ID!, $search: String, $filter: ResourceRecordFilter!) {
  integration(id: $id) { ... on ConnectedIntegration {
    resourceRecords(type: APPOINTMENTS, first: 100, search: $search, filter: $filter) { totalCount nodes { id } }
  } } }"""
_numbers = count()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(instants, configs), min_size=1, max_size=20),
    zone=st.sampled_from(ZONES),
    arguments=dashboard_arguments,
    others=st.just({}) | filters,
)
async def test_each_number_of_a_breakdown_is_the_total_of_its_filter(
    gateway: Gateway, rows: list[Appointment], zone: str, arguments: Any, others: dict[str, list[str]]
) -> None:
    client, id = await gateway.client(), f"clinic-{next(_numbers)}"
    await store(gateway.database, connected(id, timezone=zone))
    names = (f"{id}-" + f"{place:b}".translate({48: "x", 49: "y"}) for place in range(len(rows)))
    await store(
        gateway.database,
        *(record(name, id, config, at=at) for name, (at, config) in zip(names, rows, strict=True)),
    )
    variables = {**arguments.variables(), "id": id, **dict.fromkeys(BREAKDOWNS), **others}
    whole = (await client.data(DASHBOARD, **variables))["appointmentStatistics"]
    time = "start" if variables["by"] == "START" else "createdAt"
    bounds = {"gte": variables["start"], "lt": variables["end"]}
    type_ = {"appointmentType": variables["type"]} if variables["type"] else {}
    conditions = others | type_ | ({time: bounds} if any(bounds.values()) else {})
    for field in BREAKDOWNS:
        for bucket in whole[field]:
            filtered = {**variables, field: [bucket["value"]], "page": 1}
            found = (await client.data(DASHBOARD, **filtered))["appointmentStatistics"]
            assert found["overview"]["total"] == bucket["count"]
            assert found[field] == [bucket]
            listed = await client.data(
                RECORDS, id=id, search=variables["search"], filter={**conditions, field: [bucket["value"]]}
            )
            records = listed["integration"]["resourceRecords"]
            assert records["totalCount"] == len(records["nodes"]) == bucket["count"]


COMPARED = """query ($bounds: DateTimeFilter!, $start: DateTime!, $source: [String!]) {
  appointmentStatistics(integrationId: "clinic", source: $source, start: $start) { overview { total failed } }
  patientStatistics(integrationId: "clinic", source: $source, start: $start) { overview { total } }
  integration(id: "clinic") { ... on ConnectedIntegration {
    appointments: resourceRecords(type: APPOINTMENTS, filter: {source: $source, createdAt: $bounds}) { totalCount }
    failed: resourceRecords(
      type: APPOINTMENTS, filter: {source: $source, createdAt: $bounds, bookingStatus: FAILED}
    ) { totalCount }
    both: resourceRecords(first: 100, filter: {source: $source, createdAt: $bounds}) { totalCount nodes { id } }
  } } }"""


async def test_numbers_and_their_records_agree_during_writes(database_url: str) -> None:
    limits = {"cost_limit": 500_000, "rate_limit": 10**9, "rate_refill": 10**9}
    async with serve_gateway(database_url, **limits) as gateway, asyncio.TaskGroup() as group:
        await store(gateway.database, connected(CLINIC, timezone="America/Goose_Bay"))
        client, totals = await gateway.client(), set()
        writers = [group.create_task(RandomWrites(client, Random(seed)).run(8)) for seed in range(4)]
        rounds = 0
        while rounds < 8 or not all(writer.done() for writer in writers):
            source, start = (["web"], ["web", "unknown"])[rounds % 2], INSTANTS[rounds % 7]
            found = await client.data(COMPARED, source=source, start=start, bounds={"gte": start})
            visits, lists = found["appointmentStatistics"]["overview"], found["integration"]
            assert visits["total"] == lists["appointments"]["totalCount"]
            assert visits["failed"] == lists["failed"]["totalCount"]
            both = visits["total"] + found["patientStatistics"]["overview"]["total"]
            assert both == lists["both"]["totalCount"] == len(lists["both"]["nodes"])
            totals.add(both)
            rounds += 1
    assert len(totals) > 1
