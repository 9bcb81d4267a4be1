"""Entries of `use_case_groups` in export documents: groups and the use cases that they contain."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Protocol

from gateway.domain import schedules
from gateway.domain.calendar import instants, timezones
from gateway.domain.documents import (
    AuditColumns,
    ImportEntry,
    ProblemReporter,
    get_text_or_none,
    read_audit_columns,
)
from gateway.domain.enums import ErrorCode
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.use_case_groups import GroupColumns, is_slug
from gateway.domain.use_cases import find_key

MEMBERS = "useCases"
"""The key with the use cases of a group: the logical id of each, or the `_id` of one without a logical id."""


class StoredGroup(Protocol):
    """A row of a group."""

    id: str
    name: str
    slug: str
    sheet_link: str | None
    assistant_id: str | None
    timezone: str | None
    start_time: time | None
    created_at: datetime
    created_by: str | None
    updated_at: datetime
    updated_by: str | None


class StoredGroupColumns(GroupColumns, AuditColumns):
    """The columns of a group that its entry determines."""


def build_entry(group: StoredGroup, use_cases: Iterable[Document]) -> Document:
    """Return the entry of a group that contains these documents."""
    return {
        "_id": group.id,
        "name": group.name,
        "slug": group.slug,
        "sheetLink": group.sheet_link,
        "assistantId": group.assistant_id,
        "timezone": group.timezone,
        "startTime": None if group.start_time is None else group.start_time.isoformat(),
        "createdAt": instants.format_instant(instants.to_instant(group.created_at)),
        "createdBy": group.created_by,
        "updatedAt": instants.format_instant(instants.to_instant(group.updated_at)),
        "updatedBy": group.updated_by,
        MEMBERS: [get_text_or_none(document.get("logicalId")) or document["_id"] for document in use_cases],
    }


def read_columns(document: Document, at: datetime) -> StoredGroupColumns:
    """Return the columns of a checked entry; `at` replaces a missing instant."""

    def get_text(key: str) -> str | None:
        value = document.get(key)
        return value if isinstance(value, str) else None

    start_time = get_text("startTime")
    return StoredGroupColumns(
        name=get_text("name") or "",
        slug=get_text("slug") or "",
        sheet_link=get_text("sheetLink"),
        assistant_id=get_text("assistantId"),
        timezone=get_text("timezone"),
        start_time=None if start_time is None else schedules.parse_wall_time(start_time),
        **read_audit_columns(document, at),
    )


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


_CHECKS: Mapping[str, tuple[Callable[[Json], bool], str]] = {
    "name": (lambda value: isinstance(value, str) and value.strip() != "", "a text that is not blank"),
    "slug": (lambda value: isinstance(value, str) and is_slug(value), "a slug, such as `lab-reminders`"),
    "sheetLink": (lambda value: value is None or _is_text(value), "a text or null"),
    "assistantId": (lambda value: value is None or _is_text(value), "a text or null"),
    "timezone": (
        lambda value: value is None or (isinstance(value, str) and timezones.is_timezone(value)),
        "the exact name of a time zone, such as `America/Chicago`, or null",
    ),
    "startTime": (
        lambda value: value is None or (isinstance(value, str) and schedules.parse_wall_time(value) is not None),
        "a time as HH:MM:SS, or null",
    ),
    MEMBERS: (lambda value: isinstance(value, list) and all(map(_is_text, value)), "a list of logical ids"),
}
"""For each key of an entry, whether a value is right, and what to say if it is not."""


@dataclass(frozen=True, slots=True)
class ImportedGroups:
    """The groups of a document, and which of its use cases are in them."""

    entries: Mapping[str, ImportEntry]
    """By slug."""
    slugs_by_use_case: Mapping[str, str]
    """The slug of the group, by the `_id` of the use case; use cases without a group are absent."""


def read_groups(
    entries: Sequence[ImportEntry], use_cases: Sequence[ImportEntry], report: ProblemReporter
) -> ImportedGroups:
    """Return the groups of these entries. Report all problems with their paths.

    INVALID for a value; NOT_FOUND for a use case that is not in the document; DUPLICATE for a slug of two groups,
    a use case in two groups, or a known use case that is in a group twice.
    """
    by_slug: dict[str, ImportEntry] = {}
    slugs: dict[str, str] = {}
    ids = {use_case.logical_id or use_case.id: use_case for use_case in use_cases}
    for entry in entries:
        if not _check_values(entry, report):
            continue
        slug = str(entry.document["slug"])
        if slug in by_slug:
            report(ErrorCode.DUPLICATE, "An earlier group has the same slug.", *entry.path, "slug")
        by_slug[slug] = entry
        _read_members(entry, ids, slugs, report)
    return ImportedGroups(by_slug, slugs)


def _check_values(entry: ImportEntry, report: ProblemReporter) -> bool:
    faulty = [key for key, (is_right, _) in _CHECKS.items() if not is_right(entry.document.get(key))]
    for key in faulty:
        report(ErrorCode.INVALID, f"`{key}` must be {_CHECKS[key][1]}.", *entry.path, key)
    return not faulty


def _read_members(
    entry: ImportEntry, use_cases: Mapping[str, ImportEntry], slugs: dict[str, str], report: ProblemReporter
) -> None:
    members, seen = entry.document[MEMBERS], set()
    for index, member in enumerate(members if isinstance(members, list) else ()):
        path = (*entry.path, MEMBERS, index)
        found = use_cases.get(str(member))
        if found is None:
            report(ErrorCode.NOT_FOUND, "The document has no use case with this `logicalId`.", *path)
            continue
        key = find_key(found.document)
        if key is None:
            report(ErrorCode.INVALID, "Only use cases of a known type and name can be in a group.", *path)
        elif key in seen or found.id in slugs:
            report(ErrorCode.DUPLICATE, "A group has each known use case once, and a use case one group.", *path)
        seen.add(key)
        slugs[found.id] = str(entry.document["slug"])
