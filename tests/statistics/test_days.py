"""Local days: 23, 24 and 25 hours, missing or repeated midnights, and skipped days."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.calendar import days, instants
from gateway.domain.calendar.days import DaySegment, DaySplit
from tests.support.factories import ZONES

ODD_ZONES = (*ZONES, "America/Goose_Bay", "Pacific/Apia", "Africa/Freetown")
ODD_INSTANTS = (
    "0001-01-01T00:00",
    "2010-11-07T03:00",
    "2011-12-30T10:00",
    "2025-03-09T05:00",
    "2025-11-02T05:00",
    "9999-12-31T00:00",
)
"""Instants near changes of clocks or the ends of the calendar."""


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _move(at: datetime, minutes: int) -> datetime:
    try:
        return at + timedelta(minutes=minutes)
    except OverflowError:
        return instants.truncate_to_milliseconds(days.LAST_INSTANT) if minutes > 0 else days.FIRST_INSTANT


odd_instants = st.builds(
    lambda at, minutes: _move(_at(at), minutes), st.sampled_from(ODD_INSTANTS), st.integers(-4500, 4500)
)


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
        # Midnight is repeated: this day begins at the first one.
        ("America/Havana", "2025-11-02", "2025-11-02T04:00:00", 25),
        ("America/Goose_Bay", "2010-11-07", "2010-11-07T03:00:00", 25),
        # The last hour before midnight is repeated.
        ("Africa/Cairo", "2024-10-31", "2024-10-30T21:00:00", 25),
        # The first half hour is missing.
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00", 23.5),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00", 24),
    ],
)
def test_a_day_begins_at_its_first_existing_instant(zone: str, day: str, begins: str, hours: float) -> None:
    first = days.find_first_instant(ZoneInfo(zone), date.fromisoformat(day))
    following = days.find_first_instant(ZoneInfo(zone), date.fromisoformat(day) + timedelta(days=1))
    assert first == datetime.fromisoformat(begins).replace(tzinfo=UTC)
    assert following is not None
    assert following - first == timedelta(hours=hours)


def test_a_day_that_a_zone_skipped_has_no_instant() -> None:
    assert days.find_first_instant(ZoneInfo("Pacific/Apia"), date(2011, 12, 30)) is None


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_ends_of_the_calendar_have_their_own_days(zone: str, at: datetime) -> None:
    assert days.get_local_day(ZoneInfo(zone), at) == at.date()
    assert days.find_first_instant(ZoneInfo(zone), at.date()) is not None


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=30, deadline=None)
@given(seconds=st.integers(-(2**31), 2**32))
def test_an_instant_is_in_its_local_day(zone: str, seconds: int) -> None:
    wall, at = ZoneInfo(zone), datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    day = days.get_local_day(wall, at)
    first = days.find_first_instant(wall, day)
    assert day == at.astimezone(wall).date()
    assert first is not None
    assert first <= at
    assert days.get_local_day(wall, first) == day
    assert days.get_local_day(wall, first - timedelta(milliseconds=1)) < day


@pytest.mark.parametrize("zone", [*ZONES, "Africa/Casablanca", "Africa/Freetown", "Asia/Gaza"])
def test_every_change_of_the_clocks_is_found(zone: str) -> None:
    wall = ZoneInfo(zone)
    start, hours = datetime(1938, 1, 1, tzinfo=UTC), timedelta(hours=1)
    expected = [(start, start.astimezone(wall).utcoffset())]
    end = start + 24 * 365 * 3 * hours
    for at in (start + index * hours for index in range(1, 24 * 365 * 3 + 1)):
        if (offset := at.astimezone(wall).utcoffset()) != expected[-1][1]:
            expected.append((at, offset))
    found = days.list_utc_offsets(wall, start, end)
    assert [change.utc_offset for change in found] == [offset for _, offset in expected]
    assert all(timedelta() <= at - change.since < hours for change, (at, _) in zip(found, expected, strict=True))


@pytest.mark.parametrize(
    ("zone", "day", "boundary"),
    [
        ("America/Chicago", "2025-03-09", "2025-03-09T06:00"),
        ("Africa/Cairo", "2025-04-25", "2025-04-24T22:00"),
        # Midnight is repeated, and the clocks go back to before the first one: no instant divides the days.
        ("America/Goose_Bay", "2010-11-06", "2010-11-06T03:00"),
        ("America/Goose_Bay", "2010-11-07", None),
        ("America/Goose_Bay", "2010-11-08", "2010-11-08T04:00"),
        # The clocks go back to midnight.
        ("America/Havana", "2025-11-02", "2025-11-02T04:00"),
        ("Pacific/Apia", "2011-12-30", None),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00"),
        ("UTC", "0001-01-01", "0001-01-01T00:00"),
        ("America/Chicago", "9999-12-31", "9999-12-31T00:00"),
    ],
)
def test_a_boundary_has_only_earlier_days_before_it(zone: str, day: str, boundary: str | None) -> None:
    found = days.find_boundary(ZoneInfo(zone), date.fromisoformat(day))
    assert found == (None if boundary is None else _at(boundary))


def test_ranges_are_split_where_the_local_day_changes() -> None:
    zone, (sixth, seventh) = ZoneInfo("America/Goose_Bay"), (date(2010, 11, day) for day in (6, 7))
    cuts = [_at(f"2010-11-07T{time}") for time in ("02:00", "03:00", "03:01", "04:00", "05:00")]
    assert [*days.split_into_days(zone, cuts[0], cuts[-1])] == [
        DaySegment(cuts[0], cuts[1], sixth),
        DaySegment(cuts[1], cuts[2], seventh),
        DaySegment(cuts[2], cuts[3], sixth),
        DaySegment(cuts[3], cuts[4], seventh),
    ]
    assert [*days.split_into_days(zone, cuts[0], cuts[0])] == []


@pytest.mark.parametrize(
    ("start", "end", "cover"),
    [
        (None, None, DaySplit(None, None, [])),
        ("2025-03-01T06:00", None, DaySplit(date(2025, 3, 1), None, [])),
        (None, "2025-03-01T06:00", DaySplit(None, date(2025, 3, 1), [])),
        ("2025-03-01T06:00", "2025-03-03T06:00", DaySplit(date(2025, 3, 1), date(2025, 3, 3), [])),
        (
            "2025-03-01T05:00",
            "2025-03-03T07:00",
            DaySplit(
                date(2025, 3, 1),
                date(2025, 3, 3),
                [
                    DaySegment(_at("2025-03-01T05:00"), _at("2025-03-01T06:00"), date(2025, 2, 28)),
                    DaySegment(_at("2025-03-03T06:00"), _at("2025-03-03T07:00"), date(2025, 3, 3)),
                ],
            ),
        ),
    ],
)
def test_a_range_is_split_into_whole_days_and_the_rest(
    start: str | None, end: str | None, cover: DaySplit
) -> None:
    since, until = (None if text is None else _at(text) for text in (start, end))
    assert days.split_whole_days(ZoneInfo("America/Chicago"), since, until) == cover


@settings(max_examples=200, deadline=None)
@given(
    zone=st.sampled_from(ODD_ZONES).map(ZoneInfo),
    bounds=st.tuples(st.none() | odd_instants, st.none() | odd_instants),
    at=odd_instants,
    nudge=st.sampled_from((-1, 0, 1)),
)
def test_each_instant_of_a_range_is_covered_exactly_once(
    zone: ZoneInfo, bounds: tuple[datetime | None, datetime | None], at: datetime, nudge: int
) -> None:
    start, end = bounds
    if start is not None and end is not None and start > end:
        start, end = end, start
    for each in (at, *filter(None, (start, end))):
        try:
            near = each + timedelta(milliseconds=nudge)
        except OverflowError:
            continue
        cover, day = days.split_whole_days(zone, start, end), days.get_local_day(zone, near)
        assert len(cover.rest) < 10
        pieces = [piece for piece in cover.rest if piece.since <= near < piece.until]
        is_whole = (cover.start is None or cover.start <= day) and (cover.end is None or day < cover.end)
        is_within = (start is None or start <= near) and (end is None or near < end)
        assert len(pieces) + is_whole == is_within
        assert all(piece.day == day for piece in pieces)
