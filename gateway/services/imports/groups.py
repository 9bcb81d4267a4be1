"""Imports of the groups of an integration, which are matched by slug."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway import sql
from gateway.database import UseCase, UseCaseGroup
from gateway.domain.calendar import instants
from gateway.domain.documents import ImportEntry
from gateway.domain.enums import ErrorCode
from gateway.domain.group_documents import ImportedGroups, build_entry, read_columns
from gateway.domain.ids import new_id
from gateway.domain.lenient_reading import Document
from gateway.domain.use_cases import find_key
from gateway.errors import ProblemList, refusal
from gateway.services.imports.context import ImportContext


@dataclass(frozen=True, slots=True)
class _StoredEntry:
    """The entry that a stored group has in an export, without its use cases."""

    document: Document


async def import_groups(context: ImportContext, groups: ImportedGroups) -> Mapping[str, str]:
    """Create or update a group for each entry, and return the id of the group of each use case, by its `_id`.

    Raises Refused (CONFLICT) for an `_id` of another group that must not change.
    """
    stored = {row.slug: row for row in await _list_stored(context)}
    ids = {}
    for slug, entry in groups.entries.items():
        row = stored.get(slug)
        ids[slug] = await (_create(context, entry) if row is None else _update(context, entry, row))
    return {use_case: ids[slug] for use_case, slug in groups.slugs_by_use_case.items()}


async def delete_other_groups(context: ImportContext, groups: ImportedGroups) -> None:
    """Delete the groups of the integration that have no entry. Their use cases are deleted or moved before."""
    others = [row.id for row in await _list_stored(context) if row.slug not in groups.entries]
    await context.writer.delete_rows(UseCaseGroup, [{"team_id": context.team_id, "id": id} for id in others])
    context.tally.deleted += len(others)


async def release_members(context: ImportContext, rows: Mapping[str, str], entries: Sequence[ImportEntry]) -> None:
    """Take stored use cases out of groups that they leave, so that two can change places.

    `rows` has the id of the stored row, by the `_id` of its entry. Raises Refused (CONFLICT) for each entry whose
    group has a use case of the same key that no entry updates.
    """
    group_ids = context.group_ids
    if group_ids is None:
        return
    problems = ProblemList()
    statement = sql.imports.select_members(context.team_id, context.parent.id)
    members = {id: (group_id, key) for id, group_id, key in await context.writer.fetch_tuples(statement)}
    targets = {row_id: group_ids.get(entry_id) for entry_id, row_id in rows.items()}
    leaving = [id for id, (group_id, _) in members.items() if id in targets and targets[id] != group_id]
    staying = {member for id, member in members.items() if id not in targets}
    for entry in entries:
        key, group_id = find_key(entry.document), group_ids.get(entry.id)
        if key is not None and (group_id, key) in staying:
            message = f"The group already has another use case {key.name}. Delete it, or import with REPLACE."
            problems.add(ErrorCode.CONFLICT, message, *entry.path)
    problems.raise_if_any()
    await context.writer.update_rows(
        UseCase, [{"team_id": context.team_id, "id": id, "group_id": None} for id in leaving]
    )


async def _list_stored(context: ImportContext) -> list[UseCaseGroup]:
    statement = sql.exports.select_use_case_groups(context.team_id, context.parent.id)
    return [*await context.writer.fetch_rows(statement)]


async def _create(context: ImportContext, entry: ImportEntry) -> str:
    statement = sql.imports.select_group_id(context.team_id, entry.id)
    is_taken = bool(await context.writer.fetch_tuples(statement))
    if is_taken and context.policy.preserves_ids:
        raise refusal(ErrorCode.CONFLICT, "Another group of the team already has this `_id`.", *entry.path, "_id")
    id = new_id() if is_taken else entry.id
    columns = read_columns(context.policy.build_new(entry, id, None), context.writer.as_of)
    values = {"team_id": context.team_id, "id": id, "integration_id": context.parent.id, "version": 1, **columns}
    await context.writer.insert_rows(UseCaseGroup, [values])
    context.tally.created += 1
    return id


async def _update(context: ImportContext, entry: ImportEntry, row: UseCaseGroup) -> str:
    at, stored = instants.to_instant(row.created_at), build_entry(row, ())
    document = {**stored, **context.policy.build_updated(entry, row.id, None, _StoredEntry(stored))}
    if read_columns(document, at) == read_columns(stored, at):
        context.tally.unchanged += 1
        return row.id
    columns = read_columns(context.policy.mark_updated(document), at)
    await context.writer.update_row(UseCaseGroup, row, {"version": row.version + 1, **columns})
    context.tally.updated += 1
    return row.id
