"""Statements over use-case groups."""

from collections.abc import Sequence

from sqlalchemy import Select, exists, func, select, type_coerce

from gateway.database.prepared import query
from gateway.database.tables import Integration, UseCaseGroup
from gateway.domain.enums import Provider
from gateway.domain.paging import Page
from gateway.domain.text import LIKE_ESCAPE
from gateway.domain.viewer import Viewer
from gateway.sql import paging
from gateway.sql.integrations import own_connected
from gateway.sql.texts import Pattern, among
from gateway.sql.visibility import hangs_below_own

_COLUMNS: paging.Columns = {"created_at": UseCaseGroup.created_at, "id": UseCaseGroup.id}
_BEGINNING = Pattern("", "%")


@query
def by_ids(viewer: Viewer, ids: Sequence[str]) -> Select[UseCaseGroup]:
    """Those of these groups that the viewer may see."""
    return select(UseCaseGroup).where(among(UseCaseGroup.id, ids), hangs_below_own(viewer, UseCaseGroup))


@query
def listed(viewer: Viewer, integration_ids: Sequence[str], page: Page) -> Select[UseCaseGroup]:
    """The same page of the groups of each of these integrations."""
    statement = select(UseCaseGroup).where(
        among(UseCaseGroup.integration_id, integration_ids), hangs_below_own(viewer, UseCaseGroup)
    )
    return paging.paged_by_parent(
        statement, UseCaseGroup, UseCaseGroup.integration_id, integration_ids, _COLUMNS, page
    )


@query
def counts(viewer: Viewer, integration_ids: Sequence[str]) -> Select[str, int]:
    """How many groups each of these integrations has; none for one without."""
    return (
        select(UseCaseGroup.integration_id, func.count())
        .where(among(UseCaseGroup.integration_id, integration_ids), hangs_below_own(viewer, UseCaseGroup))
        .group_by(UseCaseGroup.integration_id)
    )


@query
def homes(viewer: Viewer, provider: Provider, group_id: str | None) -> Select[str, bool, bool]:
    """The team's integrations at a provider: id, whether it is active, and whether it holds that group."""
    holds = exists().where(
        UseCaseGroup.team_id == Integration.team_id,
        UseCaseGroup.integration_id == Integration.id,
        UseCaseGroup.id == group_id,
    )
    return (
        select(Integration.id, Integration.enabled, holds.label("holds"))
        .where(own_connected(viewer), Integration.provider == provider)
        .order_by(Integration.id)
    )


@query
def slugs(viewer: Viewer, integration_id: str, beginning: str) -> Select[str, str]:
    """The slugs of an integration's groups that begin so, and whose they are."""
    return select(UseCaseGroup.slug, UseCaseGroup.id).where(
        UseCaseGroup.team_id == viewer.team_id,
        UseCaseGroup.integration_id == integration_id,
        UseCaseGroup.slug.like(type_coerce(beginning, _BEGINNING), escape=LIKE_ESCAPE),
    )
