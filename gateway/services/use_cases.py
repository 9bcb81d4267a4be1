"""Use cases, as far as the viewer may see and change them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from gateway import sql
from gateway.database.reading import Reader
from gateway.database.tables import UseCase
from gateway.database.writing import WriteSession
from gateway.domain.documents.audit_fields import touched
from gateway.domain.enums import Permission, Status, UseCaseType
from gateway.domain.paging import Page
from gateway.domain.use_cases import UseCaseChanges, use_case_columns
from gateway.domain.viewer import Viewer
from gateway.errors import Problems, not_found
from gateway.services.access import Key, own_ids, require, require_id
from gateway.services.integrations import expect, hold
from gateway.services.use_case_groups.checks import check_changes


async def get(session: Reader, viewer: Viewer, id: str) -> UseCase:
    """The use case with this id.

    Raises Refused: FORBIDDEN without READ_INTEGRATIONS, INVALID for what is no id, NOT_FOUND for what does not
    exist or hangs below an integration that the viewer may not see.
    """
    require(viewer, Permission.READ_INTEGRATIONS)
    require_id(id, "a use case")
    found = await session.rows(sql.use_cases.by_ids(viewer, [id]))
    if not found:
        raise not_found("There is no use case with this id.", "id")
    return found[0]


async def _find(session: WriteSession, viewer: Viewer, id: str) -> UseCase:
    require_id(id, "a use case")
    found = await session.scalar(sql.use_cases.by_ids(viewer, [id]).statement)
    if found is None:
        raise not_found("There is no use case with this id.", "id")
    return found


async def by_keys(session: Reader, viewer: Viewer, keys: Sequence[Key]) -> Mapping[Key, UseCase]:
    """Those of these use cases that the viewer may see."""
    if not viewer.may(Permission.READ_INTEGRATIONS):
        return {}
    rows = await session.rows(sql.use_cases.by_ids(viewer, own_ids(viewer, keys)))
    return {(row.team_id, row.id): row for row in rows}


async def listed(
    session: Reader,
    viewer: Viewer,
    keys: Sequence[Key],
    page: Page,
    status: Status | None,
    type: UseCaseType | None,
) -> Mapping[Key, list[UseCase]]:
    """The same page of the use cases of each of these integrations, as `Slice.cut` takes it."""
    require(viewer, Permission.READ_INTEGRATIONS)
    found: dict[Key, list[UseCase]] = defaultdict(list)
    statement = sql.use_cases.listed(viewer, own_ids(viewer, keys), page, status, type)
    for row in await session.rows(statement, "integration_id"):
        found[row.team_id, row.integration_id].append(row)
    return found


async def counts(
    session: Reader,
    viewer: Viewer,
    keys: Sequence[Key],
    status: Status | None,
    type: UseCaseType | None,
) -> Mapping[Key, int]:
    """How many use cases each of these integrations has, for those that have any."""
    require(viewer, Permission.READ_INTEGRATIONS)
    rows = await session.tuples(sql.use_cases.counts(viewer, own_ids(viewer, keys), status, type))
    return {(viewer.team_id, id): count for id, count in rows}


async def of_groups(session: Reader, viewer: Viewer, keys: Sequence[Key]) -> Mapping[Key, list[UseCase]]:
    """All use cases of each of these groups, the oldest first."""
    require(viewer, Permission.READ_INTEGRATIONS)
    found: dict[Key, list[UseCase]] = defaultdict(list)
    for row in await session.rows(sql.use_cases.of_groups(viewer, own_ids(viewer, keys)), "group_id"):
        if row.group_id is not None:
            found[row.team_id, row.group_id].append(row)
    return found


async def _hold(session: WriteSession, viewer: Viewer, id: str, expected_version: int | None) -> UseCase:
    """A use case that nobody else changes until the transaction ends."""
    require(viewer, Permission.WRITE_INTEGRATIONS)
    found = await _find(session, viewer, id)
    await hold(session, viewer, found.integration_id, "id")
    # Again: it may have changed, or gone, while we waited for our turn.
    found = await _find(session, viewer, id)
    expect(found.version, expected_version, "expectedVersion")
    return found


async def update(
    session: WriteSession, viewer: Viewer, id: str, changes: UseCaseChanges, expected_version: int | None
) -> UseCase:
    """Change a use case; one that already is as asked is not written.

    Raises Refused: FORBIDDEN without WRITE_INTEGRATIONS, INVALID and NOT_FOUND as `get`, VERSION_CONFLICT, and
    whatever is wrong with the changes.
    """
    found = await _hold(session, viewer, id, expected_version)
    problems = Problems()
    check_changes(changes, found.config(), problems)
    problems.raise_if_any()
    document = changes.applied(found.document)
    if document != found.document:
        document = touched(document, user_id=viewer.user_id, at=session.as_of)
        found.hold(document, use_case_columns(document, found.logical_id, found.created_at))
        found.version += 1
    return found


async def delete(session: WriteSession, viewer: Viewer, id: str, expected_version: int | None) -> None:
    """Delete a use case with its actions."""
    await session.delete(await _hold(session, viewer, id, expected_version))
