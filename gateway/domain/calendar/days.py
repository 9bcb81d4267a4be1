"""Local days: which day it is on the clocks of a zone, and at which instant that day begins.

Days have 23, 24 or 25 hours, midnight may be missing or come twice, an offset may be +05:45, and a zone that
crosses the date line skips a day. All of that follows from one thing: how far a zone's clock is ahead of UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)
"""The ends of the calendar."""
_LAST_DAY = datetime(9999, 12, 31, tzinfo=UTC)
_SECOND_DAY = FIRST + _DAY
_FIRST_YEAR, _LAST_YEAR = FIRST.year, LAST.year
FARTHEST = timedelta(hours=36)
"""More than any clock was ever ahead of UTC, or behind, and the longest gap in one."""

_STEP = timedelta(days=2)
"""Less than the shortest time that any zone kept an offset and went back: 3 d 23 h, Freetown in 1939."""

_KEPT = 32_768
"""Days that are remembered: of a century."""


@dataclass(frozen=True, slots=True)
class Offset:
    """From `since` on, until the next one, a zone's clock is `ahead` of UTC."""

    since: datetime
    ahead: timedelta


def ahead(zone: tzinfo, at: datetime) -> timedelta:
    """How far the zone's clock is ahead of UTC; on the calendar's outermost days it is read as UTC's."""
    if not _SECOND_DAY <= at < _LAST_DAY:
        return timedelta()
    return at.astimezone(zone).utcoffset() or timedelta()


def day_of(zone: tzinfo, at: datetime) -> date:
    """The date that the zone's calendar shows at an instant."""
    # Most are in no year for which the limits have to be looked at.
    is_within = _FIRST_YEAR < at.year < _LAST_YEAR or _SECOND_DAY <= at < _LAST_DAY
    return at.astimezone(zone if is_within else UTC).date()


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


@lru_cache(_KEPT)
def first_instant(zone: tzinfo, day: date) -> datetime | None:
    """The first instant of a local day, or None for a day that the zone skipped."""
    wall = datetime.combine(day, time(), zone)
    is_plain = wall.utcoffset() == wall.replace(fold=1).utcoffset()
    if is_plain and (FIRST + FARTHEST).date() < day < (LAST - FARTHEST).date():
        return wall.astimezone(UTC)
    # Midnight is missing, or comes twice.
    midnight = datetime.combine(day, time(), UTC)
    end_of_window = _moved(midnight, FARTHEST)
    changes = offsets(zone, _moved(midnight, -FARTHEST), end_of_window)
    for place, offset in enumerate(changes):
        until = changes[place + 1].since if place + 1 < len(changes) else end_of_window
        begins = max(offset.since, _moved(midnight, -offset.ahead))
        if begins < until and day_of(zone, begins) == day:
            return begins
    return None


def beginning(zone: tzinfo, day: date) -> datetime:
    """The first instant of a local day, or of what follows one that the zone skipped."""
    while (begins := first_instant(zone, day)) is None:
        if day == date.max:
            return LAST
        day += timedelta(days=1)
    return begins


def instant_at(zone: tzinfo, wall: datetime) -> datetime:
    """The first instant at which the zone's clocks show a date and time; where they leave it out, what follows."""
    local = wall.replace(tzinfo=zone)
    found = local.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    # With the offset from before the gap it comes after that, and the other way round.
    return offsets(zone, local.replace(fold=1).astimezone(UTC), found)[-1].since


@lru_cache(_KEPT)
def boundary(zone: tzinfo, day: date) -> datetime | None:
    """The instant before which the clocks show earlier days only, and from which on this day or later ones.

    None for a day that the zone skipped, and where clocks go back over midnight.
    """
    begins = first_instant(zone, day)
    if begins is None or any(
        day_of(zone, change.since) < day for change in offsets(zone, begins, _moved(begins, FARTHEST))
    ):
        return None
    return begins


class Piece(NamedTuple):
    """The instants from `since` on and before `until`, all of one local day."""

    since: datetime
    until: datetime
    day: date


def pieces(zone: tzinfo, start: datetime, end: datetime) -> Iterator[Piece]:
    """The time from `start` on and before `end`, cut wherever the clocks show another day; for short times."""
    changes = offsets(zone, start, end)
    for place, (since, ahead_by) in enumerate((each.since, each.ahead) for each in changes):
        until = changes[place + 1].since if place + 1 < len(changes) else end
        begins = since
        while begins < until:
            day = day_of(zone, begins)
            midnight = _moved(datetime.combine(day, time(), UTC), _DAY - ahead_by)
            ends = min(until, midnight) if midnight > begins else until
            yield Piece(begins, ends, day)
            begins = ends


class Cover(NamedTuple):
    """Some time as whole days and the rest of it."""

    start: date | None
    end: date | None
    """The whole days are those from `start` on and before `end`; None where the time is open."""
    rest: list[Piece]


def cover(zone: tzinfo, start: datetime | None, end: datetime | None) -> Cover:
    """The time from `start` on and before `end`, None where it is open, as whole days and what is left."""
    since, until = start or FIRST, end or LAST
    first = None if start is None else _boundary_near(zone, start, 1)
    last = None if end is None else _boundary_near(zone, end, -1)
    whole_since, whole_until = first[1] if first else since, last[1] if last else until
    if (start and not first) or (end and not last) or whole_since >= whole_until:
        return Cover(date.min, date.min, [*pieces(zone, since, until)])
    rest = [*pieces(zone, since, whole_since), *pieces(zone, whole_until, until)]
    return Cover(first and first[0], last and last[0], rest)


def _boundary_near(zone: tzinfo, at: datetime, step: int) -> tuple[date, datetime] | None:
    """The first day at whose beginning the clocks turn, at or after an instant, or with -1 the last, not after."""
    day = day_of(zone, at)
    while True:
        found = boundary(zone, day)
        if found is not None and (found >= at if step > 0 else found <= at):
            return day, found
        if day == (date.max if step > 0 else date.min):
            return None
        day += timedelta(days=step)


def _moved(at: datetime, by: timedelta) -> datetime:
    """`at + by`, as far as the calendar goes."""
    try:
        return at + by
    except OverflowError:
        return LAST if by > timedelta() else FIRST
