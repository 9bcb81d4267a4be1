"""The dashboard against a plain recount in Python, over random appointments, filters, zones and pages."""

import asyncio
from collections import Counter
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from gateway.database.tables import Integration, ResourceRecord
from gateway.domain.lenient_reading import Document
from gateway.domain.statistics import day_counts
from tests.support.dashboard import BREAKDOWNS, DASHBOARD, PARTS
from tests.support.factories import ZONES, connected, record, store
from tests.support.gateway import Gateway
from tests.support.recounts import (
    CHANGES,
    Appointment,
    DashboardArguments,
    configs,
    dashboard_arguments,
    instants,
    recount,
)
from tests.support.sessions import open_session
from tests.support.verifying import find_differences
from tests.support.writing import CLINIC, RandomWrites

on_one_database: Callable[[Any], Any] = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@on_one_database
@given(
    rows=st.lists(st.tuples(instants, configs), max_size=25),
    zone=st.sampled_from(ZONES),
    dashboards=st.lists(dashboard_arguments, min_size=3, max_size=3),
)
async def test_the_dashboard_equals_a_recount(
    gateway: Gateway, rows: list[Appointment], zone: str, dashboards: list[DashboardArguments]
) -> None:
    await _compare_with_recounts(gateway, rows, zone, dashboards)


async def _compare_with_recounts(
    gateway: Gateway, rows: list[Appointment], zone: str, dashboards: list[DashboardArguments]
) -> None:
    """Store appointments, and require that the dashboards equal a recount."""
    client, id = await gateway.client(), f"clinic-{next(_NUMBERS)}"
    await store(gateway.database, connected(id, timezone=zone))
    # Ids have letters that no search contains.
    names = (f"{id}-" + f"{place:b}".translate({48: "x", 49: "y"}) for place in range(len(rows)))
    await store(
        gateway.database,
        *(record(name, id, config, at=at) for name, (at, config) in zip(names, rows, strict=True)),
    )
    for arguments in dashboards:
        answer = await client.data(DASHBOARD, id=id, **arguments.variables())
        assert answer["appointmentStatistics"] == recount(rows, arguments, zone)


@on_one_database
@given(rows=st.lists(st.tuples(instants, configs), max_size=25))
async def test_each_whole_breakdown_sums_to_the_total(gateway: Gateway, rows: list[Appointment]) -> None:
    client, id = await gateway.client(), f"clinic-{next(_NUMBERS)}"
    await store(gateway.database, connected(id))
    await store(
        gateway.database,
        *(record(f"{id}-{place}", id, config, at=at) for place, (at, config) in enumerate(rows)),
    )
    found = (await client.data(DASHBOARD, id=id))["appointmentStatistics"]
    total = found["overview"].pop("total")
    assert total == len(rows) == sum(found["overview"].values())
    for breakdown in BREAKDOWNS:
        assert sum(bucket["count"] for bucket in found[breakdown]) == total


@on_one_database
@given(
    rows=st.lists(st.tuples(instants, configs), max_size=25),
    zone=st.sampled_from(ZONES),
    dashboards=st.lists(dashboard_arguments, min_size=2, max_size=2),
)
async def test_breakdowns_with_too_many_values_are_counted_from_records(
    gateway: Gateway, rows: list[Appointment], zone: str, dashboards: list[DashboardArguments]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(day_counts, "MAX_VALUES", 2)
        await _compare_with_recounts(gateway, rows, zone, dashboards)
        assert await find_differences(gateway.database) == []


async def _read_appointments(gateway: Gateway) -> list[Appointment]:
    """Return the stored appointments for the recount."""
    async with gateway.read() as session:
        rows = await session.scalars(select(ResourceRecord).where(ResourceRecord.type == "appointments"))
        return [(row.created_at, cast(Document, row.document["config"])) for row in rows]


SOURCES = (None, " ", "google", " Google ", "50%", "a_b", "Ärzte")
INSTANTS = tuple(f"{day}T{time}Z" for day in CHANGES for time in ("00:00:00.000", "04:59:59.999", "20:15:00.000"))


@settings(deadline=None, max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), dashboards=st.lists(dashboard_arguments, min_size=3, max_size=3))
async def test_the_dashboard_equals_a_recount_after_random_writes(
    gateway: Gateway, seed: int, dashboards: list[DashboardArguments]
) -> None:
    async with open_session(gateway.database) as session:
        await session.execute(delete(Integration))
    await store(gateway.database, connected(CLINIC, timezone="America/Havana"))
    client = await gateway.client()
    writers = [RandomWrites(client, Random(seed + number), SOURCES, INSTANTS) for number in range(3)]
    for _ in range(3):
        # Concurrently, but not during the queries, since a recount needs a fixed state.
        await asyncio.gather(*(each.run(2) for each in writers))
        assert await find_differences(gateway.database) == []
        stored = await _read_appointments(gateway)
        zone = await client.data('{ integration(id: "clinic") { ... on ConnectedIntegration { timezone } } }')
        for arguments in dashboards:
            answer = await client.data(DASHBOARD, id=CLINIC, **arguments.variables())
            assert answer["appointmentStatistics"] == recount(stored, arguments, zone["integration"]["timezone"])


BOTH_WAYS = """query ($start: DateTime, $end: DateTime, $type: AppointmentType) {
      days: appointmentStatistics(integrationId: "clinic", start: $start, end: $end, appointmentType: $type)
        { asOf %s }
      records: appointmentStatistics(
        integrationId: "clinic", start: $start, end: $end, appointmentType: $type, search: "everybody"
      ) { asOf %s }
      visits: appointmentStatistics(
        integrationId: "clinic", start: $start, end: $end, appointmentType: $type, dateField: START
      ) { asOf %s }
      visitRecords: appointmentStatistics(
        integrationId: "clinic", start: $start, end: $end, appointmentType: $type, dateField: START,
        search: "everybody"
      ) { asOf %s }
      patients: patientStatistics(integrationId: "clinic", start: $start, end: $end)
        { asOf overview { total } source { count } }
    }""".replace("%s", PARTS)


async def test_the_numbers_of_one_response_agree_during_writes(gateway: Gateway) -> None:
    await store(gateway.database, connected(CLINIC, timezone="America/Goose_Bay"))
    client = await gateway.client()
    writers = [
        asyncio.create_task(RandomWrites(client, Random(seed), SOURCES, INSTANTS).run(8)) for seed in range(4)
    ]
    ranges: list[dict[str, str]] = [
        {},
        {"start": "2025-03-30T04:59:59.999Z"},
        {"end": "2025-10-31T20:15:00.001Z", "type": "NP"},
    ]
    count, totals = 0, set()
    while count < 6 or not all(writer.done() for writer in writers):
        found = await client.data(BOTH_WAYS, **ranges[count % len(ranges)])
        count += 1
        assert found["days"] == found["records"]
        assert found["visits"] == found["visitRecords"]
        total, *states = found["days"]["overview"].values()
        assert total == sum(states)
        for breakdown in BREAKDOWNS:
            assert sum(bucket["count"] for bucket in found["days"][breakdown]) == total
        trends = found["days"]["trends"]
        for place, state in enumerate(("successful", "failed")):
            assert sum(trend[state] for trend in trends) == states[place]
        assert found["patients"]["overview"]["total"] == sum(each["count"] for each in found["patients"]["source"])
        assert found["patients"]["asOf"] == found["days"]["asOf"]
        totals.add(total)
    await asyncio.gather(*writers)
    assert len(totals) > 1


TOTALS = """{ integration(id: "clinic") { ... on ConnectedIntegration {
      all: resourceRecords(first: 100) { totalCount nodes { type } }
      appointments: resourceRecords(first: 100, type: APPOINTMENTS) { totalCount nodes { type } }
      others: resourceRecords(first: 100, type: OTHER) { totalCount nodes { type } }
    } } }"""


async def test_total_counts_equal_the_listed_records_during_writes(gateway: Gateway) -> None:
    await store(gateway.database, connected(CLINIC))
    client = await gateway.client()
    writers = [asyncio.create_task(RandomWrites(client, Random(seed)).run(8)) for seed in range(4)]
    rounds, numbers = 0, set()
    while rounds < 6 or not all(writer.done() for writer in writers):
        lists = (await client.data(TOTALS))["integration"]
        rounds += 1
        for listed in lists.values():
            assert listed["totalCount"] == len(listed["nodes"])
        types = Counter(node["type"] for node in lists["all"]["nodes"])
        assert types["APPOINTMENTS"] == lists["appointments"]["totalCount"]
        assert types["OTHER"] == lists["others"]["totalCount"]
        numbers.add(lists["all"]["totalCount"])
    await asyncio.gather(*writers)
    assert len(numbers) > 1
    assert await find_differences(gateway.database) == []


_NUMBERS = count()
