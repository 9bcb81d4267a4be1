"""Groups: what a set of use cases shares, and how it reaches their documents."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from itertools import count
from typing import Literal, TypedDict

from gateway.domain import schedules
from gateway.domain.calendar import timezones
from gateway.domain.enums import Status, UseCaseKey
from gateway.domain.lenient_reading import Document
from gateway.domain.use_cases import KNOWN_USE_CASES, ActionInput, get_actions, merge_actions, with_scheduler_names

MAX_SLUG_LENGTH = 64
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)


class GroupFields(TypedDict, total=False):
    """What of a group may be given, null, or absent."""

    slug: str | None
    sheet_link: str | None
    assistant_id: str | None
    timezone: str | None
    start_time: str | None


@dataclass(frozen=True, slots=True)
class ListedUseCase:
    """A use case as a group's input lists it; actions that are None are kept."""

    key: UseCaseKey
    enabled: bool
    actions: Sequence[ActionInput] | None


@dataclass(frozen=True, slots=True)
class GroupInput:
    """A group as it is asked for; without a `group_id` it is a new one."""

    name: str
    fields: GroupFields
    group_id: str | None
    use_cases: Sequence[ListedUseCase]
    expected_version: int | None


class SharedColumns(TypedDict):
    """The columns of `gateway.database.tables.UseCaseGroup` that its use cases carry copies of."""

    sheet_link: str | None
    assistant_id: str | None
    timezone: str | None
    start_time: time | None


class GroupColumns(SharedColumns):
    """What an upsert has a say in of the columns of `gateway.database.tables.UseCaseGroup`."""

    name: str
    slug: str


SharedColumn = Literal["sheet_link", "assistant_id", "timezone", "start_time"]
SHARED_COLUMNS: frozenset[SharedColumn] = frozenset({"sheet_link", "assistant_id", "timezone", "start_time"})
_SCHEDULE_COLUMNS: frozenset[SharedColumn] = frozenset({"timezone", "start_time"})
_CONFIG_KEYS: dict[Literal["assistant_id", "timezone", "sheet_link"], str] = {
    "assistant_id": "assistantId",
    "timezone": "timezone",
    "sheet_link": "sheetLink",
}


def is_slug(text: str) -> bool:
    return len(text) <= MAX_SLUG_LENGTH and _SLUG.fullmatch(text) is not None


def suggest_slug(name: str) -> str:
    """The slug that a name suggests, `group` when nothing is left of it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[: MAX_SLUG_LENGTH + 1].strip("-")[:MAX_SLUG_LENGTH] or "group"


def find_free_slug(slug: str, taken: Collection[str]) -> str:
    """This slug, or with `-2`, `-3` and so on the first that is not taken."""
    return next(found for found in _iterate_numbered_slugs(slug) if found not in taken)


def _iterate_numbered_slugs(slug: str) -> Iterator[str]:
    yield slug
    for number in count(2):
        ending = f"-{number}"
        yield slug[: MAX_SLUG_LENGTH - len(ending)].rstrip("-") + ending


def new_use_case_document(logical_id: str, integration_id: str, group_name: str, key: UseCaseKey) -> Document:
    """What the document of a new use case of a group says before the group and the input have their say."""
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
    copied_columns: Collection[SharedColumn],
    use_case: ListedUseCase | None,
    now: datetime,
) -> Document:
    """A use case's document after an upsert of its group; the very same when that changes nothing.

    `reached` names what of the group is copied. A daily schedule that stands is kept, also when its next run
    has passed meanwhile; it is renewed only together with something else.
    """
    stored_config = stored.get("config")
    config = dict(stored_config) if isinstance(stored_config, dict) else {}
    config |= {key: group[name] for name, key in _CONFIG_KEYS.items() if name in copied_columns}
    if use_case is not None:
        config["status"] = (Status.ACTIVE if use_case.enabled else Status.INACTIVE).value
        if use_case.actions is not None:
            config["actions"] = [*merge_actions(get_actions(config), use_case.actions)]
    if not _SCHEDULE_COLUMNS.isdisjoint(copied_columns):
        config["actions"] = [_schedule_action(action, group, now) for action in get_actions(config)]
    document = with_scheduler_names({**stored, "config": config})
    return stored if document == stored else _renew_schedules(document, group, now)


def _schedule_action(action: Document, group: SharedColumns, now: datetime) -> Document:
    schedule, start_time, zone = action.get("schedule"), group["start_time"], timezones.get_zone(group["timezone"])
    if start_time is None:
        schedule = None
    elif not schedules.is_daily(schedule, start_time, zone):
        schedule = schedules.new_daily_schedule(start_time, zone, now)
    return {**action, "schedule": schedule}


def _renew_schedules(document: Document, group: SharedColumns, now: datetime) -> Document:
    config, start_time, zone = document["config"], group["start_time"], timezones.get_zone(group["timezone"])
    if start_time is None or not isinstance(config, dict):
        return document
    actions = [
        {**action, "schedule": schedules.renew_schedule(action.get("schedule"), start_time, zone, now)}
        for action in get_actions(config)
    ]
    return {**document, "config": {**config, "actions": [*actions]}}
