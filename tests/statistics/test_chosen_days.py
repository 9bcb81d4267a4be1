"""Whole days are read from counts, parts of days from records: unusual midnights, and the ends of the calendar."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.lenient_reading import Json
from tests.support.dashboard import DASHBOARD, PARTS
from tests.support.factories import connected, record, store
from tests.support.gateway import Client, Gateway, collect_statements

CLINIC = "clinic"
HOURS = {"2010-11-06": 24, "2010-11-07": 25, "2010-11-08": 24}
"""Days at Goose Bay: the clocks repeat the first minute of one day and the last hour of the day before."""


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def _create_clinic(gateway: Gateway, timezone: str, *rows: tuple[str, Mapping[str, Json]]) -> Client:
    await store(gateway.database, connected(CLINIC, timezone=timezone))
    await store(
        gateway.database,
        *(record(f"{index:024}", CLINIC, {**config}, at=_at(at)) for index, (at, config) in enumerate(rows)),
    )
    return await gateway.client()


async def _fetch(client: Client, /, **variables: object) -> Any:
    return (await client.data(DASHBOARD, id=CLINIC, **variables))["appointmentStatistics"]


def _count_by_day(answer: Any) -> dict[str, int]:
    return {trend["day"]: trend["successful"] + trend["failed"] for trend in answer["trends"]}


async def test_parts_of_days_at_both_ends_are_counted_from_records(gateway: Gateway) -> None:
    times = ("2025-03-01T05:59:59.999", "2025-03-01T06:00", "2025-03-03T12:00", "2025-03-04T11:59:59.999")
    client = await _create_clinic(
        gateway, "America/Chicago", *((at, {"bookingStatus": "failed", "source": at[8:13]}) for at in times)
    )
    cut = {"start": "2025-03-01T05:59:59.999Z", "end": "2025-03-04T11:59:59.999Z"}
    assert _count_by_day(await _fetch(client, **cut)) == {"2025-02-28": 1, "2025-03-01": 1, "2025-03-03": 1}
    longer = {**cut, "end": "2025-03-04T12:00:00Z"}
    answer = await _fetch(client, **longer)
    assert _count_by_day(answer) == {"2025-02-28": 1, "2025-03-01": 1, "2025-03-03": 1, "2025-03-04": 1}
    assert [bucket["count"] for bucket in answer["source"]] == [1, 1, 1, 1]
    shorter = {"start": "2025-03-01T06:00:00.000Z", "end": "2025-03-04T06:00:00.000Z"}
    with collect_statements() as statements:
        assert _count_by_day(await _fetch(client, **shorter)) == {"2025-03-01": 1, "2025-03-03": 1}
    assert not any("resource_record" in statement for statement in statements)
    inside = {"start": "2025-03-03T11:00:00Z", "end": "2025-03-03T12:00:00.001Z"}
    with collect_statements() as statements:
        assert _count_by_day(await _fetch(client, **inside)) == {"2025-03-03": 1}
    assert not any("day_count" in statement for statement in statements if "day_count." in statement)


MIDNIGHTS = (
    "2010-11-07T02:59:59.999",  # 23:59:59.999 on the 6th
    "2010-11-07T03:00",  # 00:00 on the 7th
    "2010-11-07T03:00:59.999",
    "2010-11-07T03:01",  # 23:01 on the 6th again
    "2010-11-07T03:59:59.999",
    "2010-11-07T04:00",  # 00:00 on the 7th again
    "2010-11-08T03:59:59.999",
    "2010-11-08T04:00",
)


@pytest.mark.parametrize("since", range(len(MIDNIGHTS) + 1))
async def test_a_day_with_two_midnights_is_counted_by_wall_clock(gateway: Gateway, since: int) -> None:
    client = await _create_clinic(
        gateway, "America/Goose_Bay", *((at, {"bookingStatus": "failed", "source": "s"}) for at in MIDNIGHTS)
    )
    of_day = dict(zip(MIDNIGHTS, "67766778", strict=True))
    for until in range(since, len(MIDNIGHTS) + 1):
        bounds = {}
        if since:
            bounds["start"] = f"{MIDNIGHTS[since - 1]}Z".replace(":00Z", ":00:00Z").replace(":01Z", ":01:00Z")
        if until < len(MIDNIGHTS):
            bounds["end"] = f"{MIDNIGHTS[until]}Z".replace(":00Z", ":00:00Z").replace(":01Z", ":01:00Z")
        counted = [*of_day.values()][max(since - 1, 0) : until]
        answer = await _fetch(client, **bounds)
        expected = {f"2010-11-0{day}": counted.count(day) for day in sorted(set(counted))}
        assert (_count_by_day(answer), answer["overview"]["total"]) == (expected, len(counted)), bounds
        assert sum(bucket["count"] for bucket in answer["source"]) == len(counted)


async def test_days_of_another_zone_are_counted_from_records(gateway: Gateway) -> None:
    rows = [(at, {"bookingStatus": "failed"}) for at in MIDNIGHTS]
    client = await _create_clinic(gateway, "America/Goose_Bay", *rows)
    assert _count_by_day(await _fetch(client, zone="UTC")) == {"2010-11-07": 6, "2010-11-08": 2}
    assert _count_by_day(await _fetch(client, zone="Pacific/Kiritimati")) == {"2010-11-07": 6, "2010-11-08": 2}
    assert _count_by_day(await _fetch(client, zone="Asia/Kathmandu")) == {"2010-11-07": 6, "2010-11-08": 2}
    assert _count_by_day(await _fetch(client, zone="Pacific/Honolulu")) == {"2010-11-06": 6, "2010-11-07": 2}
    # In the zone of the integration, no records are read.
    with collect_statements() as statements:
        assert _count_by_day(await _fetch(client, zone="America/Goose_Bay")) == {
            "2010-11-06": 3,
            "2010-11-07": 4,
            "2010-11-08": 1,
        }
    assert not any("resource_record" in statement for statement in statements)


ENDS = ("0001-01-01T00:00:00", "0001-01-01T12:00:00", "2025-03-01T12:00:00", "9999-12-31T23:59:59.999")


@pytest.mark.parametrize("zone", ["UTC", "America/Chicago", "Pacific/Kiritimati", "Asia/Kathmandu"])
async def test_open_ranges_extend_to_the_ends_of_the_calendar(gateway: Gateway, zone: str) -> None:
    client = await _create_clinic(
        gateway, zone, *((at, {"bookingStatus": "failed", "source": "s"}) for at in ENDS)
    )
    cases: list[tuple[dict[str, str], int]] = [
        ({}, 4),
        ({"start": "0001-01-01T00:00:00Z"}, 4),
        ({"start": "0001-01-01T00:00:00.001Z"}, 3),
        ({"end": "0001-01-01T00:00:00Z"}, 0),
        ({"end": "0001-01-01T00:00:00.001Z"}, 1),
        ({"end": "9999-12-31T23:59:59.999Z"}, 3),
        ({"start": "9999-12-30T12:00:00Z"}, 1),
        ({"start": "9999-12-31T12:00:00.001Z"}, 1),
        ({"start": "9999-12-31T23:59:59.999Z"}, 1),
        ({"start": "9999-12-31T23:59:59.999Z", "end": "9999-12-31T23:59:59.999Z"}, 0),
    ]
    for bounds, total in cases:
        answer = await _fetch(client, **bounds)
        assert answer["overview"]["total"] == total, bounds
        assert sum(_count_by_day(answer).values()) == total, bounds
        assert sum(bucket["count"] for bucket in answer["source"]) == total, bounds
    assert _count_by_day(await _fetch(client, zone="UTC", search="s")) == {
        "0001-01-01": 2,
        "2025-03-01": 1,
        "9999-12-31": 1,
    }


async def test_long_values_are_truncated_and_stay_distinct(gateway: Gateway) -> None:
    longest, longer, other = "ä" * 120, "ä" * 121, "ä" * 120 + "b"
    client = await _create_clinic(
        gateway, "UTC", *(("2025-03-01T12:00", {"source": text}) for text in (longest, longer, other, other))
    )
    by_days, by_records = await _fetch(client), await _fetch(client, search="ä")
    assert by_days == by_records
    values = [(bucket["value"], bucket["count"]) for bucket in by_days["source"]]
    assert sorted(count for _, count in values) == [1, 1, 2]
    assert (longest, 1) in values
    assert all(len(value) == 120 for value, _ in values)
    assert len({value for value, _ in values}) == 3


NESTED = (
    "{ integrations(first: 10) { nodes { id ... on ConnectedIntegration {"
    + (
        "appointmentStatistics(start: %s, end: %s) {"
        + PARTS
        + "} patientStatistics(start: %s) { overview { total } }"
    )
    + "} } } }"
)


async def test_dashboards_in_many_zones_need_as_many_statements_as_one(gateway: Gateway) -> None:
    client = await gateway.client()
    bounds = '"2025-03-08T12:00:00Z"', '"2025-03-10T12:00:00Z"', '"2025-03-08T12:00:00Z"'
    zones = ("UTC", "America/Chicago", "Asia/Kathmandu", "Africa/Cairo", "Pacific/Kiritimati", "America/Havana")
    statement_counts: dict[int, int] = {}
    nodes: list[Any] = []
    for number in (1, len(zones)):
        new = range(len(statement_counts), number)
        await store(gateway.database, *(connected(f"i{index}", timezone=zones[index]) for index in new))
        at = _at("2025-03-09T12:00")
        await store(gateway.database, *(record(f"r{index}", f"i{index}", at=at) for index in new))
        with collect_statements() as statements:
            nodes = (await client.data(NESTED % bounds))["integrations"]["nodes"]
        assert [node["appointmentStatistics"]["overview"]["total"] for node in nodes] == [1] * number
        statement_counts[number] = len(statements)
    assert len(set(statement_counts.values())) == 1
    days = {node["id"]: node["appointmentStatistics"]["trends"][0]["day"] for node in nodes}
    assert days["i0"] == "2025-03-09"
    assert days["i4"] == "2025-03-10"
