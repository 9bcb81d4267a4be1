"""Local days of time zones: the day of an instant, and the first instant of a day.

Days have 23, 24 or 25 hours. Midnight may be missing or occur twice, an offset may be +05:45, and a zone that
crosses the date line skips a day. All functions here compute with one value, the zone's offset from UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
FIRST_INSTANT = datetime.min.replace(tzinfo=UTC)
LAST_INSTANT = datetime.max.replace(tzinfo=UTC)
"""The last instant of Python's calendar; `FIRST_INSTANT` is the first."""
_LAST_DAY = datetime(9999, 12, 31, tzinfo=UTC)
_SECOND_DAY = FIRST_INSTANT + _DAY
_FIRST_YEAR, _LAST_YEAR = FIRST_INSTANT.year, LAST_INSTANT.year
MAX_UTC_OFFSET = timedelta(hours=36)
"""More than any offset from UTC, and more than the longest gap of a clock."""

_SEARCH_STEP = timedelta(days=2)
"""Less than the shortest change of an offset and back: 3 days 23 hours, Freetown in 1939."""

_CACHE_SIZE = 32_768
"""The days of almost a century."""


@dataclass(frozen=True, slots=True)
class UtcOffset:
    """The offset of a zone from UTC, from `since` until the next change."""

    since: datetime
    utc_offset: timedelta


def get_utc_offset(zone: tzinfo, at: datetime) -> timedelta:
    """Return the zone's offset from UTC; it is zero on the first and the last day of the calendar."""
    if not _SECOND_DAY <= at < _LAST_DAY:
        return timedelta()
    return at.astimezone(zone).utcoffset() or timedelta()


def get_local_day(zone: tzinfo, at: datetime) -> date:
    """Return the local date at an instant."""
    # To compare years is cheaper, and enough for almost every instant.
    is_within = _FIRST_YEAR < at.year < _LAST_YEAR or _SECOND_DAY <= at < _LAST_DAY
    return at.astimezone(zone if is_within else UTC).date()


def list_utc_offsets(zone: tzinfo, start: datetime, end: datetime) -> list[UtcOffset]:
    """Return the zone's offsets from `start` to `end`; the first entry begins at `start`."""
    found = [UtcOffset(start, get_utc_offset(zone, start))]
    position = start
    while position < end:
        later = min(_add_clamped(position, _SEARCH_STEP), end)
        while (change := _find_offset_change(zone, position, later)) is not None:
            found.append(change)
            position = change.since
        position = later
    return found


def _find_offset_change(zone: tzinfo, start: datetime, end: datetime) -> UtcOffset | None:
    """Return a change of the offset after `start` and until `end`, or None if both offsets are the same."""
    before = get_utc_offset(zone, start)
    if get_utc_offset(zone, end) == before:
        return None
    while end - start > _SECOND:
        middle = (start + (end - start) / 2).replace(microsecond=0)
        if middle <= start:
            middle = start + _SECOND
        if get_utc_offset(zone, middle) == before:
            start = middle
        else:
            end = middle
    since = end.replace(microsecond=0)
    return UtcOffset(since, get_utc_offset(zone, since))


@lru_cache(_CACHE_SIZE)
def find_first_instant(zone: tzinfo, day: date) -> datetime | None:
    """Return the first instant of a local day, or None for a day that the zone skipped."""
    wall = datetime.combine(day, time(), zone)
    is_plain = wall.utcoffset() == wall.replace(fold=1).utcoffset()
    if is_plain and (FIRST_INSTANT + MAX_UTC_OFFSET).date() < day < (LAST_INSTANT - MAX_UTC_OFFSET).date():
        return wall.astimezone(UTC)
    # Midnight is missing, or occurs twice.
    midnight = datetime.combine(day, time(), UTC)
    end_of_window = _add_clamped(midnight, MAX_UTC_OFFSET)
    changes = list_utc_offsets(zone, _add_clamped(midnight, -MAX_UTC_OFFSET), end_of_window)
    for index, offset in enumerate(changes):
        until = changes[index + 1].since if index + 1 < len(changes) else end_of_window
        begins = max(offset.since, _add_clamped(midnight, -offset.utc_offset))
        if begins < until and get_local_day(zone, begins) == day:
            return begins
    return None


def find_day_start(zone: tzinfo, day: date) -> datetime:
    """Return the first instant of a local day, or of the next day if the zone skipped it."""
    while (begins := find_first_instant(zone, day)) is None:
        if day == date.max:
            return LAST_INSTANT
        day += timedelta(days=1)
    return begins


def find_instant(zone: tzinfo, wall: datetime) -> datetime:
    """Return the first instant with a local date and time, or the end of the gap that skips it."""
    local = wall.replace(tzinfo=zone)
    found = local.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    # With the offset before the gap, the instant is after the gap, and the other way round.
    return list_utc_offsets(zone, local.replace(fold=1).astimezone(UTC), found)[-1].since


@lru_cache(_CACHE_SIZE)
def find_boundary(zone: tzinfo, day: date) -> datetime | None:
    """Return the instant that divides earlier local days from this day and later ones.

    Return None for a day that the zone skipped, or if clocks go back over midnight.
    """
    begins = find_first_instant(zone, day)
    if begins is None or any(
        get_local_day(zone, change.since) < day
        for change in list_utc_offsets(zone, begins, _add_clamped(begins, MAX_UTC_OFFSET))
    ):
        return None
    return begins


class DaySegment(NamedTuple):
    """A part of one local day: the instants from `since`, included, to `until`, excluded."""

    since: datetime
    until: datetime
    day: date


def split_into_days(zone: tzinfo, start: datetime, end: datetime) -> Iterator[DaySegment]:
    """Yield the parts of local days from `start` to `end`. For short ranges, since it yields each day."""
    changes = list_utc_offsets(zone, start, end)
    for index, (since, utc_offset) in enumerate((each.since, each.utc_offset) for each in changes):
        until = changes[index + 1].since if index + 1 < len(changes) else end
        begins = since
        while begins < until:
            day = get_local_day(zone, begins)
            midnight = _add_clamped(datetime.combine(day, time(), UTC), _DAY - utc_offset)
            ends = min(until, midnight) if midnight > begins else until
            yield DaySegment(begins, ends, day)
            begins = ends


class DaySplit(NamedTuple):
    """A range of time as whole days and parts of days."""

    start: date | None
    end: date | None
    """The whole days are from `start`, included, to `end`, excluded; None on an open side."""
    rest: list[DaySegment]


def split_whole_days(zone: tzinfo, start: datetime | None, end: datetime | None) -> DaySplit:
    """Return the range from `start` to `end` as whole local days and the rest; None is an open side."""
    since, until = start or FIRST_INSTANT, end or LAST_INSTANT
    first = None if start is None else _find_nearest_boundary(zone, start, 1)
    last = None if end is None else _find_nearest_boundary(zone, end, -1)
    whole_since, whole_until = first[1] if first else since, last[1] if last else until
    if (start and not first) or (end and not last) or whole_since >= whole_until:
        return DaySplit(date.min, date.min, [*split_into_days(zone, since, until)])
    rest = [*split_into_days(zone, since, whole_since), *split_into_days(zone, whole_until, until)]
    return DaySplit(first and first[0], last and last[0], rest)


def _find_nearest_boundary(zone: tzinfo, at: datetime, step: int) -> tuple[date, datetime] | None:
    """Return the next day with a boundary from an instant on; with the step -1, the last one until the instant."""
    day = get_local_day(zone, at)
    while True:
        found = find_boundary(zone, day)
        if found is not None and (found >= at if step > 0 else found <= at):
            return day, found
        if day == (date.max if step > 0 else date.min):
            return None
        day += timedelta(days=step)


def _add_clamped(at: datetime, by: timedelta) -> datetime:
    """Return `at + by`, or the end of the calendar."""
    try:
        return at + by
    except OverflowError:
        return LAST_INSTANT if by > timedelta() else FIRST_INSTANT
