"""Next runs of daily schedules, through all changes of the clocks."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain import schedules
from gateway.domain.calendar.instants import format_instant
from gateway.domain.lenient_reading import Json
from gateway.domain.schedules import find_next_run, parse_wall_time

MINUTE = timedelta(minutes=1)
ZONES = (
    "America/Chicago",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/Havana",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Apia",
    "UTC",
)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "at", "after", "run"),
    [
        # The clock skips 02:30: the run is at the end of the gap, 03:00 local time.
        ("America/Chicago", "02:30:00", "2025-03-09T06:00:00Z", "2025-03-09T08:00:00.000Z"),
        ("America/Chicago", "02:00:00", "2025-03-09T06:00:00Z", "2025-03-09T08:00:00.000Z"),
        ("America/Chicago", "02:59:59", "2025-03-09T06:00:00Z", "2025-03-09T08:00:00.000Z"),
        ("America/Chicago", "03:00:00", "2025-03-09T06:00:00Z", "2025-03-09T08:00:00.000Z"),
        # 01:30 occurs twice: the run is at the first, and not again an hour later.
        ("America/Chicago", "01:30:00", "2025-11-02T05:00:00Z", "2025-11-02T06:30:00.000Z"),
        ("America/Chicago", "01:30:00", "2025-11-02T06:30:00Z", "2025-11-03T07:30:00.000Z"),
        # After a change of the clocks, the same local time is another instant.
        ("America/Chicago", "08:00:00", "2025-03-08T14:00:00Z", "2025-03-09T13:00:00.000Z"),
        # Strictly after.
        ("America/Chicago", "08:00:00", "2025-03-09T12:59:59.999Z", "2025-03-09T13:00:00.000Z"),
        ("America/Chicago", "08:00:00", "2025-03-09T13:00:00Z", "2025-03-10T13:00:00.000Z"),
        # Days without a midnight: they begin at 01:00.
        ("Africa/Cairo", "00:00:00", "2025-04-24T12:00:00Z", "2025-04-24T22:00:00.000Z"),
        ("Asia/Beirut", "00:30:00", "2025-03-29T12:00:00Z", "2025-03-29T22:00:00.000Z"),
        ("America/Havana", "00:00:00", "2025-03-08T12:00:00Z", "2025-03-09T05:00:00.000Z"),
        # Midnight occurs twice in Havana, 23:30 in Beirut and Cairo: the first counts.
        ("America/Havana", "00:00:00", "2025-11-01T12:00:00Z", "2025-11-02T04:00:00.000Z"),
        ("America/Havana", "00:00:00", "2025-11-02T04:30:00Z", "2025-11-03T05:00:00.000Z"),
        ("Asia/Beirut", "23:30:00", "2025-10-25T12:00:00Z", "2025-10-25T20:30:00.000Z"),
        ("Asia/Beirut", "23:30:00", "2025-10-25T20:30:00Z", "2025-10-26T21:30:00.000Z"),
        ("Africa/Cairo", "23:30:00", "2025-10-30T20:45:00Z", "2025-10-31T21:30:00.000Z"),
        # An offset of 5:45, and a clock that changes by half an hour.
        ("Asia/Kathmandu", "08:00:00", "2025-03-09T00:00:00Z", "2025-03-09T02:15:00.000Z"),
        ("Australia/Lord_Howe", "02:15:00", "2025-10-04T12:00:00Z", "2025-10-04T15:30:00.000Z"),
        ("Australia/Lord_Howe", "01:45:00", "2025-04-05T12:00:00Z", "2025-04-05T14:45:00.000Z"),
        # Samoa skipped 30 December 2011.
        ("Pacific/Apia", "08:00:00", "2011-12-29T18:00:00Z", "2011-12-30T10:00:00.000Z"),
        ("Pacific/Apia", "08:00:00", "2011-12-30T10:00:00Z", "2011-12-30T18:00:00.000Z"),
    ],
)
def test_a_run_is_at_its_local_time_or_at_the_end_of_the_gap(zone: str, at: str, after: str, run: str) -> None:
    assert format_instant(find_next_run(time.fromisoformat(at), ZoneInfo(zone), instant(after))) == run


def scan_minutes(at: time, zone: ZoneInfo, after: datetime) -> datetime:
    """Find the next run by a scan of each minute: the clock shows the time, or has just skipped it."""
    now = after.replace(second=0)
    while True:
        now += MINUTE
        local, before = now.astimezone(zone), (now - MINUTE).astimezone(zone).replace(tzinfo=None)
        wall = local.replace(tzinfo=None, fold=0)
        if wall.time() == at and local.fold == 0:
            return now
        due = datetime.combine(wall.date(), at)
        for candidate in (due, due - timedelta(days=1)):
            if before < candidate < wall and wall - before > MINUTE:
                return now


# Each of the zones changed its clocks in most of these years.
MINUTES = (datetime(2032, 1, 1, tzinfo=UTC) - datetime(2008, 1, 1, tzinfo=UTC)) // MINUTE
INSTANTS = st.integers(0, MINUTES).map(lambda minutes: datetime(2008, 1, 1, tzinfo=UTC) + minutes * MINUTE)
CHANGES = st.sampled_from(
    [
        instant(text)
        for text in (
            "2025-03-09T07:58:00Z",
            "2025-11-02T06:10:00Z",
            "2025-04-24T21:30:00Z",
            "2025-03-29T21:59:00Z",
            "2025-10-25T20:59:00Z",
            "2025-03-09T04:45:00Z",
            "2025-10-04T15:20:00Z",
            "2025-04-05T14:50:00Z",
            "2011-12-30T09:59:00Z",
            "2010-03-14T03:30:00Z",
            "2010-11-07T02:30:00Z",
        )
    ]
)
TIMES = st.one_of(st.integers(0, 210), st.integers(0, 1439)).map(lambda minutes: time(*divmod(minutes, 60)))


@settings(max_examples=150, deadline=None)
@given(zone=st.sampled_from(ZONES), at=TIMES, after=st.one_of(INSTANTS, CHANGES))
def test_the_next_run_equals_a_scan_of_each_minute(zone: str, at: time, after: datetime) -> None:
    assert find_next_run(at, ZoneInfo(zone), after) == scan_minutes(at, ZoneInfo(zone), after)


@pytest.mark.parametrize("text", ["00:00:00", "08:00:00", "23:59:59"])
def test_a_time_of_day_is_parsed(text: str) -> None:
    assert parse_wall_time(text) == time.fromisoformat(text)


@pytest.mark.parametrize(
    "text",
    [
        "24:00:00",
        "08:60:00",
        "08:00:60",
        "08:00",
        "8:00:00",
        "08:00:00Z",
        "08:00:00+01:00",
        "08:00:00.5",
        "08:00:00.000",
        " 08:00:00",
        "08:00:00\n",
        "T08:00:00",
        "\u0660\u0668:00:00",
        "",
    ],
)
def test_any_other_text_is_not_a_time_of_day(text: str) -> None:
    assert parse_wall_time(text) is None


CHICAGO = ZoneInfo("America/Chicago")
EIGHT = time(8)


def test_a_daily_schedule_is_recognised_in_summer_and_winter() -> None:
    in_winter = schedules.new_daily_schedule(EIGHT, CHICAGO, instant("2025-01-01T00:00:00Z"))
    assert in_winter == {
        "startDateTime": "2025-01-01T14:00:00.000Z",
        "endDateTime": None,
        "field": "recurring",
        "triggerAt": "2025-01-01T14:00:00.000Z",
    }
    in_summer = schedules.renew_schedule(in_winter, EIGHT, CHICAGO, instant("2025-07-01T13:00:00Z"))
    assert in_summer == {**in_winter, "triggerAt": "2025-07-02T13:00:00.000Z"}
    for schedule in (in_winter, in_summer):
        assert schedules.is_daily(schedule, EIGHT, CHICAGO)
        assert not schedules.is_daily(schedule, time(9), CHICAGO)
        assert not schedules.is_daily(schedule, EIGHT, ZoneInfo("Asia/Kathmandu"))


@pytest.mark.parametrize(
    "schedule",
    [
        None,
        "daily",
        {"field": "oneTime", "triggerAt": "2025-01-01T14:00:00.000Z"},
        {"field": "recurring", "triggerAt": None},
        {"field": "recurring", "triggerAt": "soon"},
        {"field": "recurring", "triggerAt": "0001-01-01T00:00:00Z"},
        {"field": "recurring", "triggerAt": "9999-12-31T23:59:59Z"},
        {
            "field": "recurring",
            "triggerAt": "2025-01-01T14:00:00.000Z",
            "endDateTime": "2026-01-01T00:00:00.000Z",
        },
    ],
)
def test_any_other_schedule_is_not_daily(schedule: Json) -> None:
    assert not schedules.is_daily(schedule, EIGHT, CHICAGO)
    assert schedules.renew_schedule(schedule, EIGHT, CHICAGO, instant("2025-07-01T13:00:00Z")) == schedule
