"""Use cases, as far as the viewer may see and change them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from gateway import sql
from gateway.database import Reader, UseCase, Writer, get_values
from gateway.domain.calendar import instants
from gateway.domain.documents import mark_updated
from gateway.domain.enums import Permission, Status, UseCaseType
from gateway.domain.paging import PageArguments
from gateway.domain.use_cases import UseCaseChanges, read_use_case_columns
from gateway.domain.viewer import Viewer
from gateway.errors import ProblemList, not_found
from gateway.services.access import RowKey, filter_own_ids, require_id, require_permissions
from gateway.services.integrations import check_version, lock_integration
from gateway.services.use_case_groups.checks import check_changes


async def get_use_case(reader: Reader, viewer: Viewer, id: str) -> UseCase:
    """The use case with this id.

    Raises Refused: FORBIDDEN without READ_INTEGRATIONS, INVALID for what is no id, NOT_FOUND for what does not
    exist or hangs below an integration that the viewer may not see.
    """
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    require_id(id, "a use case")
    found = await reader.fetch_rows(sql.use_cases.select_by_ids(viewer, [id]))
    if not found:
        raise not_found("There is no use case with this id.", "id")
    return found[0]


async def _read_use_case(writer: Writer, viewer: Viewer, id: str) -> UseCase:
    require_id(id, "a use case")
    found = await writer.fetch_rows(sql.use_cases.select_by_ids(viewer, [id]))
    if not found:
        raise not_found("There is no use case with this id.", "id")
    return found[0]


async def find_by_keys(reader: Reader, viewer: Viewer, keys: Sequence[RowKey]) -> Mapping[RowKey, UseCase]:
    """Those of these use cases that the viewer may see."""
    if not viewer.has_permission(Permission.READ_INTEGRATIONS):
        return {}
    rows = await reader.fetch_rows(sql.use_cases.select_by_ids(viewer, filter_own_ids(viewer, keys)))
    return {(row.team_id, row.id): row for row in rows}


async def list_use_cases(
    reader: Reader,
    viewer: Viewer,
    keys: Sequence[RowKey],
    page: PageArguments,
    status: Status | None,
    type: UseCaseType | None,
) -> Mapping[RowKey, list[UseCase]]:
    """The same page of the use cases of each of these integrations, as `Slice.cut` takes it."""
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    found: dict[RowKey, list[UseCase]] = defaultdict(list)
    statement = sql.use_cases.select_use_cases(viewer, filter_own_ids(viewer, keys), page, status, type)
    for row in await reader.fetch_rows(statement, "integration_id"):
        found[row.team_id, row.integration_id].append(row)
    return found


async def count_use_cases(
    reader: Reader,
    viewer: Viewer,
    keys: Sequence[RowKey],
    status: Status | None,
    type: UseCaseType | None,
) -> Mapping[RowKey, int]:
    """How many use cases each of these integrations has, for those that have any."""
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    rows = await reader.fetch_tuples(
        sql.use_cases.select_counts(viewer, filter_own_ids(viewer, keys), status, type)
    )
    return {(viewer.team_id, id): count for id, count in rows}


async def list_use_cases_of_groups(
    reader: Reader, viewer: Viewer, keys: Sequence[RowKey]
) -> Mapping[RowKey, list[UseCase]]:
    """All use cases of each of these groups, the oldest first."""
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    found: dict[RowKey, list[UseCase]] = defaultdict(list)
    for row in await reader.fetch_rows(
        sql.use_cases.select_by_groups(viewer, filter_own_ids(viewer, keys)), "group_id"
    ):
        if row.group_id is not None:
            found[row.team_id, row.group_id].append(row)
    return found


async def _lock_use_case(writer: Writer, viewer: Viewer, id: str, expected_version: int | None) -> UseCase:
    """A use case that nobody else changes until the transaction ends."""
    require_permissions(viewer, Permission.WRITE_INTEGRATIONS)
    found = await _read_use_case(writer, viewer, id)
    await lock_integration(writer, viewer, found.integration_id, "id")
    # Again: it may have changed, or gone, while we waited for our turn.
    found = await _read_use_case(writer, viewer, id)
    check_version(found.version, expected_version, "expectedVersion")
    return found


async def update_use_case(
    writer: Writer, viewer: Viewer, id: str, changes: UseCaseChanges, expected_version: int | None
) -> UseCase:
    """Change a use case; one that already is as asked is not written.

    Raises Refused: FORBIDDEN without WRITE_INTEGRATIONS, INVALID and NOT_FOUND as `get`, VERSION_CONFLICT, and
    whatever is wrong with the changes.
    """
    found = await _lock_use_case(writer, viewer, id, expected_version)
    problems = ProblemList()
    check_changes(changes, found.read_config(), problems)
    problems.raise_if_any()
    document = changes.apply(found.document)
    if document == found.document:
        return found
    document = mark_updated(document, user_id=viewer.user_id, at=writer.as_of)
    columns = read_use_case_columns(document, found.logical_id, instants.to_instant(found.created_at))
    return await writer.update_row(UseCase, found, {"document": document, "version": found.version + 1, **columns})


async def delete_use_case(writer: Writer, viewer: Viewer, id: str, expected_version: int | None) -> None:
    """Delete a use case with its actions."""
    found = await _lock_use_case(writer, viewer, id, expected_version)
    await writer.delete_rows(UseCase, [get_values(found, "team_id", "id")])
