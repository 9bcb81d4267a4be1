"""Use-case groups, as far as the viewer may see them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from gateway import sql
from gateway.database.reading import Reader
from gateway.database.tables import Integration, UseCaseGroup
from gateway.domain.enums import Permission
from gateway.domain.paging import Page
from gateway.domain.viewer import Viewer
from gateway.errors import not_found
from gateway.services import integrations
from gateway.services.access import Key, own_ids, require, require_id


async def get(session: Reader, viewer: Viewer, id: str) -> UseCaseGroup:
    """The group with this id.

    Raises Refused: FORBIDDEN without READ_INTEGRATIONS, INVALID for what is no id, NOT_FOUND for what does not
    exist or hangs below an integration that the viewer may not see.
    """
    require(viewer, Permission.READ_INTEGRATIONS)
    require_id(id, "a use-case group")
    found = await session.rows(sql.use_case_groups.by_ids(viewer, [id]))
    if not found:
        raise not_found("There is no use-case group with this id.", "id")
    return found[0]


async def by_keys(session: Reader, viewer: Viewer, keys: Sequence[Key]) -> Mapping[Key, UseCaseGroup]:
    """Those of these groups that the viewer may see."""
    if not viewer.may(Permission.READ_INTEGRATIONS):
        return {}
    rows = await session.rows(sql.use_case_groups.by_ids(viewer, own_ids(viewer, keys)))
    return {(row.team_id, row.id): row for row in rows}


async def above(session: Reader, viewer: Viewer, keys: Sequence[Key]) -> Mapping[Key, UseCaseGroup]:
    """The groups that use cases were made in, for a viewer who may read and not only write."""
    require(viewer, Permission.READ_INTEGRATIONS)
    return await by_keys(session, viewer, keys)


async def integrations_above(session: Reader, viewer: Viewer, keys: Sequence[Key]) -> Mapping[Key, Integration]:
    """The integrations that groups and use cases hang below, for a viewer who may read and not only write."""
    require(viewer, Permission.READ_INTEGRATIONS)
    return await integrations.by_keys(session, viewer, keys)


async def listed(
    session: Reader, viewer: Viewer, keys: Sequence[Key], page: Page
) -> Mapping[Key, list[UseCaseGroup]]:
    """The same page of the groups of each of these integrations, as `Slice.cut` takes it."""
    require(viewer, Permission.READ_INTEGRATIONS)
    found: dict[Key, list[UseCaseGroup]] = defaultdict(list)
    statement = sql.use_case_groups.listed(viewer, own_ids(viewer, keys), page)
    for row in await session.rows(statement, "integration_id"):
        found[row.team_id, row.integration_id].append(row)
    return found


async def counts(session: Reader, viewer: Viewer, keys: Sequence[Key]) -> Mapping[Key, int]:
    """How many groups each of these integrations has, for those that have any."""
    require(viewer, Permission.READ_INTEGRATIONS)
    rows = await session.tuples(sql.use_case_groups.counts(viewer, own_ids(viewer, keys)))
    return {(viewer.team_id, id): count for id, count in rows}
