"""Trends by week and month: sums of local days, which begin with the period or with the range."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.calendar.instants import format_instant
from gateway.domain.lenient_reading import Document
from tests.support.factories import ZONES, connected, record, store
from tests.support.gateway import Client, Gateway

QUERY = """
query ($start: DateTime, $end: DateTime, $zone: TimeZone, $fill: Boolean! = false) {
  appointmentStatistics(integrationId: "clinic", start: $start, end: $end, timezone: $zone, fillGaps: $fill) {
    DAY: trends { ...trend }
    WEEK: trends(by: WEEK) { ...trend }
    MONTH: trends(by: MONTH) { ...trend }
  }
}
fragment trend on StatisticsTrend { date day successful failed pending }"""
BEGIN = datetime(2011, 12, 1, 7, tzinfo=UTC)
NUMBERS = ("successful", "failed", "pending")


async def _create_clinic(gateway: Gateway, *times: str, timezone: str = "America/Chicago") -> Client:
    await store(gateway.database, connected("clinic", timezone=timezone))
    configs: list[Document] = [{"bookingStatus": NUMBERS[index % 3]} for index in range(len(times))]
    rows = [
        record(f"{index:024x}", "clinic", config, at=datetime.fromisoformat(at))
        for index, (at, config) in enumerate(zip(times, configs, strict=True))
    ]
    await store(gateway.database, *rows)
    return await gateway.client()


async def _fetch(client: Client, /, **variables: object) -> Any:
    return (await client.data(QUERY, **variables))["appointmentStatistics"]


def _list_days(trends: Any) -> list[tuple[str, int]]:
    return [(trend["day"], sum(trend[name] for name in NUMBERS)) for trend in trends]


async def test_periods_begin_on_mondays_and_firsts_of_months(gateway: Gateway) -> None:
    client = await _create_clinic(
        gateway, "2025-02-28T12:00Z", "2025-03-02T12:00Z", "2025-03-03T12:00Z", "2025-03-19T12:00Z"
    )
    found = await _fetch(client)
    assert found["WEEK"] == [
        {"date": "2025-02-24T06:00:00.000Z", "day": "2025-02-24", "successful": 1, "failed": 1, "pending": 0},
        {"date": "2025-03-03T06:00:00.000Z", "day": "2025-03-03", "successful": 0, "failed": 0, "pending": 1},
        {"date": "2025-03-17T05:00:00.000Z", "day": "2025-03-17", "successful": 1, "failed": 0, "pending": 0},
    ]
    assert _list_days(found["MONTH"]) == [("2025-02-01", 1), ("2025-03-01", 3)]


async def test_the_first_period_begins_with_the_range(gateway: Gateway) -> None:
    client = await _create_clinic(gateway, "2025-02-28T12:00Z", "2025-03-02T12:00Z", "2025-03-03T12:00Z")
    found = await _fetch(client, start="2025-02-27T18:00:00Z", end="2025-03-20T05:00:00Z", fill=True)
    assert found["WEEK"][0]["date"] == "2025-02-27T06:00:00.000Z"
    assert _list_days(found["WEEK"]) == [
        *(("2025-02-27", 2), ("2025-03-03", 1), ("2025-03-10", 0), ("2025-03-17", 0))
    ]
    assert _list_days(found["MONTH"]) == [("2025-02-27", 1), ("2025-03-01", 2)]


async def test_too_many_days_to_fill_are_refused_for_each_period(gateway: Gateway) -> None:
    client = await _create_clinic(gateway)
    answer = await client(QUERY, start="2000-01-01T00:00:00Z", end="2020-01-01T00:00:00Z", fill=True)
    assert {tuple(error["path"])[-1] for error in answer["errors"]} <= {"DAY", "WEEK", "MONTH"}
    assert answer["data"] == {"appointmentStatistics": None}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zone=st.none() | st.sampled_from((*ZONES, "Pacific/Apia")),
    start=st.none()
    | st.integers(-30 * 24 * 60, 40 * 24 * 60).map(lambda minutes: BEGIN + timedelta(minutes=minutes)),
    length=st.integers(0, 90),
    has_end=st.booleans(),
    fill=st.booleans(),
)
async def test_periods_are_sums_of_the_days(
    gateway: Gateway, zone: str | None, start: datetime | None, length: int, has_end: bool, fill: bool
) -> None:
    client = await gateway.client()
    if not (await client.data("{ integrations { nodes { id } } }"))["integrations"]["nodes"]:
        moments = (BEGIN + (number - 13) * timedelta(days=2.3) for number in range(40))
        await _create_clinic(gateway, *(f"{at:%Y-%m-%dT%H:%M}Z" for at in moments))
    begin = start or BEGIN
    bounds = {
        "start": None if start is None else format_instant(start),
        "end": format_instant(begin + timedelta(days=length)) if has_end else None,
    }
    found = await _fetch(client, zone=zone, fill=fill, **bounds)
    for period in ("WEEK", "MONTH"):
        sums: dict[date, dict[str, int]] = {}
        for trend in found["DAY"]:
            day = date.fromisoformat(trend["day"])
            key = day.replace(day=1) if period == "MONTH" else day - timedelta(days=day.weekday())
            numbers = sums.setdefault(key, dict.fromkeys(NUMBERS, 0))
            for name in NUMBERS:
                numbers[name] += trend[name]
        assert [{name: trend[name] for name in NUMBERS} for trend in found[period]] == [*sums.values()]
        starts = [date.fromisoformat(trend["day"]) for trend in found[period]]
        assert all(day >= key for day, key in zip(starts, sums, strict=True))
        assert starts[1:] == [*sums][1:]


@pytest.mark.parametrize(("by", "day"), [("WEEK", "2011-12-26"), ("MONTH", "2011-12-01")])
async def test_patients_have_periods_too(gateway: Gateway, by: str, day: str) -> None:
    client = await _create_clinic(gateway)
    row = record("patient", "clinic", {"type": "patients"}, at=datetime.fromisoformat("2011-12-28T12:00Z"))
    await store(gateway.database, row)
    query = '{ patientStatistics(integrationId: "clinic") { trends(by: BY) { day successful } } }'
    found = await client.data(query.replace("BY", by))
    assert found["patientStatistics"]["trends"] == [{"day": day, "successful": 1}]
