"""Daily schedules at a local time, with daylight saving."""

import re
from datetime import datetime, time, timedelta
from functools import lru_cache
from itertools import count
from zoneinfo import ZoneInfo

from msgspec import Raw, ValidationError
from msgspec.json import Decoder, decode, encode

from gateway.domain.calendar import days, instants
from gateway.domain.enums import ScheduleField
from gateway.domain.lenient_reading import Document, Json

_WALL_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d", re.ASCII)
_decode_object = Decoder(dict[str, Raw]).decode
_decode_list = Decoder(list[Raw]).decode
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


def parse_wall_time(text: str) -> time | None:
    """Return the time of a text `HH:MM:SS`, or None for any other text, such as `24:00:00` or with an offset."""
    return time.fromisoformat(text) if _WALL_TIME.fullmatch(text) else None


@lru_cache(maxsize=256)
def find_next_run(at: time, zone: ZoneInfo, after: datetime) -> datetime:
    """Return the first instant after `after` at which clocks in `zone` show `at`, in UTC.

    A local time that a day skips runs at the end of the gap. A local time that occurs twice runs at its first
    instant. The cache serves the actions of a group, which have the same arguments.
    """
    # Yesterday's run may still be in the future, if the zone skips a whole day.
    yesterday = after.astimezone(zone).date() - _DAY
    runs = (days.find_instant(zone, datetime.combine(yesterday + ahead * _DAY, at)) for ahead in count())
    return next(run for run in runs if run > after)


def new_daily_schedule(at: time, zone: ZoneInfo, now: datetime) -> Document:
    """Return the `schedule` of an action that runs daily from now on."""
    run = instants.format_instant(find_next_run(at, zone, now))
    return {
        "startDateTime": run,
        "endDateTime": None,
        "field": ScheduleField.RECURRING.value,
        "triggerAt": run,
    }


def is_daily(schedule: Json, at: time, zone: ZoneInfo) -> bool:
    """Return whether a stored schedule runs daily at this time, whenever it began."""
    if not isinstance(schedule, dict) or schedule.get("field") != ScheduleField.RECURRING.value:
        return False
    stored = schedule.get("triggerAt")
    trigger = instants.parse_instant(stored) if isinstance(stored, str) else None
    if trigger is None or schedule.get("endDateTime") is not None:
        return False
    try:
        return find_next_run(at, zone, trigger - _SECOND) == trigger
    except OverflowError:  # the first or the last day of the calendar
        return False


def drop_triggers(document: Json) -> Json:
    """Return a use case's document without the `triggerAt` of recurring schedules, to compare contents by."""
    config = document.get("config") if isinstance(document, dict) else None
    actions = config.get("actions") if isinstance(config, dict) else None
    if not isinstance(document, dict) or not isinstance(config, dict) or not isinstance(actions, list):
        return document
    return {**document, "config": {**config, "actions": [_drop_trigger(action) for action in actions]}}


def _drop_trigger(action: Json) -> Json:
    schedule = action.get("schedule") if isinstance(action, dict) else None
    if not isinstance(action, dict) or not isinstance(schedule, dict):
        return action
    if schedule.get("field") != ScheduleField.RECURRING.value:
        return action
    return {**action, "schedule": {key: value for key, value in schedule.items() if key != "triggerAt"}}


def renew_document(text: str, at: time, zone: ZoneInfo, now: datetime) -> str:
    """Return the JSON of a use case's document with the next runs of its daily schedules after `now`.

    All other values keep their text.
    """
    if f'"{ScheduleField.RECURRING.value}"' not in text:
        return text
    try:
        document = _decode_object(text)
        config = _decode_object(document["config"])
        actions = _decode_list(config["actions"])
    except (KeyError, ValidationError):
        return text
    # Runs are at whole seconds, so the next run is the same, and all actions of the second find it in the cache.
    now = now.replace(microsecond=0)
    renewed = [_renew_action(action, at, zone, now) for action in actions]
    config["actions"] = Raw(encode(renewed))
    document["config"] = Raw(encode(config))
    return encode(document).decode()


def _renew_action(text: Raw, at: time, zone: ZoneInfo, now: datetime) -> Raw:
    try:
        action = _decode_object(text)
        schedule = _decode_object(action["schedule"])
    except (KeyError, ValidationError):
        return text
    stored: Json = decode(action["schedule"])
    if not is_daily(stored, at, zone):
        return text
    schedule["triggerAt"] = Raw(encode(instants.format_instant(find_next_run(at, zone, now))))
    action["schedule"] = Raw(encode(schedule))
    return Raw(encode(action))


def renew_schedule(schedule: Json, at: time, zone: ZoneInfo, now: datetime) -> Json:
    """Return a daily schedule with its next run after `now`; return any other schedule unchanged."""
    if not isinstance(schedule, dict) or not is_daily(schedule, at, zone):
        return schedule
    return {**schedule, "triggerAt": instants.format_instant(find_next_run(at, zone, now))}
