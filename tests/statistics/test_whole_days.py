"""Dashboards of whole local days, and the outcomes of each day and value."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.domain.calendar import days
from gateway.domain.lenient_reading import Json
from tests.support.factories import connected, record, store
from tests.support.gateway import Client, Gateway, collect_statements

CLINIC = "clinic"
CHICAGO = ZoneInfo("America/Chicago")

QUERY = """
query ($days: Int, $first: Date, $last: Date, $start: DateTime, $end: DateTime, $zone: TimeZone) {
  appointmentStatistics(
    integrationId: "clinic", days: $days, firstDay: $first, lastDay: $last, start: $start, end: $end,
    timezone: $zone, fillGaps: true
  ) {
    overview { total }
    trends { day successful failed pending }
    utmCampaign { value count successful failed pending }
    previousPeriod { start end overview { total } }
  }
}
"""


async def _create_clinic(gateway: Gateway, *rows: tuple[datetime, Mapping[str, Json]], timezone: str) -> Client:
    await store(gateway.database, connected(CLINIC, timezone=timezone))
    bookings = (record(f"{place:024}", CLINIC, {**config}, at=at) for place, (at, config) in enumerate(rows))
    await store(gateway.database, *bookings)
    return await gateway.client()


async def _fetch(client: Client, /, **variables: object) -> Any:
    return (await client.data(QUERY, **variables))["appointmentStatistics"]


async def test_days_are_the_last_whole_days_before_today(gateway: Gateway) -> None:
    today = days.get_local_day(CHICAGO, datetime.now(UTC))
    begins = {ago: days.find_day_start(CHICAGO, today - timedelta(days=ago)) for ago in range(-1, 16)}
    moment = timedelta(milliseconds=1)
    times = (begins[0], begins[0] - moment, begins[7], begins[7] - moment, begins[14], begins[14] - moment)
    client = await _create_clinic(gateway, *((at, {}) for at in times), timezone="America/Chicago")
    with collect_statements() as statements:
        answer = await _fetch(client, days=7)
    assert not any("resource_record" in statement for statement in statements), "whole days are counted already"
    shown = [trend["day"] for trend in answer["trends"]]
    # At midnight the current day may change during the test.
    assert shown == [(today - timedelta(days=ago)).isoformat() for ago in range(7, 0, -1)]
    assert answer["overview"] == {"total": 2}
    assert answer["previousPeriod"]["overview"] == {"total": 2}
    assert datetime.fromisoformat(answer["previousPeriod"]["start"]) == begins[14]
    assert datetime.fromisoformat(answer["previousPeriod"]["end"]) == begins[7]


async def test_the_first_and_last_day_are_included_in_the_zone(gateway: Gateway) -> None:
    times = ("2025-03-01T05:59:59.999", "2025-03-01T06:00", "2025-03-10T04:59:59.999", "2025-03-10T05:00")
    rows: list[tuple[datetime, Mapping[str, Json]]] = [
        (datetime.fromisoformat(at).replace(tzinfo=UTC), {}) for at in times
    ]
    client = await _create_clinic(gateway, *rows, timezone="America/Chicago")
    answer = await _fetch(client, first="2025-03-01", last="2025-03-09")
    assert answer == await _fetch(client, start="2025-03-01T06:00:00Z", end="2025-03-10T05:00:00Z")
    assert (answer["overview"]["total"], len(answer["trends"])) == (2, 9)
    assert (await _fetch(client, first="2025-03-02"))["overview"]["total"] == 2
    assert (await _fetch(client, last="2025-02-28"))["overview"]["total"] == 1
    assert (await _fetch(client, first="2025-03-10", last="2025-03-10", zone="UTC"))["overview"]["total"] == 2
    assert (await _fetch(client, first="2020-01-01", last="9999-12-31"))["previousPeriod"] is None


def test_a_day_that_a_zone_skipped_begins_with_the_next_one() -> None:
    apia = ZoneInfo("Pacific/Apia")
    assert days.find_day_start(apia, date(2011, 12, 30)) == days.find_day_start(apia, date(2011, 12, 31))
    assert days.find_day_start(ZoneInfo("Pacific/Kiritimati"), date.max) <= days.LAST_INSTANT


async def test_each_day_and_value_has_counts_by_outcome(gateway: Gateway) -> None:
    at = datetime(2025, 3, 1, 12, tzinfo=UTC)
    client = await _create_clinic(
        gateway,
        (at, {"bookingStatus": "successful", "utmCampaign": "spring"}),
        (at, {"bookingStatus": "failed", "utmCampaign": "spring"}),
        (at, {"bookingStatus": "failed", "utmCampaign": "spring"}),
        (at, {}),
        timezone="UTC",
    )
    answer = await _fetch(client, first="2025-03-01", last="2025-03-01")
    assert answer["trends"] == [{"day": "2025-03-01", "successful": 1, "failed": 2, "pending": 1}]
    assert answer["utmCampaign"] == [
        {"value": "spring", "count": 3, "successful": 1, "failed": 2, "pending": 0},
        {"value": "not set", "count": 1, "successful": 0, "failed": 0, "pending": 1},
    ]


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"days": 0}, "days"),
        ({"days": 3661}, "days"),
        ({"days": 7, "last": "2025-03-01"}, "days"),
        ({"days": 7, "start": "2025-03-01T00:00:00Z"}, "days"),
        ({"first": "2025-03-01", "end": "2025-03-02T00:00:00Z"}, "firstDay"),
        ({"last": "2025-03-01", "end": "2025-03-02T00:00:00Z"}, "lastDay"),
        ({"first": "2025-03-02", "last": "2025-03-01"}, "firstDay"),
    ],
)
async def test_conflicting_bounds_are_refused(
    gateway: Gateway, arguments: dict[str, object], argument: str
) -> None:
    client = await _create_clinic(gateway, timezone="UTC")
    answer = await client(QUERY, **arguments)
    assert answer["data"] == {"appointmentStatistics": None}
    assert [error["extensions"] for error in answer["errors"]] == [
        {"code": "BAD_USER_INPUT", "argument": [argument]}
    ]
