"""Statements over integrations of both worlds."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select

from gateway.domain.enums import IntegrationAccess, IntegrationKind, Permission
from gateway.domain.paging import Page
from gateway.domain.viewer import Viewer
from gateway.sql import paging
from gateway.tables import Integration, ResourceRecord, UseCase, UseCaseGroup

COLUMNS: paging.Columns = {
    "id": Integration.id,
    "team_id": Integration.team_id,
    "name_key": Integration.name_key,
    "username_key": Integration.username_key,
    "created_at": Integration.created_at,
    "updated_at": Integration.updated_at,
    "created_by": func.coalesce(Integration.created_by, ""),
}

_WEBHOOKS = (IntegrationKind.INCOMING_WEBHOOK, IntegrationKind.OUTGOING_WEBHOOK)


def own_connected(viewer: Viewer) -> ColumnElement[bool]:
    """Connected integrations of the viewer's team that the viewer may see: not another's personal ones."""
    return and_(
        Integration.team_id == viewer.team_id,
        Integration.kind == IntegrationKind.CONNECTED,
        or_(Integration.access != IntegrationAccess.PERSONAL, Integration.created_by == viewer.user_id),
    )


def hangs_below_own(
    viewer: Viewer, row: type[UseCaseGroup] | type[UseCase] | type[ResourceRecord]
) -> ColumnElement[bool]:
    """Rows of the viewer's team whose integration the viewer may see."""
    return and_(
        row.team_id == viewer.team_id,
        exists().where(
            Integration.team_id == row.team_id, Integration.id == row.integration_id, own_connected(viewer)
        ),
    )


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """Every integration that the viewer may see, of both worlds."""
    scopes: list[ColumnElement[bool]] = []
    if viewer.may(Permission.READ_INTEGRATIONS):
        scopes.append(own_connected(viewer))
        scopes.append(Integration.access == IntegrationAccess.SYSTEM)
    for kind in _WEBHOOKS:
        every = viewer.webhook_scope(kind)
        if every is not None:
            scope = and_(Integration.team_id == viewer.team_id, Integration.kind == kind)
            scopes.append(scope if every else and_(scope, Integration.created_by == viewer.user_id))
    return or_(false(), *scopes)


def by_ids(viewer: Viewer, keys: Sequence[tuple[str, str]]) -> Select[Integration]:
    """Those of these (team id, id) that the viewer may see."""
    teams = sorted({team for team, _ in keys})
    return select(Integration).where(
        Integration.team_id.in_(teams), Integration.id.in_(sorted({id for _, id in keys})), visible(viewer)
    )


def by_id(viewer: Viewer, id: str, created_by: str | None) -> Select[Integration]:
    """The one with this id that the viewer may see, the team's own before another team's."""
    statement = select(Integration).where(Integration.id == id, visible(viewer))
    if created_by:
        statement = statement.where(Integration.created_by == created_by)
    return statement.order_by((Integration.team_id == viewer.team_id).desc(), Integration.team_id).limit(1)


def locked_connected(viewer: Viewer, id: str) -> Select[Integration]:
    """The team's connected integration, held until the transaction ends.

    Whatever is written under an integration is written with its row held, so that writers take turns.
    """
    return (
        select(Integration)
        .where(Integration.id == id, own_connected(viewer))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def listed(viewer: Viewer, conditions: Sequence[ColumnElement[bool]], page: Page) -> Select[Integration]:
    """A page of those that the viewer may see and that meet the conditions."""
    return paging.paged(select(Integration).where(visible(viewer), *conditions), COLUMNS, page)


def count(viewer: Viewer, conditions: Sequence[ColumnElement[bool]]) -> Select[int]:
    """How many `listed` has over all pages."""
    return select(func.count()).select_from(Integration).where(visible(viewer), *conditions)
