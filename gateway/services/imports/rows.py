"""Imports of the use cases and resource records of an integration: match, compare and write in batches."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from operator import itemgetter
from typing import Any, TypeVar

from gateway import sql
from gateway.database import ResourceRecord, UseCase
from gateway.domain import schedules
from gateway.domain.calendar import instants
from gateway.domain.documents import (
    ImportEntry,
    encode_canonical,
    is_encoding,
    read_audit_columns,
)
from gateway.domain.enums import ErrorCode
from gateway.domain.ids import new_id, new_logical_id
from gateway.domain.lenient_reading import Document
from gateway.domain.records import read_record_columns
from gateway.domain.statistics import COUNTED_COLUMNS, DayCounts, get_counted_values
from gateway.domain.use_cases import find_key, read_use_case_columns
from gateway.services import day_counts
from gateway.services.batches import split_batches
from gateway.services.imports import groups
from gateway.services.imports.context import ImportContext

T = TypeVar("T")
RowValues = dict[str, object]

_COMPARED_COLUMNS = frozenset({"logical_id", "version", "document", "group_id", "key", *COUNTED_COLUMNS})
"""The columns that an import reads of stored rows. Each entity has some of them."""


@dataclass(frozen=True, slots=True)
class ImportKind:
    """An entity whose rows are imported, and what its import needs."""

    entity: type[UseCase | ResourceRecord]
    name: str
    """For new logical ids and, with spaces, for messages."""
    build_columns: Callable[[Document, str, datetime], Mapping[str, object]]
    """Returns the other columns of a document, its logical id and the time of the import."""
    is_counted: bool
    """Whether the rows have day counts."""
    encode_content: Callable[[Document], bytes] = encode_canonical
    """Encodes the part of a document whose change is a change of the row."""


def _encode_use_case(document: Document) -> bytes:
    return encode_canonical(schedules.drop_triggers(document))


USE_CASES = ImportKind(
    UseCase, "use_case", read_use_case_columns, is_counted=False, encode_content=_encode_use_case
)
RESOURCE_RECORDS = ImportKind(ResourceRecord, "resource_record", read_record_columns, is_counted=True)


@dataclass(frozen=True, slots=True)
class _Matches:
    """The stored rows that entries update."""

    rows: Mapping[str, str]
    """The id of the row, by the `_id` of the entry; new entries are absent."""
    taken_ids: Collection[str]
    """The ids of entries that any row of the team already has."""


async def import_rows(
    context: ImportContext, kind: ImportKind, entries: Sequence[ImportEntry], *, replace: bool = False
) -> None:
    """Create or update a row for each entry; with `replace`, delete the integration's other rows.

    No two entries have the same `_id` or `logicalId`. Day counts are updated. An entry is reported and skipped if
    its `_id` belongs to another row: DUPLICATE if another entry updates that row, else CONFLICT.
    """
    matches, changes = await _match_entries(context, kind, entries), DayCounts(context.zone)
    if replace:
        deleted_ids = await _delete_others(context, kind, set(matches.rows.values()), changes)
        matches = _Matches(matches.rows, set(matches.taken_ids) - deleted_ids)
    if kind.entity is UseCase:
        await groups.release_members(context, matches.rows, entries)
    for batch in split_batches(entries):
        await _write_batch(context, kind, batch, matches, changes)
        context.advance(len(batch))
    await day_counts.add_changes(context.writer, context.team_id, context.parent.id, changes)


async def _match_entries(context: ImportContext, kind: ImportKind, entries: Sequence[ImportEntry]) -> _Matches:
    """Return the rows of entries: by logical id, else by id.

    Entries with a new logical id match by id only if the policy preserves ids.
    """
    by_logical_id: dict[str, str] = {}
    owners: dict[str, str] = {}
    for batch in split_batches(entries):
        logical_ids = [entry.logical_id for entry in batch if entry.logical_id is not None]
        if logical_ids:
            statement = sql.imports.select_ids_by_logical_ids(
                kind.entity, context.team_id, context.parent.id, logical_ids
            )
            by_logical_id.update(await context.writer.fetch_tuples(statement))
        ids = [entry.id for entry in batch]
        statement = sql.imports.select_integration_ids(kind.entity, context.team_id, ids)
        owners.update(await context.writer.fetch_tuples(statement))
    rows = {entry.id: by_logical_id[entry.logical_id] for entry in entries if entry.logical_id in by_logical_id}
    matched_ids = set(rows.values())
    for entry in entries:
        may_match = entry.id not in rows and (entry.logical_id is None or context.policy.preserves_ids)
        if not may_match or owners.get(entry.id) != context.parent.id:
            continue
        if entry.id in matched_ids:
            message = "The stored document with this `_id` has the `logicalId` of another entry."
            context.report(ErrorCode.DUPLICATE, message, *entry.path, "_id")
        else:
            rows[entry.id] = entry.id
    return _Matches(rows, owners.keys())


async def _delete_others(
    context: ImportContext, kind: ImportKind, matched: set[str], changes: DayCounts
) -> set[str]:
    """Delete the integration's rows other than `matched`, and return their ids."""
    found = await context.writer.fetch_tuples(
        sql.imports.select_ids(kind.entity, context.team_id, context.parent.id)
    )
    ids = {id for (id,) in found} - matched
    for batch in split_batches(sorted(ids)):
        deleted = await context.writer.execute(sql.imports.delete_rows(kind.entity, context.team_id, batch))
        if kind.is_counted:
            changes.remove(deleted)
    context.tally.deleted += len(ids)
    return ids


async def _write_batch(
    context: ImportContext, kind: ImportKind, batch: Sequence[ImportEntry], matches: _Matches, changes: DayCounts
) -> None:
    ids = [matches.rows[entry.id] for entry in batch if entry.id in matches.rows]
    stored = await _read_stored_rows(context, kind, ids)
    added: list[RowValues] = []
    changed: list[RowValues] = []
    for entry in batch:
        id = matches.rows.get(entry.id)
        if id is None:
            row = _build_new_row(context, kind, entry, is_taken=entry.id in matches.taken_ids)
            if row is not None:
                added.append(row)
        else:
            row = _build_changed_row(context, kind, entry, stored[id])
            if row is not None:
                changed.append(row)
    await context.writer.insert_rows(kind.entity, added)
    await context.writer.update_rows(kind.entity, changed)
    if kind.is_counted:
        changes.remove(get_counted_values(stored[str(row["id"])]) for row in changed)
        changes.add(map(itemgetter(*COUNTED_COLUMNS), chain(added, changed)))
    context.tally.created += len(added)
    context.tally.updated += len(changed)
    context.tally.unchanged += len(ids) - len(changed)


async def _read_stored_rows(context: ImportContext, kind: ImportKind, ids: list[str]) -> Mapping[str, Any]:
    """Return the rows with these ids, by id, with `_COMPARED_COLUMNS` only."""
    if not ids:
        return {}
    reader = context.writer.with_columns(_COMPARED_COLUMNS)
    found = await reader.fetch_rows(sql.imports.select_rows(kind.entity, context.team_id, ids))
    return {row.id: row for row in found}


def _build_new_row(
    context: ImportContext, kind: ImportKind, entry: ImportEntry, *, is_taken: bool
) -> RowValues | None:
    """Return the values of a new row. Report CONFLICT and return None if its id is taken and must not change."""
    if is_taken and context.policy.preserves_ids:
        message = f"Another {kind.name.replace('_', ' ')} of the team already has this `_id`."
        context.report(ErrorCode.CONFLICT, message, *entry.path, "_id")
        return None
    id = new_id() if is_taken else entry.id
    document = context.policy.build_new(entry, id, context.parent)
    logical_id = entry.logical_id or new_logical_id(kind.name)
    groups = {"group_id": (context.group_ids or {}).get(entry.id)} if kind.entity is UseCase else {}
    return {
        **groups,
        "team_id": context.team_id,
        "id": id,
        "integration_id": context.parent.id,
        "version": 1,
        "document": document,
        **kind.build_columns(document, logical_id, context.writer.as_of),
    }


def _build_changed_row(
    context: ImportContext,
    kind: ImportKind,
    entry: ImportEntry,
    stored: Any,  # noqa: ANN401 (a row of either table)
) -> RowValues | None:
    """Return the changed values of a row, or None if the entry changes nothing.

    A use case leaves its group when its type or name no longer fits its key.
    """
    document = context.policy.build_updated(entry, stored.id, context.parent, stored)
    is_moved = kind.entity is UseCase and _choose_group(context, entry, stored) != stored.group_id
    if not is_moved and _is_same_content(kind, document, stored):
        return None
    document = context.policy.mark_updated(document)
    logical_id = entry.logical_id or stored.logical_id
    row: RowValues = {
        "team_id": context.team_id,
        "id": stored.id,
        "version": stored.version + 1,
        "document": document,
        **kind.build_columns(document, logical_id, context.writer.as_of),
        "created_at": read_audit_columns(document, instants.to_instant(stored.created_at))["created_at"],
    }
    if kind.entity is UseCase:
        row["group_id"] = _choose_group(context, entry, stored)
    return row


def _is_same_content(kind: ImportKind, document: Document, stored: Any) -> bool:  # noqa: ANN401 (a row of either table)
    return is_encoding(document, stored.document_json) or kind.encode_content(document) == kind.encode_content(
        stored.document
    )


def _choose_group(context: ImportContext, entry: ImportEntry, stored: UseCase) -> str | None:
    """Return the id of the group of a use case after the import."""
    if context.group_ids is not None:
        return context.group_ids.get(entry.id)
    return stored.group_id if find_key(entry.document) is stored.key else None
