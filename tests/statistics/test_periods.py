"""The previous period: it ends where the requested one begins, and has the same local length."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.calendar.instants import format_instant
from gateway.domain.lenient_reading import Document
from tests.support.factories import connected, record, store
from tests.support.gateway import Client, Gateway, collect_statements

QUERY = """
query ($start: DateTime, $end: DateTime, $zone: TimeZone, $type: AppointmentType, $search: String,
       $by: StatisticsDateField! = CREATED_AT) {
  appointmentStatistics(
    integrationId: "clinic", start: $start, end: $end, timezone: $zone, appointmentType: $type, dateField: $by,
    search: $search
  ) { overview { total } previousPeriod { start end overview { total successful failed pending } } }
}"""


async def _create_clinic(gateway: Gateway, *times: str, timezone: str = "America/Chicago") -> Client:
    await store(gateway.database, connected("clinic", timezone=timezone))
    created = [datetime.fromisoformat(at).replace(tzinfo=UTC) for at in times]
    configs: list[Document] = [
        {"appointmentType": "NP" if index % 2 else "F/U", "start": format_instant(at), "bookingStatus": "failed"}
        for index, at in enumerate(created)
    ]
    rows = [
        record(str(index), "clinic", config, at=at)
        for index, (at, config) in enumerate(zip(created, configs, strict=True))
    ]
    await store(gateway.database, *rows)
    return await gateway.client()


async def _fetch_previous(client: Client, /, **variables: object) -> Any:
    return (await client.data(QUERY, **variables))["appointmentStatistics"]["previousPeriod"]


@pytest.mark.parametrize(
    ("zone", "start", "end", "before"),
    [
        (None, "2025-03-10T05:00:00Z", "2025-03-17T05:00:00Z", "2025-03-03T06:00:00.000Z"),
        (None, "2025-03-09T06:00:00Z", "2025-03-10T05:00:00Z", "2025-03-08T06:00:00.000Z"),
        (None, "2025-11-03T06:00:00Z", "2025-11-04T06:00:00Z", "2025-11-02T05:00:00.000Z"),
        ("UTC", "2025-03-10T05:00:00Z", "2025-03-17T05:00:00Z", "2025-03-03T05:00:00.000Z"),
        # A skipped hour: the next instant.
        (None, "2025-03-10T07:30:00Z", "2025-03-11T07:30:00Z", "2025-03-09T08:00:00.000Z"),
        (None, "2025-03-01T06:00:00.001Z", "2025-03-01T06:00:00.002Z", "2025-03-01T06:00:00.000Z"),
        (None, "2025-03-01T06:00:00Z", "2025-03-01T06:00:00Z", "2025-03-01T06:00:00.000Z"),
    ],
)
async def test_the_previous_period_has_the_same_local_length(
    gateway: Gateway, zone: str | None, start: str, end: str, before: str
) -> None:
    client = await _create_clinic(gateway)
    found = await _fetch_previous(client, zone=zone, start=start, end=end)
    assert datetime.fromisoformat(found["end"]) == datetime.fromisoformat(start)
    assert found["start"] == before


async def test_the_previous_period_is_counted_like_the_period(gateway: Gateway) -> None:
    times = ("2025-03-09T05:59:59.999", "2025-03-09T06:00", "2025-03-09T12:00", "2025-03-10T04:59:59.999")
    client = await _create_clinic(gateway, *times, "2025-03-10T05:00", "2025-03-11T04:59")
    bounds = {"start": "2025-03-10T05:00:00Z", "end": "2025-03-11T05:00:00Z"}
    assert (await _fetch_previous(client, **bounds))["overview"] == {
        "total": 3,
        "successful": 0,
        "failed": 3,
        "pending": 0,
    }
    # Also if the period begins or ends within a day, and if the counts of days cannot be used.
    bounds_within = {"start": "2025-03-10T05:00:00Z", "end": "2025-03-10T17:00:00Z"}
    assert (await _fetch_previous(client, **bounds_within))["overview"]["total"] == 1
    assert (await _fetch_previous(client, **bounds, type="NP"))["overview"]["total"] == 2
    assert (await _fetch_previous(client, **bounds, by="START"))["overview"]["total"] == 3
    assert (await _fetch_previous(client, **bounds, search="000"))["overview"]["total"] == 0


@pytest.mark.parametrize(
    "bounds",
    [
        {},
        {"start": "2025-03-10T05:00:00Z"},
        {"end": "2025-03-10T05:00:00Z"},
        {"start": "0001-01-02T00:00:00Z", "end": "2025-03-10T05:00:00Z"},
    ],
)
async def test_there_is_no_previous_period_of_open_ranges_or_before_the_calendar(
    gateway: Gateway, bounds: dict[str, str]
) -> None:
    client = await _create_clinic(gateway, "2025-03-09T12:00")
    assert await _fetch_previous(client, **bounds) is None


async def test_the_previous_period_needs_no_statement_of_its_own(gateway: Gateway) -> None:
    client = await _create_clinic(gateway, "2025-03-09T12:00")
    bounds = {"start": "2025-03-10T05:00:00Z", "end": "2025-03-11T05:00:00Z"}
    with collect_statements() as statements:
        assert (await _fetch_previous(client, **bounds))["overview"]["total"] == 1
    assert sum("day_count" in statement for statement in statements) == 1
