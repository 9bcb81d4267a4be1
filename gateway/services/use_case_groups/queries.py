"""Use-case groups, as far as the viewer may see them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from gateway import sql
from gateway.database import Integration, Reader, UseCaseGroup
from gateway.domain.enums import Permission
from gateway.domain.paging import PageArguments
from gateway.domain.viewer import Viewer
from gateway.errors import not_found
from gateway.services import integrations
from gateway.services.access import RowKey, filter_own_ids, require_id, require_permissions


async def get_use_case_group(reader: Reader, viewer: Viewer, id: str) -> UseCaseGroup:
    """The group with this id.

    Raises Refused: FORBIDDEN without READ_INTEGRATIONS, INVALID for what is no id, NOT_FOUND for what does not
    exist or hangs below an integration that the viewer may not see.
    """
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    require_id(id, "a use-case group")
    found = await reader.fetch_rows(sql.use_case_groups.select_by_ids(viewer, [id]))
    if not found:
        raise not_found("There is no use-case group with this id.", "id")
    return found[0]


async def find_by_keys(reader: Reader, viewer: Viewer, keys: Sequence[RowKey]) -> Mapping[RowKey, UseCaseGroup]:
    """Those of these groups that the viewer may see."""
    if not viewer.has_permission(Permission.READ_INTEGRATIONS):
        return {}
    rows = await reader.fetch_rows(sql.use_case_groups.select_by_ids(viewer, filter_own_ids(viewer, keys)))
    return {(row.team_id, row.id): row for row in rows}


async def find_parent_groups(
    reader: Reader, viewer: Viewer, keys: Sequence[RowKey]
) -> Mapping[RowKey, UseCaseGroup]:
    """The groups that use cases were made in, for a viewer who may read and not only write."""
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    return await find_by_keys(reader, viewer, keys)


async def find_parent_integrations(
    reader: Reader, viewer: Viewer, keys: Sequence[RowKey]
) -> Mapping[RowKey, Integration]:
    """The integrations that groups and use cases hang below, for a viewer who may read and not only write."""
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    return await integrations.find_by_keys(reader, viewer, keys)


async def list_use_case_groups(
    reader: Reader, viewer: Viewer, keys: Sequence[RowKey], page: PageArguments
) -> Mapping[RowKey, list[UseCaseGroup]]:
    """The same page of the groups of each of these integrations, as `Slice.cut` takes it."""
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    found: dict[RowKey, list[UseCaseGroup]] = defaultdict(list)
    statement = sql.use_case_groups.select_use_case_groups(viewer, filter_own_ids(viewer, keys), page)
    for row in await reader.fetch_rows(statement, "integration_id"):
        found[row.team_id, row.integration_id].append(row)
    return found


async def count_use_case_groups(reader: Reader, viewer: Viewer, keys: Sequence[RowKey]) -> Mapping[RowKey, int]:
    """How many groups each of these integrations has, for those that have any."""
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    rows = await reader.fetch_tuples(sql.use_case_groups.select_counts(viewer, filter_own_ids(viewer, keys)))
    return {(viewer.team_id, id): count for id, count in rows}
