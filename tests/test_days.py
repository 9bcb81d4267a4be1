"""Local days: 23, 24 and 25 hours, midnights that are missing or come twice, days that a zone skipped."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain import days
from tests.factories import ZONES


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("UTC", "2025-03-09", "2025-03-09T00:00:00", 24),
        ("America/Chicago", "2025-03-09", "2025-03-09T06:00:00", 23),
        ("America/Chicago", "2025-11-02", "2025-11-02T05:00:00", 25),
        ("Asia/Kathmandu", "2025-03-09", "2025-03-08T18:15:00", 24),
        ("Australia/Lord_Howe", "2025-04-06", "2025-04-05T13:00:00", 24.5),
        # Midnight is missing: these days begin at 01:00.
        ("Africa/Cairo", "2025-04-25", "2025-04-24T22:00:00", 23),
        ("Asia/Beirut", "2025-03-30", "2025-03-29T22:00:00", 23),
        ("America/Havana", "2025-03-09", "2025-03-09T05:00:00", 23),
        # Midnight comes twice: this day begins at the first.
        ("America/Havana", "2025-11-02", "2025-11-02T04:00:00", 25),
        ("America/Goose_Bay", "2010-11-07", "2010-11-07T03:00:00", 25),
        # The last hour before midnight comes twice.
        ("Africa/Cairo", "2024-10-31", "2024-10-30T21:00:00", 25),
        # The first half hour is missing.
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00", 23.5),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00", 24),
    ],
)
def test_a_day_begins_at_its_first_existing_instant(zone: str, day: str, begins: str, hours: float) -> None:
    first = days.first_instant(ZoneInfo(zone), date.fromisoformat(day))
    following = days.first_instant(ZoneInfo(zone), date.fromisoformat(day) + timedelta(days=1))
    assert first == datetime.fromisoformat(begins).replace(tzinfo=UTC)
    assert following is not None
    assert following - first == timedelta(hours=hours)


def test_a_day_that_a_zone_skipped_has_no_instant() -> None:
    assert days.first_instant(ZoneInfo("Pacific/Apia"), date(2011, 12, 30)) is None


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_ends_of_the_calendar_have_their_own_days(zone: str, at: datetime) -> None:
    assert days.day_of(ZoneInfo(zone), at) == at.date()
    assert days.first_instant(ZoneInfo(zone), at.date()) is not None


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=30, deadline=None)
@given(seconds=st.integers(-(2**31), 2**32))
def test_an_instant_is_in_the_day_that_the_calendar_on_the_wall_shows(zone: str, seconds: int) -> None:
    wall, at = ZoneInfo(zone), datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    day = days.day_of(wall, at)
    first = days.first_instant(wall, day)
    assert day == at.astimezone(wall).date()
    assert first is not None
    assert first <= at
    assert days.day_of(wall, first) == day
    assert days.day_of(wall, first - timedelta(milliseconds=1)) < day


@pytest.mark.parametrize("zone", [*ZONES, "Africa/Casablanca", "Africa/Freetown", "Asia/Gaza"])
def test_every_change_of_a_clock_is_found(zone: str) -> None:
    wall = ZoneInfo(zone)
    start, hours = datetime(1938, 1, 1, tzinfo=UTC), timedelta(hours=1)
    expected = [(start, start.astimezone(wall).utcoffset())]
    end = start + 24 * 365 * 3 * hours
    for at in (start + place * hours for place in range(1, 24 * 365 * 3 + 1)):
        if (offset := at.astimezone(wall).utcoffset()) != expected[-1][1]:
            expected.append((at, offset))
    found = days.offsets(wall, start, end)
    assert [change.ahead for change in found] == [offset for _, offset in expected]
    assert all(timedelta() <= at - change.since < hours for change, (at, _) in zip(found, expected, strict=True))
