"""Checks of the input for groups and use cases. They collect all problems with their paths."""

import re
from collections.abc import Collection, Mapping, Sequence

from gateway.domain.bounds import MAX_ENTRIES, check_entries, find_excesses
from gateway.domain.calendar import timezones
from gateway.domain.enums import ActionType, ErrorCode, UseCaseKey
from gateway.domain.ids import is_id
from gateway.domain.lenient_reading import Document, Json, LenientObject
from gateway.domain.schedules import parse_wall_time
from gateway.domain.use_case_groups import COPIED_KEYS, MAX_SLUG_LENGTH, GroupInput, ListedUseCase, is_slug
from gateway.domain.use_cases import MAX_DAYS, ActionIdentity, ActionInput, UseCaseChanges
from gateway.domain.webhooks import find_link_fault
from gateway.errors import ErrorPath, ProblemList
from gateway.services.integrations import check_blank, check_not_other

_E_MAIL = re.compile(r"[^@\s]+@[^@\s]+")

SLUG_RULE = (
    "`slug` must have words of a-z and 0-9, with single hyphens between them, such as `lab-reminders`, "
    f"and at most {MAX_SLUG_LENGTH} characters."
)
"""What a slug must be, for errors."""


def check_group(input: GroupInput, problems: ProblemList) -> None:
    """Add all problems of a group's input that need no stored row: REQUIRED, INVALID and DUPLICATE."""
    check_blank(problems, input.name, "input", "name")
    shared = {key: input.fields.get(column) for column, key in COPIED_KEYS.items()}
    problems.extend(find_excesses({"name": input.name, **shared}, "input"))
    problems.extend(check_entries(input.use_cases, "input", "useCases"))
    slug, start_time = input.fields.get("slug"), input.fields.get("start_time")
    if slug is not None and not is_slug(slug):
        problems.add_invalid(SLUG_RULE, "input", "slug")
    if start_time is not None and parse_wall_time(start_time) is None:
        problems.add_invalid(
            "`startTime` must be a time as HH:MM:SS, from 00:00:00 to 23:59:59, without offset or fraction.",
            "input",
            "startTime",
        )
    if input.expected_version is not None and input.group_id is None and input.updated_slug is None:
        problems.add_invalid(
            "`expectedVersion` requires the `groupId` of an existing group, or `slug` and `onConflict: UPDATE`.",
            "input",
            "expectedVersion",
        )
    _check_shared(shared, problems)
    _check_use_cases(input.use_cases, problems)


def _check_use_cases(use_cases: Sequence[ListedUseCase], problems: ProblemList) -> None:
    seen: set[UseCaseKey] = set()
    for index, use_case in enumerate(use_cases[:MAX_ENTRIES]):
        path = ("input", "useCases", index)
        if use_case.key in seen:
            problems.add(ErrorCode.DUPLICATE, f"{use_case.key.name} is listed twice; list it once.", *path)
        seen.add(use_case.key)
        _check_actions(use_case.actions or (), (*path, "actions"), "day", problems)


def check_changes(changes: UseCaseChanges, stored: LenientObject[object], problems: ProblemList) -> None:
    """Add all problems of changes to a use case with this `config`: REQUIRED, INVALID, DUPLICATE and NOT_FOUND."""
    if changes.config.get("status", True) is None:
        problems.add(ErrorCode.REQUIRED, "`status` cannot be cleared; leave it out to keep it.", "input", "status")
    display_name = changes.config.get("displayName")
    if isinstance(display_name, str):
        check_blank(problems, display_name, "input", "displayName")
    problems.extend(find_excesses(changes.config, "input"))
    _check_shared(changes.config, problems)
    types = {
        action.read_text("logicalId"): action.read_member("actionType", ActionType)
        for action in stored.read_objects("actions")
    }
    for index, action in enumerate(changes.actions or ()):
        if action.logical_id is not None and action.logical_id not in types:
            problems.add(
                ErrorCode.NOT_FOUND,
                "This use case has no action with this `logicalId`. Omit `logicalId` to add an action.",
                "input",
                "actions",
                index,
                "logicalId",
            )
    other_ids = {id for id, type_ in types.items() if id is not None and type_ is ActionType.OTHER}
    _check_actions(changes.actions or (), ("input", "actions"), "daysWindow", problems, other_ids)


def _check_shared(values: Mapping[str, object], problems: ProblemList) -> None:
    sheet_link, assistant_id, zone = (values.get(key) for key in ("sheetLink", "assistantId", "timezone"))
    fault = find_link_fault(sheet_link, "`sheetLink`") if isinstance(sheet_link, str) else None
    if fault is not None:
        problems.add_invalid(fault, "input", "sheetLink")
    if isinstance(assistant_id, str) and not is_id(assistant_id):
        problems.add_invalid(
            "`assistantId` must be the id of an assistant: 1 to 64 visible ASCII characters.",
            "input",
            "assistantId",
        )
    if isinstance(zone, str) and not timezones.is_timezone(zone):
        problems.add_invalid(
            "`timezone` must be the exact IANA name of a time zone, such as `America/Chicago`.",
            "input",
            "timezone",
        )


def _check_actions(
    actions: Sequence[ActionInput],
    path: ErrorPath,
    days: str,
    problems: ProblemList,
    other_ids: Collection[str] = (),
) -> None:
    """Add all problems of a list of actions. Those with one of `other_ids` may have the type OTHER."""
    problems.extend(check_entries(actions, *path))
    seen: set[ActionIdentity | str] = set()
    for index, action in enumerate(actions[:MAX_ENTRIES]):
        action_path = (*path, index)
        # Actions of the type OTHER may have different words.
        identity = None if action.type is ActionType.OTHER else action.identity
        keys = {key for key in (identity, action.logical_id) if key is not None}
        if keys & seen:
            problems.add(
                ErrorCode.DUPLICATE,
                "An earlier action has the same type, day and context, or the same id.",
                *action_path,
            )
        seen |= keys
        if action.logical_id not in other_ids:
            check_not_other(problems, action.type, *action_path, "actionType")
        if not 0 <= action.days <= MAX_DAYS:
            problems.add_invalid(f"`{days}` must be from 0 to {MAX_DAYS}, not {action.days}.", *action_path, days)
        for key, text in (("templateName", action.template_name), ("context", action.context)):
            check_blank(problems, text, *action_path, key)
        texts: Document = {"templateName": action.template_name, "context": action.context}
        problems.extend(find_excesses({**texts, **action.changes}, *action_path))
        _check_e_mails(action.changes.get("reportEmails"), (*action_path, "reportEmails"), problems)
        _check_schedule(action.changes.get("schedule"), (*action_path, "schedule"), problems)


def _check_e_mails(addresses: Json, path: ErrorPath, problems: ProblemList) -> None:
    for index, address in enumerate(addresses if isinstance(addresses, list) else ()):
        if not isinstance(address, str) or not _E_MAIL.fullmatch(address):
            problems.add_invalid("This must be an e-mail address, such as reports@clinic.example.", *path, index)


def _check_schedule(schedule: Json, path: ErrorPath, problems: ProblemList) -> None:
    if not isinstance(schedule, dict):
        return
    start, end = schedule.get("startDateTime"), schedule.get("endDateTime")
    # In the format of `instants.format_instant`, the order of texts is that of instants.
    if isinstance(start, str) and isinstance(end, str) and end < start:
        problems.add_invalid("`endDateTime` must not be before `startDateTime`.", *path, "endDateTime")
