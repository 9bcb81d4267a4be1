"""Statements over integrations of both worlds."""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, or_, select

from gateway.database.prepared import query
from gateway.database.tables import Integration
from gateway.domain.enums import IntegrationAccess, IntegrationKind, Permission, Provider
from gateway.domain.integration_filters import IntegrationFilter
from gateway.domain.paging import Page
from gateway.domain.viewer import Viewer
from gateway.domain.webhooks import KINDS
from gateway.sql import integration_filters, paging
from gateway.sql.texts import among

COLUMNS: paging.Columns = {
    "id": Integration.id,
    "team_id": Integration.team_id,
    "name_key": Integration.name_key,
    "username_key": Integration.username_key,
    "created_at": Integration.created_at,
    "updated_at": Integration.updated_at,
    "created_by": func.coalesce(Integration.created_by, ""),
}

_SYSTEM = literal(IntegrationAccess.SYSTEM, Integration.access.type, literal_execute=True)
"""In the statement itself: for a parameter SQLite would not use the index of these few rows."""


def own_connected(viewer: Viewer) -> ColumnElement[bool]:
    """Connected integrations of the viewer's team that the viewer may see: not another's personal ones."""
    return and_(Integration.team_id == viewer.team_id, _connected(viewer))


def _connected(viewer: Viewer) -> ColumnElement[bool]:
    return and_(
        Integration.kind == IntegrationKind.CONNECTED,
        or_(Integration.access != IntegrationAccess.PERSONAL, Integration.created_by == viewer.user_id),
    )


def _webhooks(viewer: Viewer) -> Iterator[ColumnElement[bool]]:
    """For each kind of webhook that the viewer has a right to, those which it reaches."""
    for kind in KINDS:
        every = viewer.webhook_scope(kind)
        if every is not None:
            scope = Integration.kind == kind
            yield scope if every else and_(scope, Integration.created_by == viewer.user_id)


def own(viewer: Viewer, *permissions: Permission) -> ColumnElement[bool]:
    """Those of the viewer's team: webhooks within reach, and connected ones given one of the permissions."""
    scopes = [_connected(viewer)] if any(map(viewer.may, permissions)) else []
    return and_(Integration.team_id == viewer.team_id, or_(false(), *scopes, *_webhooks(viewer)))


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """Every integration that the viewer may see, of both worlds."""
    if viewer.is_for_widgets:
        return own_connected(viewer)
    found = own(viewer, Permission.READ_INTEGRATIONS)
    if not viewer.may(Permission.READ_INTEGRATIONS):
        return found
    # Every id is: a beginning, without which SQLite would not search the index of these few rows.
    return or_(found, and_(Integration.access == _SYSTEM, Integration.id > ""))


@query
def by_ids(viewer: Viewer, teams: Sequence[str], ids: Sequence[str]) -> Select[Integration]:
    """Those of these teams with these ids that the viewer may see."""
    return select(Integration).where(
        among(Integration.team_id, teams), among(Integration.id, ids), visible(viewer)
    )


@query
def by_id(viewer: Viewer, id: str, created_by: str | None) -> Select[Integration]:
    """The one with this id that the viewer may see, the team's own before another team's."""
    statement = select(Integration).where(Integration.id == id, visible(viewer))
    if created_by is not None:
        statement = statement.where(Integration.created_by == created_by)
    return statement.order_by((Integration.team_id == viewer.team_id).desc(), Integration.team_id).limit(1)


@query
def held(viewer: Viewer, id: str, provider: Provider | None) -> Select[str, str | None]:
    """Id and zone of the team's connected integration, at this provider if one is named, held until the end.

    Whatever is written under an integration is written with its row held, so that writers take turns.
    """
    statement = select(Integration.id, Integration.timezone).where(Integration.id == id, own_connected(viewer))
    if provider is not None:
        statement = statement.where(Integration.provider == provider)
    return statement.with_for_update(key_share=True)


def locked(viewer: Viewer, id: str) -> Select[Integration]:
    """The team's integration of either world, held until the transaction ends."""
    scope = own(viewer, Permission.READ_INTEGRATIONS, Permission.WRITE_INTEGRATIONS)
    return (
        select(Integration)
        .where(Integration.id == id, scope)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


@query
def listed(viewer: Viewer, filter: IntegrationFilter, page: Page) -> Select[Integration]:
    """A page of those that the viewer may see and that the filter lets through."""
    statement = select(Integration).where(visible(viewer), integration_filters.condition(filter))
    return paging.paged(statement, COLUMNS, page)


@query
def count(viewer: Viewer, filter: IntegrationFilter) -> Select[int]:
    """How many `listed` has over all pages."""
    condition = integration_filters.condition(filter)
    return select(func.count()).select_from(Integration).where(visible(viewer), condition)
