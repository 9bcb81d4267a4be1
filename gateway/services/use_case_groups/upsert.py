"""Create or update a group and its use cases in one transaction."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway import sql
from gateway.database import UseCase, UseCaseGroup, Writer, get_values, new_row, with_changes
from gateway.domain.audit import AuditAction
from gateway.domain.bounds import find_document_excess
from gateway.domain.calendar import instants
from gateway.domain.documents import find_changed_paths, mark_created, mark_updated
from gateway.domain.enums import Outcome, Permission, Provider, UseCaseKey
from gateway.domain.ids import new_id, new_logical_id
from gateway.domain.use_case_groups import (
    SHARED_COLUMNS,
    GroupColumns,
    GroupInput,
    ListedUseCase,
    apply_group,
    build_group_columns,
    new_use_case_document,
    trim_link,
)
from gateway.domain.use_cases import UseCaseColumns, read_use_case_columns
from gateway.domain.viewer import Viewer
from gateway.errors import ProblemList, Refused
from gateway.services import audit
from gateway.services.access import require_permissions
from gateway.services.use_case_groups.checks import check_group
from gateway.services.use_case_groups.locate import choose_slug, find_group, lock_target_integration

_CREATED_COLUMNS = (*UseCase.__table__.columns.keys(),)
_UPDATED_COLUMNS = ("team_id", "id", "group_id", "version", "document", *UseCaseColumns.__annotations__)
"""The columns that an update of a use case writes."""


@dataclass(frozen=True, slots=True)
class UpsertedUseCase:
    """A use case after the upsert. `changed_paths` are those of its document; empty for a new use case."""

    use_case: UseCase
    outcome: Outcome
    changed_paths: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class UpsertedGroup:
    """A group after the upsert: the listed use cases in the order of the input, then other changed ones."""

    group: UseCaseGroup
    outcome: Outcome
    use_cases: Sequence[UpsertedUseCase]


async def upsert_group(
    writer: Writer,
    viewer: Viewer,
    provider: Provider,
    input: GroupInput,
    integration_id: str | None = None,
) -> UpsertedGroup:
    """Create or update a group of the team's integration at a provider, with the listed use cases.

    A CONFLICT of slugs has the row of the other group as `conflicting_group`.

    If exactly one use case of a listed key has no group, because an import brought it, the group adopts it. Other
    use cases of the group get the shared columns that changed. Without a change, nothing is written. The viewer
    needs WRITE_INTEGRATIONS. Raises Refused: FORBIDDEN without it; else all problems that `check_group` adds, with
    those of `lock_target_integration`, `find_group` or `choose_slug`.
    """
    require_permissions(viewer, Permission.WRITE_INTEGRATIONS)
    problems = ProblemList()
    input = trim_link(input)
    check_group(input, problems)
    try:
        target_id = await lock_target_integration(writer, viewer, provider, input.group_id, integration_id)
        group = await find_group(writer, viewer, target_id, input)
        slug = await choose_slug(writer, viewer, target_id, group, input)
    except Refused as refusal:
        raise Refused([*problems, *refusal.problems], **refusal.related) from None
    problems.raise_if_any()
    shared = {} if group is None else get_values(group, *SHARED_COLUMNS)
    columns = build_group_columns(input, slug, shared)
    if group is None:
        return await _create_group(writer, viewer, target_id, columns, input.use_cases)
    return await _update_group(writer, viewer, group, columns, input.use_cases)


async def _create_group(
    writer: Writer,
    viewer: Viewer,
    integration_id: str,
    columns: GroupColumns,
    inputs: Sequence[ListedUseCase],
) -> UpsertedGroup:
    at = writer.as_of
    values = {
        "team_id": viewer.team_id,
        "id": new_id(),
        "integration_id": integration_id,
        "version": 1,
        "created_at": at,
        "created_by": viewer.user_id,
        "updated_at": at,
        "updated_by": viewer.user_id,
        **columns,
    }
    # The use cases have a foreign key to the group.
    group = await writer.insert_row(UseCaseGroup, values)
    rows = await _find_adoptable(writer, viewer, integration_id, {input.key for input in inputs})
    use_cases = _apply_inputs(viewer, group, columns, inputs, rows, at)
    _check_sizes(use_cases, {row.id: row for row in rows.values()})
    await _write_use_cases(writer, use_cases)
    await audit.record(writer, viewer, AuditAction.USE_CASE_GROUP_CREATE, f"use_case_group {group.id}")
    return UpsertedGroup(group, Outcome.CREATED, use_cases)


async def _update_group(
    writer: Writer,
    viewer: Viewer,
    group: UseCaseGroup,
    columns: GroupColumns,
    inputs: Sequence[ListedUseCase],
) -> UpsertedGroup:
    at = writer.as_of
    changed = {name: value for name, value in columns.items() if getattr(group, name) != value}
    listed = {use_case.key for use_case in inputs}
    stored = await writer.fetch_rows(sql.use_cases.select_by_groups(viewer, [group.id]))
    rows = {row.key: row for row in stored}
    rows |= await _find_adoptable(writer, viewer, group.integration_id, listed - rows.keys())
    results = _apply_inputs(viewer, group, columns, inputs, rows, at)
    _check_sizes(results, {row.id: row for row in rows.values()})
    changed_shared = SHARED_COLUMNS & changed.keys()
    others = [
        _apply_to_use_case(viewer, group, row, columns, changed_shared, None, at)
        for row in stored
        if row.key not in listed
    ]
    results += [result for result in others if result.outcome is not Outcome.UNCHANGED]
    if not changed and all(result.outcome is Outcome.UNCHANGED for result in results):
        return UpsertedGroup(group, Outcome.UNCHANGED, results)
    signed = {**changed, "version": group.version + 1, "updated_at": at, "updated_by": viewer.user_id}
    updated = await writer.update_row(UseCaseGroup, group, signed)
    await _write_use_cases(writer, results)
    changed_paths = [*sorted(changed), *_list_changed_paths(results)]
    await audit.record(
        writer, viewer, AuditAction.USE_CASE_GROUP_UPDATE, f"use_case_group {group.id}", changed_paths
    )
    return UpsertedGroup(updated, Outcome.UPDATED, results)


def _list_changed_paths(results: Sequence[UpsertedUseCase]) -> Iterator[str]:
    """Yield the changed paths of each use case for the audit log; for one that is new in the group, its id."""
    for result in results:
        path = f"use_cases.{result.use_case.id}"
        if result.outcome is not Outcome.UNCHANGED:
            yield from [f"{path}.{changed}" for changed in result.changed_paths] or [path]


async def _find_adoptable(
    writer: Writer, viewer: Viewer, integration_id: str, keys: Collection[UseCaseKey]
) -> dict[UseCaseKey | None, UseCase]:
    """Return the integration's use case of each of these keys that has no group, where there is exactly one.

    A group adopts it, so that an import and an upsert of the same reminder do not double it.
    """
    if not keys:
        return {}
    rows = await writer.fetch_rows(sql.use_cases.select_without_group(viewer, integration_id))
    counts = Counter(row.key for row in rows)
    return {row.key: row for row in rows if row.key in keys and counts[row.key] == 1}


def _apply_inputs(
    viewer: Viewer,
    group: UseCaseGroup,
    columns: GroupColumns,
    inputs: Sequence[ListedUseCase],
    rows: Mapping[UseCaseKey | None, UseCase],
    at: datetime,
) -> list[UpsertedUseCase]:
    """Return the listed use cases: changed ones of these rows, by key, and new ones."""
    return [
        _apply_to_use_case(viewer, group, rows[use_case.key], columns, SHARED_COLUMNS, use_case, at)
        if use_case.key in rows
        else _build_use_case(viewer, group, columns, use_case, at)
        for use_case in inputs
    ]


def _check_sizes(results: Sequence[UpsertedUseCase], stored: Mapping[str, UseCase]) -> None:
    """Raise Refused for each listed use case, in the order of the input, whose document is too large."""
    problems = ProblemList()
    for index, result in enumerate(results):
        row = stored.get(result.use_case.id)
        before = None if row is None else row.document
        problems.extend(find_document_excess(result.use_case.document, "input", "useCases", index, stored=before))
    problems.raise_if_any()


def _build_use_case(
    viewer: Viewer, group: UseCaseGroup, columns: GroupColumns, input: ListedUseCase, at: datetime
) -> UpsertedUseCase:
    """Return a new use case of a group. Its row is not yet inserted."""
    id, logical_id = new_id(), new_logical_id("use_case")
    document = apply_group(
        mark_created(
            new_use_case_document(logical_id, group.integration_id, group.name, input.key),
            id=id,
            team_id=viewer.team_id,
            user_id=viewer.user_id,
            at=at,
        ),
        columns,
        SHARED_COLUMNS,
        input,
        at,
    )
    values = {
        "team_id": viewer.team_id,
        "id": id,
        "integration_id": group.integration_id,
        "group_id": group.id,
        "version": 1,
        "document": document,
        **read_use_case_columns(document, logical_id, at),
    }
    return UpsertedUseCase(new_row(UseCase, values), Outcome.CREATED)


def _apply_to_use_case(
    viewer: Viewer,
    group: UseCaseGroup,
    row: UseCase,
    columns: GroupColumns,
    shared: Collection[str],
    input: ListedUseCase | None,
    at: datetime,
) -> UpsertedUseCase:
    """Return a stored use case in the group, with its columns in `shared`, and with the input unless it is None.

    Its row is not yet updated.
    """
    before, document = row.document, apply_group(row.document, columns, shared, input, at)
    if document == before and row.group_id == group.id:
        return UpsertedUseCase(row, Outcome.UNCHANGED)
    signed = mark_updated(document, user_id=viewer.user_id, at=at)
    derived = read_use_case_columns(signed, row.logical_id, instants.to_instant(row.created_at))
    changes = {"group_id": group.id, "document": signed, "version": row.version + 1, **derived}
    after = with_changes(UseCase, row, changes)
    return UpsertedUseCase(after, Outcome.UPDATED, [*find_changed_paths(before, document)])


async def _write_use_cases(writer: Writer, results: Sequence[UpsertedUseCase]) -> None:
    """Insert the created use cases and update the changed ones, with one call each."""
    created, updated = (
        [result.use_case for result in results if result.outcome is outcome]
        for outcome in (Outcome.CREATED, Outcome.UPDATED)
    )
    await writer.insert_rows(UseCase, [get_values(use_case, *_CREATED_COLUMNS) for use_case in created])
    await writer.update_rows(UseCase, [get_values(use_case, *_UPDATED_COLUMNS) for use_case in updated])
