"""Creating or updating a group together with the use cases listed under it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gateway import sql
from gateway.database.rows import revised, values
from gateway.database.tables import UseCase, UseCaseGroup
from gateway.database.writing import WriteSession
from gateway.domain.calendar import instants
from gateway.domain.documents.audit_fields import changed_paths, created, touched
from gateway.domain.enums import ErrorCode, Outcome, Permission, Provider
from gateway.domain.ids import is_id, new_id, new_logical_id
from gateway.domain.schedules import parse_wall_time
from gateway.domain.use_case_groups import (
    SHARED,
    GroupColumns,
    GroupInput,
    Shared,
    UseCaseInput,
    applied,
    first_document,
    free_slug,
    slug_of,
)
from gateway.domain.use_cases import UseCaseColumns, use_case_columns
from gateway.domain.viewer import Viewer
from gateway.errors import Problems, Refused, invalid, not_found, refused
from gateway.services.access import require
from gateway.services.integrations import expect, hold, is_held
from gateway.services.use_case_groups.checks import check_group

_SLUG_BEGINNING = 40
"""Characters that a slug shares with each of its numbered forms."""

_DERIVED = ("team_id", "id", "version", "document", *UseCaseColumns.__annotations__)
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


async def upsert(
    session: WriteSession,
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
    require(viewer, Permission.WRITE_INTEGRATIONS)
    problems = Problems()
    check_group(input, problems)
    try:
        home = await _home(session, viewer, provider, input.group_id, integration_id)
        group = await _group(session, viewer, home, input)
        slug = await _slug(session, viewer, home, group, input)
    except Refused as refusal:
        raise Refused([*problems, *refusal.problems]) from None
    problems.raise_if_any()
    columns = _columns(input, slug, group)
    if group is None:
        return await _create(session, viewer, home, columns, input.use_cases)
    return await _update(session, viewer, group, columns, input.use_cases)


async def _home(
    session: WriteSession, viewer: Viewer, provider: Provider, group_id: str | None, integration_id: str | None
) -> str:
    """The integration at a provider that is meant, held.

    That which is named, else the only one, else that which holds the group, else the only active one.
    """
    if integration_id is not None and await is_held(session, viewer, integration_id, provider):
        return integration_id
    home = await _meant(session, viewer, provider, group_id, integration_id)
    await hold(session, viewer, home, "provider")
    return home


async def _meant(
    session: WriteSession, viewer: Viewer, provider: Provider, group_id: str | None, integration_id: str | None
) -> str:
    homes = await session.tuples(sql.use_case_groups.homes(viewer, provider, group_id))
    if not homes:
        raise not_found(f"The team has no integration at {provider.name}: connect the provider first.", "provider")
    if integration_id is not None:
        if not is_id(integration_id):
            raise invalid("`integrationId` must have 1 to 64 visible ASCII characters.", "integrationId")
        if all(id != integration_id for id, _, _ in homes):
            raise not_found(f"There is no integration at {provider.name} with this id.", "integrationId")
        return integration_id
    every = [id for id, _, _ in homes]
    holding = [id for id, _, holds in homes if holds]
    active = [id for id, is_active, _ in homes if is_active]
    for meant in (every, holding, active):
        if len(meant) == 1:
            return meant[0]
    raise refused(
        ErrorCode.CONFLICT,
        f"The team has {len(every)} integrations at {provider.name}: say which one by `integrationId`.",
        "integrationId",
    )


async def _group(
    session: WriteSession, viewer: Viewer, integration_id: str, input: GroupInput
) -> UseCaseGroup | None:
    """The group to be updated, at the version that was expected; None when one is to be created."""
    if input.group_id is None:
        return None
    if not is_id(input.group_id):
        raise invalid("`groupId` must have 1 to 64 visible ASCII characters.", "input", "groupId")
    rows = await session.rows(sql.use_case_groups.by_ids(viewer, [input.group_id]))
    found = rows[0] if rows and rows[0].integration_id == integration_id else None
    if found is None:
        raise not_found(
            "There is no use-case group with this id; leave out `groupId` to create one.", "input", "groupId"
        )
    expect(found.version, input.expected_version, "input", "expectedVersion")
    return found


async def _slug(
    session: WriteSession, viewer: Viewer, integration_id: str, group: UseCaseGroup | None, input: GroupInput
) -> str:
    """The slug given, else the group's own, else a free one made of the name."""
    given = input.given.get("slug")
    if group is not None and (given == group.slug or "slug" not in input.given):
        return group.slug
    slug = slug_of(input.name) if given is None else given
    rows = await session.tuples(sql.use_case_groups.slugs(viewer, integration_id, slug[:_SLUG_BEGINNING]))
    taken = {slug: id for slug, id in rows if group is None or id != group.id}
    if given is None:
        return free_slug(slug, taken)
    if slug in taken:
        raise refused(
            ErrorCode.CONFLICT,
            f"The group {taken[slug]} has this slug: give its `groupId` to update it, or another slug.",
            "input",
            "slug",
        )
    return slug


def _columns(input: GroupInput, slug: str, group: UseCaseGroup | None) -> GroupColumns:
    """What the group is to hold: absent keeps, null clears."""
    given, start_time = input.given, input.given.get("start_time")

    def of(name: Literal["sheet_link", "assistant_id", "timezone"]) -> str | None:
        if name in given:
            return given[name]
        return None if group is None else getattr(group, name)

    kept = None if group is None or "start_time" in given else group.start_time
    return GroupColumns(
        name=input.name,
        slug=slug,
        sheet_link=of("sheet_link"),
        assistant_id=of("assistant_id"),
        timezone=of("timezone"),
        start_time=kept if start_time is None else parse_wall_time(start_time),
    )


async def _create(
    session: WriteSession,
    viewer: Viewer,
    integration_id: str,
    columns: GroupColumns,
    listed: Sequence[UseCaseInput],
) -> UpsertedGroup:
    at = session.as_of
    group = UseCaseGroup(
        team_id=viewer.team_id,
        id=new_id(),
        integration_id=integration_id,
        version=1,
        created_at=at,
        created_by=viewer.user_id,
        updated_at=at,
        updated_by=viewer.user_id,
        **columns,
    )
    made = [_made(viewer, group, columns, asked, at) for asked in listed]
    # Before its use cases, which refer to it.
    await session.insert(UseCaseGroup, [values(group)])
    await _write(session, made)
    return UpsertedGroup(group, Outcome.CREATED, made)


async def _update(
    session: WriteSession,
    viewer: Viewer,
    group: UseCaseGroup,
    columns: GroupColumns,
    listed: Sequence[UseCaseInput],
) -> UpsertedGroup:
    at = session.as_of
    changed = {name: value for name, value in columns.items() if getattr(group, name) != value}
    asked = {use_case.key: use_case for use_case in listed}
    stored = await session.rows(sql.use_cases.of_groups(viewer, [group.id]))
    rows = {row.key: row for row in stored}
    results = [
        _reached(viewer, rows[key], columns, SHARED, use_case, at)
        if key in rows
        else _made(viewer, group, columns, use_case, at)
        for key, use_case in asked.items()
    ]
    reached = SHARED & changed.keys()
    others = [_reached(viewer, row, columns, reached, None, at) for row in stored if row.key not in asked]
    results += [result for result in others if result.outcome is not Outcome.UNCHANGED]
    if not changed and all(result.outcome is Outcome.UNCHANGED for result in results):
        return UpsertedGroup(group, Outcome.UNCHANGED, results)
    signed = {**changed, "version": group.version + 1, "updated_at": at, "updated_by": viewer.user_id}
    await session.update(UseCaseGroup, [{"team_id": group.team_id, "id": group.id, **signed}])
    await _write(session, results)
    return UpsertedGroup(revised(UseCaseGroup, group, signed), Outcome.UPDATED, results)


def _made(
    viewer: Viewer, group: UseCaseGroup, columns: GroupColumns, asked: UseCaseInput, at: datetime
) -> UpsertedUseCase:
    """A new use case of a group."""
    id, logical_id = new_id(), new_logical_id("use_case")
    document = applied(
        created(
            first_document(logical_id, group.integration_id, group.name, asked.key),
            id=id,
            team_id=viewer.team_id,
            user_id=viewer.user_id,
            at=at,
        ),
        columns,
        SHARED,
        asked,
        at,
    )
    row = UseCase(
        team_id=viewer.team_id,
        id=id,
        integration_id=group.integration_id,
        group_id=group.id,
        key=asked.key,
        version=1,
    )
    row.hold(document, use_case_columns(document, logical_id, at))
    return UpsertedUseCase(row, Outcome.CREATED)


def _reached(
    viewer: Viewer,
    row: UseCase,
    columns: GroupColumns,
    reached: Collection[Shared],
    asked: UseCaseInput | None,
    at: datetime,
) -> UpsertedUseCase:
    """A use case that was there, after what its group and the input say."""
    before, document = row.document, applied(row.document, columns, reached, asked, at)
    if document == before:
        return UpsertedUseCase(row, Outcome.UNCHANGED)
    signed = touched(document, user_id=viewer.user_id, at=at)
    derived = use_case_columns(signed, row.logical_id, instants.of(row.created_at))
    after = revised(UseCase, row, {"document": signed, "version": row.version + 1, **derived})
    return UpsertedUseCase(after, Outcome.UPDATED, [*changed_paths(before, document)])


async def _write(session: WriteSession, results: Sequence[UpsertedUseCase]) -> None:
    """Write what was created or updated, in one statement each."""
    created, updated = (
        [result.use_case for result in results if result.outcome is outcome]
        for outcome in (Outcome.CREATED, Outcome.UPDATED)
    )
    await session.insert(UseCase, [values(use_case) for use_case in created])
    await session.update(UseCase, [values(use_case, *_DERIVED) for use_case in updated])
