"""Groups of use cases: their shared columns, slugs, and the documents of their use cases."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from itertools import count
from typing import Annotated, NamedTuple, TypedDict, cast, get_type_hints

from anyascii import anyascii

from gateway.domain import schedules
from gateway.domain.bounds import MAX_NAME_LENGTH, trim
from gateway.domain.calendar import timezones
from gateway.domain.enums import OnConflict, Status, UseCaseKey
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.use_cases import (
    KNOWN_USE_CASES,
    ActionInput,
    get_actions,
    merge_actions,
    with_scheduler_names,
)

MAX_SLUG_LENGTH = 64
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)


class ConfigKey(NamedTuple):
    """The key of a use case's `config` to which a shared column is copied; inputs use the same name."""

    name: str


class SharedColumns(TypedDict):
    """The columns of `gateway.database.tables.UseCaseGroup` that all its use cases share.

    This is the only list of them. A column with a `ConfigKey` is copied to that key. `timezone` and `start_time`
    also determine the daily schedules of actions.
    """

    sheet_link: Annotated[str | None, ConfigKey("sheetLink")]
    assistant_id: Annotated[str | None, ConfigKey("assistantId")]
    timezone: Annotated[str | None, ConfigKey("timezone")]
    start_time: time | None


class GroupColumns(SharedColumns):
    """The columns of `gateway.database.tables.UseCaseGroup` that an upsert writes."""

    name: str
    slug: str


SHARED_COLUMNS = frozenset(SharedColumns.__annotations__)

COPIED_KEYS: Mapping[str, str] = {
    column: annotation.name
    for column, type_ in get_type_hints(SharedColumns, include_extras=True).items()
    for annotation in getattr(type_, "__metadata__", ())
    if isinstance(annotation, ConfigKey)
}
"""The key of `config` for each shared column that has one."""

INPUT_FIELDS = frozenset({"slug"}) | SHARED_COLUMNS
"""The fields of a group's input that may be absent: absent keeps the value, null clears it."""

_SCHEDULE_COLUMNS = frozenset({"timezone", "start_time"})


@dataclass(frozen=True, slots=True)
class ListedUseCase:
    """A use case in the input of a group. `actions` that are None stay unchanged."""

    key: UseCaseKey
    enabled: bool
    actions: Sequence[ActionInput] | None


@dataclass(frozen=True, slots=True)
class GroupInput:
    """The input of an upsert. With a `group_id` it updates that group; otherwise `on_conflict` decides."""

    name: str
    fields: Mapping[str, str | None]
    """Those of `INPUT_FIELDS` that are present; `start_time` is text such as `08:00:00`."""
    group_id: str | None
    use_cases: Sequence[ListedUseCase]
    expected_version: int | None
    on_conflict: OnConflict = OnConflict.REFUSE

    @property
    def updated_slug(self) -> str | None:
        """The slug of the group to update, if there is one. None: the slug does not choose a group."""
        is_by_slug = self.group_id is None and self.on_conflict is OnConflict.UPDATE
        return self.fields.get("slug") if is_by_slug else None


def trim_link(input: GroupInput) -> GroupInput:
    """Return the input with its link trimmed, if it has one."""
    link = input.fields.get("sheet_link")
    return input if link is None else replace(input, fields={**input.fields, "sheet_link": trim(link)})


def find_next_run(start_time: time | None, timezone: str | None, now: datetime) -> datetime | None:
    """Return when a group with this time and zone runs next; None if it does not run."""
    return None if start_time is None else schedules.find_next_run(start_time, timezones.get_zone(timezone), now)


def build_group_columns(input: GroupInput, slug: str, stored: Mapping[str, object]) -> GroupColumns:
    """Return the columns of a group after an upsert.

    `stored` has the shared columns of the group, and is empty for a new one.
    """
    changed: dict[str, object] = {name: input.fields[name] for name in input.fields.keys() & SHARED_COLUMNS}
    if (start_time := input.fields.get("start_time")) is not None:
        changed["start_time"] = schedules.parse_wall_time(start_time)
    shared = {**dict.fromkeys(SharedColumns.__annotations__), **stored, **changed}
    return cast("GroupColumns", {"name": input.name, "slug": slug, **shared})


def is_slug(text: str) -> bool:
    """Return whether a text is a valid slug, such as `lab-reminders`."""
    return len(text) <= MAX_SLUG_LENGTH and _SLUG.fullmatch(text) is not None


def suggest_slug(name: str) -> str:
    """Return a slug for a name, in Latin letters and digits; `group` if the name has none in any script."""
    # Composed first: the library reads each character on its own.
    plain = anyascii(unicodedata.normalize("NFC", name[:MAX_NAME_LENGTH])).lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[: MAX_SLUG_LENGTH + 1].strip("-")[:MAX_SLUG_LENGTH] or "group"


def find_free_slug(slug: str, taken: Collection[str]) -> str:
    """Return the first of `slug`, `slug-2`, `slug-3` and so on that is not taken."""
    return next(found for found in _iterate_numbered_slugs(slug) if found not in taken)


def _iterate_numbered_slugs(slug: str) -> Iterator[str]:
    yield slug
    for number in count(2):
        ending = f"-{number}"
        yield slug[: MAX_SLUG_LENGTH - len(ending)].rstrip("-") + ending


def new_use_case_document(logical_id: str, integration_id: str, group_name: str, key: UseCaseKey) -> Document:
    """Return the document of a new use case, for `apply_group`."""
    catalogue_entry = KNOWN_USE_CASES[key]
    return {
        "logicalId": logical_id,
        "integrationId": integration_id,
        "schedulerNames": [],
        "config": {
            "displayName": f"{group_name} – {catalogue_entry.name}",  # noqa: RUF001 (a dash between words)
            "assistantId": None,
            "status": Status.ACTIVE.value,
            "timezone": None,
            "type": catalogue_entry.type.value,
            "name": catalogue_entry.name,
            "sheetLink": None,
            "actions": [],
        },
    }


def apply_group(
    stored: Document,
    group: SharedColumns,
    copied_columns: Collection[str],
    use_case: ListedUseCase | None,
    now: datetime,
) -> Document:
    """Return a use case's document after an upsert of its group; return `stored` itself if nothing changes.

    `copied_columns` are the shared columns to copy. A past next run is no change by itself.
    """
    stored_config = stored.get("config")
    config = dict(stored_config) if isinstance(stored_config, dict) else {}
    values = cast("Mapping[str, Json]", group)
    config |= {key: values[column] for column, key in COPIED_KEYS.items() if column in copied_columns}
    if use_case is not None:
        config["status"] = (Status.ACTIVE if use_case.enabled else Status.INACTIVE).value
        if use_case.actions is not None:
            config["actions"] = [*merge_actions(get_actions(config), use_case.actions)]
    if not _SCHEDULE_COLUMNS.isdisjoint(copied_columns):
        config["actions"] = [_schedule_action(action, group, now) for action in get_actions(config)]
    document = with_scheduler_names({**stored, "config": config})
    return stored if schedules.drop_triggers(document) == schedules.drop_triggers(stored) else document


def _schedule_action(action: Document, group: SharedColumns, now: datetime) -> Document:
    schedule, start_time, zone = action.get("schedule"), group["start_time"], timezones.get_zone(group["timezone"])
    if start_time is None:
        schedule = None
    elif schedules.is_daily(schedule, start_time, zone):
        schedule = schedules.renew_schedule(schedule, start_time, zone, now)
    else:
        schedule = schedules.new_daily_schedule(start_time, zone, now)
    return {**action, "schedule": schedule}
