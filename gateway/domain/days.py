"""Local days: which day it is on the clocks of a zone, and at which instant that day begins.

Days have 23, 24 or 25 hours, midnight may be missing or come twice, an offset may be +05:45, and a zone that
crosses the date line skips a day. All of that follows from one thing: how far a zone's clock is ahead of UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_LAST_DAY = datetime(9999, 12, 31, tzinfo=UTC)
_FARTHEST = timedelta(hours=36)
"""More than any clock was ever ahead of UTC, or behind, and the longest gap in one."""

_STEP = timedelta(days=2)
"""Less than the shortest time that any zone kept an offset and went back: 3 d 23 h, Freetown in 1939."""


@dataclass(frozen=True, slots=True)
class Offset:
    """From `since` on, until the next one, a zone's clock is `ahead` of UTC."""

    since: datetime
    ahead: timedelta


def ahead(zone: tzinfo, at: datetime) -> timedelta:
    """How far the zone's clock is ahead of UTC; on the calendar's outermost days it is read as UTC's."""
    if not _FIRST + _DAY <= at < _LAST_DAY:
        return timedelta()
    return at.astimezone(zone).utcoffset() or timedelta()


def day_of(zone: tzinfo, at: datetime) -> date:
    """The date that the zone's calendar shows at an instant."""
    return (at.astimezone(UTC) + ahead(zone, at)).date()


def offsets(zone: tzinfo, start: datetime, end: datetime) -> list[Offset]:
    """How far the zone's clock is ahead of UTC from `start` to `end`; the first entry is since `start`."""
    found = [Offset(start, ahead(zone, start))]
    seen = start
    while seen < end:
        later = min(_moved(seen, _STEP), end)
        while (change := _change(zone, seen, later)) is not None:
            found.append(change)
            seen = change.since
        seen = later
    return found


def _change(zone: tzinfo, start: datetime, end: datetime) -> Offset | None:
    """A change of the clock after `start`, and not after `end`, if there the offset is another."""
    before = ahead(zone, start)
    if ahead(zone, end) == before:
        return None
    while end - start > _SECOND:
        middle = (start + (end - start) / 2).replace(microsecond=0)
        if middle <= start:
            middle = start + _SECOND
        if ahead(zone, middle) == before:
            start = middle
        else:
            end = middle
    since = end.replace(microsecond=0)
    return Offset(since, ahead(zone, since))


def first_instant(zone: tzinfo, day: date) -> datetime | None:
    """The first instant of a local day, or None for a day that the zone skipped."""
    midnight = datetime.combine(day, time(), UTC)
    end_of_window = _moved(midnight, _FARTHEST)
    changes = offsets(zone, _moved(midnight, -_FARTHEST), end_of_window)
    for place, offset in enumerate(changes):
        until = changes[place + 1].since if place + 1 < len(changes) else end_of_window
        begins = max(offset.since, _moved(midnight, -offset.ahead))
        if begins < until and day_of(zone, begins) == day:
            return begins
    return None


def between(first: date, last: date) -> Iterator[date]:
    """The dates from `first` to `last`, both included."""
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)


def _moved(at: datetime, by: timedelta) -> datetime:
    """`at + by`, as far as the calendar goes."""
    try:
        return at + by
    except OverflowError:
        return _LAST if by > timedelta() else _FIRST
