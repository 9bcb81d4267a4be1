"""Daily runs at a wall time, through every change of the clocks."""

import re
from datetime import datetime, time, timedelta
from functools import lru_cache
from itertools import count
from zoneinfo import ZoneInfo

from gateway.domain.calendar import days, instants
from gateway.domain.enums import ScheduleField
from gateway.domain.lenient_reading import Document, Json

_WALL_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d", re.ASCII)
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


def parse_wall_time(text: str) -> time | None:
    """The time of day that `HH:MM:SS` says, or None for anything else: `24:00:00`, an offset, a fraction."""
    return time.fromisoformat(text) if _WALL_TIME.fullmatch(text) else None


@lru_cache(maxsize=256)
def find_next_run(at: time, zone: ZoneInfo, after: datetime) -> datetime:
    """The first instant strictly after `after` at which clocks in `zone` show `at`, in UTC.

    A wall time that does not exist on a day runs when the gap ends; one that exists twice runs at the first.
    The actions of a group ask for the same one, time and again.
    """
    # Yesterday's run may lie ahead of us: in a zone that leaves out a whole day.
    yesterday = after.astimezone(zone).date() - _DAY
    runs = (days.find_instant(zone, datetime.combine(yesterday + ahead * _DAY, at)) for ahead in count())
    return next(run for run in runs if run > after)


def new_daily_schedule(at: time, zone: ZoneInfo, now: datetime) -> Document:
    """The `schedule` of an action that begins to run daily."""
    run = instants.format_instant(find_next_run(at, zone, now))
    return {
        "startDateTime": run,
        "endDateTime": None,
        "field": ScheduleField.RECURRING.value,
        "triggerAt": run,
    }


def is_daily(schedule: Json, at: time, zone: ZoneInfo) -> bool:
    """Whether a stored schedule is one of `daily`, begun at whatever time."""
    if not isinstance(schedule, dict) or schedule.get("field") != ScheduleField.RECURRING.value:
        return False
    stored = schedule.get("triggerAt")
    trigger = instants.parse_instant(stored) if isinstance(stored, str) else None
    if trigger is None or schedule.get("endDateTime") is not None:
        return False
    try:
        return find_next_run(at, zone, trigger - _SECOND) == trigger
    except OverflowError:  # the first or the last day that can be said
        return False


def renew_schedule(schedule: Json, at: time, zone: ZoneInfo, now: datetime) -> Json:
    """A daily schedule with its next run after now; any other schedule as it is."""
    if not isinstance(schedule, dict) or not is_daily(schedule, at, zone):
        return schedule
    return {**schedule, "triggerAt": instants.format_instant(find_next_run(at, zone, now))}
