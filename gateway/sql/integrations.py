"""Statements over integrations of both worlds."""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, or_, select

from gateway.database import Integration, prepared
from gateway.domain.enums import IntegrationAccess, IntegrationKind, Permission, Provider
from gateway.domain.integration_filters import IntegrationFilter
from gateway.domain.paging import PageArguments
from gateway.domain.viewer import Viewer
from gateway.domain.webhooks import WEBHOOK_KINDS
from gateway.sql import integration_filters, paging
from gateway.sql.texts import is_in

ORDER_COLUMNS: paging.OrderColumns = {
    "id": Integration.id,
    "team_id": Integration.team_id,
    "name_key": Integration.name_key,
    "username_key": Integration.username_key,
    "created_at": Integration.created_at,
    "updated_at": Integration.updated_at,
    "created_by": func.coalesce(Integration.created_by, ""),
}

_SYSTEM_ACCESS = literal(IntegrationAccess.SYSTEM, Integration.access.type, literal_execute=True)
"""In the statement itself: for a parameter SQLite would not use the index of these few rows."""


def is_own_connected(viewer: Viewer) -> ColumnElement[bool]:
    """Connected integrations of the viewer's team that the viewer may see: not another's personal ones."""
    return and_(Integration.team_id == viewer.team_id, _is_accessible_connected(viewer))


def _is_accessible_connected(viewer: Viewer) -> ColumnElement[bool]:
    return and_(
        Integration.kind == IntegrationKind.CONNECTED,
        or_(Integration.access != IntegrationAccess.PERSONAL, Integration.created_by == viewer.user_id),
    )


def _build_webhook_conditions(viewer: Viewer) -> Iterator[ColumnElement[bool]]:
    """For each kind of webhook that the viewer has a right to, those which it reaches."""
    for kind in WEBHOOK_KINDS:
        every = viewer.get_webhook_scope(kind)
        if every is not None:
            scope = Integration.kind == kind
            yield scope if every else and_(scope, Integration.created_by == viewer.user_id)


def is_own(viewer: Viewer, *permissions: Permission) -> ColumnElement[bool]:
    """Those of the viewer's team: webhooks within reach, and connected ones given one of the permissions."""
    scopes = [_is_accessible_connected(viewer)] if any(map(viewer.has_permission, permissions)) else []
    return and_(Integration.team_id == viewer.team_id, or_(false(), *scopes, *_build_webhook_conditions(viewer)))


def is_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Every integration that the viewer may see, of both worlds."""
    if viewer.is_for_widgets:
        return is_own_connected(viewer)
    found = is_own(viewer, Permission.READ_INTEGRATIONS)
    if not viewer.has_permission(Permission.READ_INTEGRATIONS):
        return found
    # Every id is: a beginning, without which SQLite would not search the index of these few rows.
    return or_(found, and_(Integration.access == _SYSTEM_ACCESS, Integration.id > ""))


@prepared
def select_by_ids(viewer: Viewer, teams: Sequence[str], ids: Sequence[str]) -> Select[Integration]:
    """Those of these teams with these ids that the viewer may see."""
    return select(Integration).where(
        is_in(Integration.team_id, teams), is_in(Integration.id, ids), is_visible(viewer)
    )


@prepared
def select_by_id(viewer: Viewer, id: str, created_by: str | None) -> Select[Integration]:
    """The one with this id that the viewer may see, the team's own before another team's."""
    statement = select(Integration).where(Integration.id == id, is_visible(viewer))
    if created_by is not None:
        statement = statement.where(Integration.created_by == created_by)
    return statement.order_by((Integration.team_id == viewer.team_id).desc(), Integration.team_id).limit(1)


@prepared
def select_timezone_for_update(viewer: Viewer, id: str, provider: Provider | None) -> Select[str, str | None]:
    """Id and zone of the team's connected integration, at this provider if one is named, held until the end.

    Whatever is written under an integration is written with its row held, so that writers take turns.
    """
    statement = select(Integration.id, Integration.timezone).where(Integration.id == id, is_own_connected(viewer))
    if provider is not None:
        statement = statement.where(Integration.provider == provider)
    return statement.with_for_update(key_share=True)


@prepared
def select_for_update(viewer: Viewer, id: str) -> Select[Integration]:
    """The team's integration of either world, held until the transaction ends."""
    scope = is_own(viewer, Permission.READ_INTEGRATIONS, Permission.WRITE_INTEGRATIONS)
    return select(Integration).where(Integration.id == id, scope).with_for_update(key_share=True)


@prepared
def select_integrations(viewer: Viewer, filter: IntegrationFilter, page: PageArguments) -> Select[Integration]:
    """A page of those that the viewer may see and that the filter lets through."""
    statement = select(Integration).where(is_visible(viewer), integration_filters.build_condition(filter))
    return paging.select_page(statement, ORDER_COLUMNS, page)


@prepared
def select_count(viewer: Viewer, filter: IntegrationFilter) -> Select[int]:
    """How many `listed` has over all pages."""
    condition = integration_filters.build_condition(filter)
    return select(func.count()).select_from(Integration).where(is_visible(viewer), condition)
