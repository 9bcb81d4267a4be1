"""Use cases. A viewer sees those of the team's integrations, except personal ones of other users."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from gateway import sql
from gateway.database import Reader, UseCase, Writer, get_values
from gateway.domain.audit import AuditAction
from gateway.domain.bounds import find_document_excess
from gateway.domain.calendar import instants
from gateway.domain.documents import find_changed_paths, mark_updated
from gateway.domain.enums import Permission, Status, UseCaseType
from gateway.domain.paging import PageArguments
from gateway.domain.use_cases import UseCaseChanges, read_use_case_columns
from gateway.domain.viewer import Viewer
from gateway.errors import ProblemList, not_found
from gateway.services import audit
from gateway.services.access import RowKey, filter_own_ids, require_id, require_permissions
from gateway.services.integrations import check_version, lock_integration
from gateway.services.use_case_groups.checks import check_changes


async def get_use_case(reader: Reader, viewer: Viewer, id: str) -> UseCase:
    """Return the use case with this id.

    The viewer needs READ_INTEGRATIONS. Raises Refused: FORBIDDEN without it, INVALID for an impossible id,
    NOT_FOUND if the use case does not exist or the viewer may not see its integration.
    """
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    return await _fetch_use_case(reader, viewer, id)


async def _fetch_use_case(reader: Reader, viewer: Viewer, id: str) -> UseCase:
    """Return the use case as `get_use_case` does, without a permission."""
    require_id(id, "a use case")
    rows = await reader.fetch_rows(sql.use_cases.select_by_ids(viewer, [id]))
    if not rows:
        raise not_found("There is no use case with this id.", "id")
    return rows[0]


async def find_by_keys(reader: Reader, viewer: Viewer, keys: Sequence[RowKey]) -> Mapping[RowKey, UseCase]:
    """Return the use cases with these keys that the viewer may see; none without READ_INTEGRATIONS."""
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
    """Return the same page of the use cases of each integration; integrations without any are missing.

    `status` and `type` filter the use cases; None matches all. Raises Refused (FORBIDDEN) without
    READ_INTEGRATIONS.
    """
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    use_cases: dict[RowKey, list[UseCase]] = defaultdict(list)
    statement = sql.use_cases.select_use_cases(viewer, filter_own_ids(viewer, keys), page, status, type)
    for row in await reader.fetch_rows(statement, "integration_id"):
        use_cases[row.team_id, row.integration_id].append(row)
    return use_cases


async def count_use_cases(
    reader: Reader,
    viewer: Viewer,
    keys: Sequence[RowKey],
    status: Status | None,
    type: UseCaseType | None,
) -> Mapping[RowKey, int]:
    """Return the number of use cases on all pages of `list_use_cases`; integrations without any are missing.

    Raises Refused (FORBIDDEN) without READ_INTEGRATIONS.
    """
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    rows = await reader.fetch_tuples(
        sql.use_cases.select_counts(viewer, filter_own_ids(viewer, keys), status, type)
    )
    return {(viewer.team_id, id): count for id, count in rows}


async def list_use_cases_of_groups(
    reader: Reader, viewer: Viewer, keys: Sequence[RowKey]
) -> Mapping[RowKey, list[UseCase]]:
    """Return all use cases of each group, the oldest first; groups without any are missing.

    Raises Refused (FORBIDDEN) without READ_INTEGRATIONS.
    """
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    use_cases: dict[RowKey, list[UseCase]] = defaultdict(list)
    for row in await reader.fetch_rows(
        sql.use_cases.select_by_groups(viewer, filter_own_ids(viewer, keys)), "group_id"
    ):
        if row.group_id is not None:
            use_cases[row.team_id, row.group_id].append(row)
    return use_cases


async def _lock_use_case(writer: Writer, viewer: Viewer, id: str, expected_version: int | None) -> UseCase:
    """Lock the integration of a use case until the transaction ends, and return the use case."""
    require_permissions(viewer, Permission.WRITE_INTEGRATIONS)
    use_case = await _fetch_use_case(writer, viewer, id)
    await lock_integration(writer, viewer, use_case.integration_id, "id")
    # Another transaction may have changed or deleted it before this one got the lock.
    use_case = await _fetch_use_case(writer, viewer, id)
    check_version(use_case.version, expected_version, "expectedVersion")
    return use_case


async def update_use_case(
    writer: Writer, viewer: Viewer, id: str, changes: UseCaseChanges, expected_version: int | None
) -> UseCase:
    """Update a use case, and return its row; without a change, write nothing.

    The viewer needs WRITE_INTEGRATIONS. Raises Refused: FORBIDDEN without it, INVALID and NOT_FOUND as
    `get_use_case`, VERSION_CONFLICT unless `expected_version` is None or current, and all problems of the changes.
    """
    use_case = await _lock_use_case(writer, viewer, id, expected_version)
    problems = ProblemList()
    check_changes(changes, use_case.read_config(), problems)
    problems.raise_if_any()
    document = changes.apply(use_case.document)
    problems.extend(find_document_excess(document, "input", stored=use_case.document))
    problems.raise_if_any()
    if document == use_case.document:
        return use_case
    changed_paths = find_changed_paths(use_case.document, document)
    await audit.record(writer, viewer, AuditAction.USE_CASE_UPDATE, f"use_case {id}", changed_paths)
    document = mark_updated(document, user_id=viewer.user_id, at=writer.as_of)
    columns = read_use_case_columns(document, use_case.logical_id, instants.to_instant(use_case.created_at))
    new_values = {"document": document, "version": use_case.version + 1, **columns}
    await writer.update_rows(UseCase, [{"team_id": use_case.team_id, "id": use_case.id, **new_values}])
    # Read again, for the next runs of schedules that the change made daily.
    return await _fetch_use_case(writer, viewer, id)


async def delete_use_case(writer: Writer, viewer: Viewer, id: str, expected_version: int | None) -> UseCase:
    """Delete a use case with its actions, and return its row.

    The viewer needs WRITE_INTEGRATIONS. Raises Refused: FORBIDDEN without it, INVALID and NOT_FOUND as
    `get_use_case`, VERSION_CONFLICT unless `expected_version` is None or current.
    """
    use_case = await _lock_use_case(writer, viewer, id, expected_version)
    await writer.delete_rows(UseCase, [get_values(use_case, "team_id", "id")])
    await audit.record(writer, viewer, AuditAction.USE_CASE_DELETE, f"use_case {id}")
    return use_case
