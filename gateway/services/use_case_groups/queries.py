"""Read use-case groups. A viewer sees those of the team's integrations, except personal ones of other users."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from gateway import sql
from gateway.database import Reader, UseCaseGroup
from gateway.domain.enums import Permission
from gateway.domain.paging import PageArguments
from gateway.domain.use_case_groups import is_slug
from gateway.domain.viewer import Viewer
from gateway.errors import invalid_input, not_found
from gateway.services.access import RowKey, filter_own_ids, require_id, require_permissions
from gateway.services.use_case_groups.checks import SLUG_RULE


async def get_use_case_group(reader: Reader, viewer: Viewer, id: str) -> UseCaseGroup:
    """Return the group with this id.

    The viewer needs READ_INTEGRATIONS. Raises Refused: FORBIDDEN without it, INVALID for an impossible id,
    NOT_FOUND if the group does not exist or the viewer may not see its integration.
    """
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    require_id(id, "a use-case group")
    rows = await reader.fetch_rows(sql.use_case_groups.select_by_ids(viewer, [id]))
    if not rows:
        raise not_found("There is no use-case group with this id.", "id")
    return rows[0]


async def get_use_case_group_by_slug(
    reader: Reader, viewer: Viewer, integration_id: str, slug: str
) -> UseCaseGroup:
    """Return the group of an integration with this slug.

    The viewer needs READ_INTEGRATIONS. Raises Refused: FORBIDDEN without it, INVALID for an impossible id or slug,
    NOT_FOUND if the integration has no such group or the viewer may not see it.
    """
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    require_id(integration_id, "an integration", "integrationId")
    if not is_slug(slug):
        raise invalid_input(SLUG_RULE, "slug")
    rows = await reader.fetch_rows(sql.use_case_groups.select_by_slug(viewer, integration_id, slug))
    if not rows:
        raise not_found("The integration has no use-case group with this slug.", "slug")
    return rows[0]


async def find_by_keys(reader: Reader, viewer: Viewer, keys: Sequence[RowKey]) -> Mapping[RowKey, UseCaseGroup]:
    """Return the groups with these keys that the viewer may see; none without READ_INTEGRATIONS."""
    if not viewer.has_permission(Permission.READ_INTEGRATIONS):
        return {}
    rows = await reader.fetch_rows(sql.use_case_groups.select_by_ids(viewer, filter_own_ids(viewer, keys)))
    return {(row.team_id, row.id): row for row in rows}


async def find_parent_groups(
    reader: Reader, viewer: Viewer, keys: Sequence[RowKey]
) -> Mapping[RowKey, UseCaseGroup]:
    """Return the groups of use cases. Raises Refused (FORBIDDEN) without READ_INTEGRATIONS."""
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    return await find_by_keys(reader, viewer, keys)


async def list_use_case_groups(
    reader: Reader, viewer: Viewer, keys: Sequence[RowKey], page: PageArguments
) -> Mapping[RowKey, list[UseCaseGroup]]:
    """Return the same page of the groups of each integration; integrations without groups are missing.

    Raises Refused (FORBIDDEN) without READ_INTEGRATIONS.
    """
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    groups: dict[RowKey, list[UseCaseGroup]] = defaultdict(list)
    statement = sql.use_case_groups.select_use_case_groups(viewer, filter_own_ids(viewer, keys), page)
    for row in await reader.fetch_rows(statement, "integration_id"):
        groups[row.team_id, row.integration_id].append(row)
    return groups


async def count_use_case_groups(reader: Reader, viewer: Viewer, keys: Sequence[RowKey]) -> Mapping[RowKey, int]:
    """Return the number of groups of each integration; integrations without groups are missing.

    Raises Refused (FORBIDDEN) without READ_INTEGRATIONS.
    """
    require_permissions(viewer, Permission.READ_INTEGRATIONS)
    rows = await reader.fetch_tuples(sql.use_case_groups.select_counts(viewer, filter_own_ids(viewer, keys)))
    return {(viewer.team_id, id): count for id, count in rows}
