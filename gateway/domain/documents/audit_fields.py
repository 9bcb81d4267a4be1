"""Audit fields of documents: who created and changed them, and when."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TypedDict

from gateway.domain.calendar import instants
from gateway.domain.ids import is_id
from gateway.domain.lenient_reading import Document, Json

_PERSON_KEYS = ("createdBy", "updatedBy", "_createdBy", "_updatedBy")


class AuditColumns(TypedDict):
    """The columns of `gateway.database.HasAuditColumns` that a document determines."""

    created_at: datetime
    created_by: str | None
    updated_at: datetime
    updated_by: str | None


def read_audit_columns(document: Document, at: datetime) -> AuditColumns:
    """Return the columns for an Interactly document. `at` replaces a missing or invalid instant."""
    return {
        "created_at": _read_instant(document.get("createdAt"), at),
        "created_by": get_text_or_none(document.get("createdBy")),
        "updated_at": _read_instant(document.get("updatedAt"), at),
        "updated_by": get_text_or_none(document.get("updatedBy")),
    }


def read_webhook_audit_columns(document: Document, at: datetime) -> AuditColumns:
    """Return the columns for a Rocket.Chat document. Its creator is an object, and its keys begin with `_`."""
    return {
        "created_at": _read_instant(document.get("_createdAt"), at),
        "created_by": _read_user_id(document.get("_createdBy")),
        "updated_at": _read_instant(document.get("_updatedAt"), at),
        "updated_by": _read_user_id(document.get("_updatedBy")),
    }


def mark_created(document: Document, *, id: str, team_id: str, user_id: str, at: datetime) -> Document:
    """Return an Interactly document with the audit keys of a document that a user creates now."""
    timestamp = instants.format_instant(at)
    return {
        "teamId": team_id,
        "createdBy": user_id,
        "updatedBy": user_id,
        "createdAt": timestamp,
        "updatedAt": timestamp,
        "_id": id,
        **document,
    }


def mark_updated(document: Document, *, user_id: str, at: datetime) -> Document:
    """Return an Interactly document with the audit keys for a change by a user now."""
    return {**document, "updatedBy": user_id, "updatedAt": instants.format_instant(at)}


def collect_people(documents: Iterable[Document]) -> dict[str, str | None]:
    """Return the usernames of the users in audit fields, by their ids; None for a user without one."""
    usernames: dict[str, str | None] = {}
    for document in documents:
        add_people(document, usernames)
    return usernames


def add_people(document: Document, usernames: dict[str, str | None]) -> None:
    """Add the users in the audit fields of a document."""
    for key in _PERSON_KEYS:
        person = document.get(key)
        if isinstance(person, dict) and is_id(id := get_text_or_none(person.get("_id")) or ""):
            usernames[id] = usernames.get(id) or get_text_or_none(person.get("username"))


def find_changed_paths(before: Json, after: Json, path: str = "") -> Iterator[str]:
    """Yield the paths of differences, such as `config.actions.0.context`.

    Lists of different length differ as a whole.
    """
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            inner_path = f"{path}.{key}" if path else key
            if key in before and key in after:
                yield from find_changed_paths(before[key], after[key], inner_path)
            else:
                yield inner_path
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, pair in enumerate(zip(before, after, strict=True)):
            yield from find_changed_paths(*pair, f"{path}.{index}")
    else:
        yield path


def get_text_or_none(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None


def _read_user_id(value: Json) -> str | None:
    return get_text_or_none(value.get("_id")) if isinstance(value, dict) else get_text_or_none(value)


def _read_instant(value: Json, default: datetime) -> datetime:
    return (instants.parse_instant(value) if isinstance(value, str) else None) or default
