"""Creating or updating a group together with the use cases listed under it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway import sql
from gateway.database import UseCase, UseCaseGroup, Writer, get_values, new_row, with_changes
from gateway.domain.calendar import instants
from gateway.domain.documents import find_changed_paths, mark_created, mark_updated
from gateway.domain.enums import ErrorCode, Outcome, Permission, Provider
from gateway.domain.ids import is_id, new_id, new_logical_id
from gateway.domain.use_case_groups import (
    SHARED_COLUMNS,
    GroupColumns,
    GroupInput,
    ListedUseCase,
    apply_group,
    build_group_columns,
    find_free_slug,
    new_use_case_document,
    suggest_slug,
)
from gateway.domain.use_cases import UseCaseColumns, read_use_case_columns
from gateway.domain.viewer import Viewer
from gateway.errors import ProblemList, Refused, invalid_input, not_found, refusal
from gateway.services.access import require_permissions
from gateway.services.integrations import check_version, lock_integration, try_lock_integration
from gateway.services.use_case_groups.checks import check_group

_SLUG_PREFIX_LENGTH = 40
"""Characters that a slug shares with each of its numbered forms."""

_CREATED_COLUMNS = (*UseCase.__table__.columns.keys(),)
_UPDATED_COLUMNS = ("team_id", "id", "version", "document", *UseCaseColumns.__annotations__)
"""What is written of a use case that has another document."""


@dataclass(frozen=True, slots=True)
class UpsertedUseCase:
    """A use case after the upsert, and where its document was changed."""

    use_case: UseCase
    outcome: Outcome
    changed_paths: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class UpsertedGroup:
    """A group after the upsert; the use cases listed, in that order, then others that it changed."""

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
    """Create or update a group at the team's integration of a provider, with the use cases listed, or nothing.

    Raises Refused with all that is wrong: FORBIDDEN without WRITE_INTEGRATIONS; NOT_FOUND for a provider that is
    not connected, an integration or a group that is not there; CONFLICT when it is not clear which integration
    is meant or the slug is taken; VERSION_CONFLICT; and whatever is wrong with the input.
    """
    require_permissions(viewer, Permission.WRITE_INTEGRATIONS)
    problems = ProblemList()
    check_group(input, problems)
    try:
        target_id = await _lock_target_integration(writer, viewer, provider, input.group_id, integration_id)
        group = await _find_group(writer, viewer, target_id, input)
        slug = await _choose_slug(writer, viewer, target_id, group, input)
    except Refused as refusal:
        raise Refused([*problems, *refusal.problems]) from None
    problems.raise_if_any()
    shared = {} if group is None else get_values(group, *SHARED_COLUMNS)
    columns = build_group_columns(input, slug, shared)
    if group is None:
        return await _create_group(writer, viewer, target_id, columns, input.use_cases)
    return await _update_group(writer, viewer, group, columns, input.use_cases)


async def _lock_target_integration(
    writer: Writer, viewer: Viewer, provider: Provider, group_id: str | None, integration_id: str | None
) -> str:
    """The integration at a provider that is meant, held.

    That which is named, else the only one, else that which holds the group, else the only active one.
    """
    if integration_id is not None and await try_lock_integration(writer, viewer, integration_id, provider):
        return integration_id
    target_id = await _choose_integration(writer, viewer, provider, group_id, integration_id)
    await lock_integration(writer, viewer, target_id, "provider")
    return target_id


async def _choose_integration(
    writer: Writer, viewer: Viewer, provider: Provider, group_id: str | None, integration_id: str | None
) -> str:
    candidates = await writer.fetch_tuples(
        sql.use_case_groups.select_candidate_integrations(viewer, provider, group_id)
    )
    if not candidates:
        raise not_found(f"The team has no integration at {provider.name}: connect the provider first.", "provider")
    if integration_id is not None:
        if not is_id(integration_id):
            raise invalid_input("`integrationId` must have 1 to 64 visible ASCII characters.", "integrationId")
        if all(id != integration_id for id, _, _ in candidates):
            raise not_found(f"There is no integration at {provider.name} with this id.", "integrationId")
        return integration_id
    all_ids = [id for id, _, _ in candidates]
    ids_with_group = [id for id, _, holds in candidates if holds]
    active_ids = [id for id, is_active, _ in candidates if is_active]
    for meant in (all_ids, ids_with_group, active_ids):
        if len(meant) == 1:
            return meant[0]
    raise refusal(
        ErrorCode.CONFLICT,
        f"The team has {len(all_ids)} integrations at {provider.name}: say which one by `integrationId`.",
        "integrationId",
    )


async def _find_group(
    writer: Writer, viewer: Viewer, integration_id: str, input: GroupInput
) -> UseCaseGroup | None:
    """The group to be updated, at the version that was expected; None when one is to be created."""
    if input.group_id is None:
        return None
    if not is_id(input.group_id):
        raise invalid_input("`groupId` must have 1 to 64 visible ASCII characters.", "input", "groupId")
    rows = await writer.fetch_rows(sql.use_case_groups.select_by_ids(viewer, [input.group_id]))
    found = rows[0] if rows and rows[0].integration_id == integration_id else None
    if found is None:
        raise not_found(
            "There is no use-case group with this id; leave out `groupId` to create one.", "input", "groupId"
        )
    check_version(found.version, input.expected_version, "input", "expectedVersion")
    return found


async def _choose_slug(
    writer: Writer, viewer: Viewer, integration_id: str, group: UseCaseGroup | None, input: GroupInput
) -> str:
    """The slug given, else the group's own, else a free one made of the name."""
    slug_input = input.fields.get("slug")
    if group is not None and (slug_input == group.slug or "slug" not in input.fields):
        return group.slug
    slug = suggest_slug(input.name) if slug_input is None else slug_input
    rows = await writer.fetch_tuples(
        sql.use_case_groups.select_slugs(viewer, integration_id, slug[:_SLUG_PREFIX_LENGTH])
    )
    taken = {slug: id for slug, id in rows if group is None or id != group.id}
    if slug_input is None:
        return find_free_slug(slug, taken)
    if slug in taken:
        raise refusal(
            ErrorCode.CONFLICT,
            f"The group {taken[slug]} has this slug: give its `groupId` to update it, or another slug.",
            "input",
            "slug",
        )
    return slug


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
    # Before its use cases, which refer to it.
    group = await writer.insert_row(UseCaseGroup, values)
    use_cases = [_build_use_case(viewer, group, columns, asked, at) for asked in inputs]
    await _write_use_cases(writer, use_cases)
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
    inputs_by_key = {use_case.key: use_case for use_case in inputs}
    stored = await writer.fetch_rows(sql.use_cases.select_by_groups(viewer, [group.id]))
    rows = {row.key: row for row in stored}
    results = [
        _apply_to_use_case(viewer, rows[key], columns, SHARED_COLUMNS, use_case, at)
        if key in rows
        else _build_use_case(viewer, group, columns, use_case, at)
        for key, use_case in inputs_by_key.items()
    ]
    changed_shared = SHARED_COLUMNS & changed.keys()
    others = [
        _apply_to_use_case(viewer, row, columns, changed_shared, None, at)
        for row in stored
        if row.key not in inputs_by_key
    ]
    results += [result for result in others if result.outcome is not Outcome.UNCHANGED]
    if not changed and all(result.outcome is Outcome.UNCHANGED for result in results):
        return UpsertedGroup(group, Outcome.UNCHANGED, results)
    signed = {**changed, "version": group.version + 1, "updated_at": at, "updated_by": viewer.user_id}
    updated = await writer.update_row(UseCaseGroup, group, signed)
    await _write_use_cases(writer, results)
    return UpsertedGroup(updated, Outcome.UPDATED, results)


def _build_use_case(
    viewer: Viewer, group: UseCaseGroup, columns: GroupColumns, input: ListedUseCase, at: datetime
) -> UpsertedUseCase:
    """A new use case of a group."""
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
        "key": input.key,
        "version": 1,
        "document": document,
        **read_use_case_columns(document, logical_id, at),
    }
    return UpsertedUseCase(new_row(UseCase, values), Outcome.CREATED)


def _apply_to_use_case(
    viewer: Viewer,
    row: UseCase,
    columns: GroupColumns,
    shared: Collection[str],
    input: ListedUseCase | None,
    at: datetime,
) -> UpsertedUseCase:
    """A use case that was there, after what its group and the input say."""
    before, document = row.document, apply_group(row.document, columns, shared, input, at)
    if document == before:
        return UpsertedUseCase(row, Outcome.UNCHANGED)
    signed = mark_updated(document, user_id=viewer.user_id, at=at)
    derived = read_use_case_columns(signed, row.logical_id, instants.to_instant(row.created_at))
    after = with_changes(UseCase, row, {"document": signed, "version": row.version + 1, **derived})
    return UpsertedUseCase(after, Outcome.UPDATED, [*find_changed_paths(before, document)])


async def _write_use_cases(writer: Writer, results: Sequence[UpsertedUseCase]) -> None:
    """Write what was created or updated, in one statement each."""
    created, updated = (
        [result.use_case for result in results if result.outcome is outcome]
        for outcome in (Outcome.CREATED, Outcome.UPDATED)
    )
    await writer.insert_rows(UseCase, [get_values(use_case, *_CREATED_COLUMNS) for use_case in created])
    await writer.update_rows(UseCase, [get_values(use_case, *_UPDATED_COLUMNS) for use_case in updated])
