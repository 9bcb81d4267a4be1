"""Statements about connected integrations and webhooks, and the conditions of their visibility."""

from collections.abc import Iterator, Sequence

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    type_coerce,
)

from gateway.database import Integration, prepared
from gateway.domain.enums import IntegrationAccess, IntegrationKind, Permission, Provider
from gateway.domain.integration_filters import IntegrationFilter, TokenInstants
from gateway.domain.paging import PageArguments
from gateway.domain.viewer import Viewer
from gateway.domain.webhooks import WEBHOOK_KINDS
from gateway.sql import integration_filters, paging
from gateway.sql.text_lists import is_in

_ORDER_COLUMNS: paging.OrderColumns = {
    "id": Integration.id,
    "team_id": Integration.team_id,
    "kind": type_coerce(Integration.kind, String),
    "enabled": cast(Integration.enabled, Integer),
    "name_key": Integration.name_key,
    "username_key": Integration.username_key,
    "created_at": Integration.created_at,
    "updated_at": Integration.updated_at,
    "created_by": func.coalesce(Integration.created_by, ""),
    "event": func.coalesce(type_coerce(Integration.event, String), ""),
    "user_id": func.coalesce(Integration.user_id, ""),
    "channels": func.coalesce(Integration.channels, ""),
    "urls": func.coalesce(Integration.urls, ""),
}

_SYSTEM_ACCESS = literal(IntegrationAccess.SYSTEM, Integration.access.type, literal_execute=True)
"""A literal in the SQL text: with a parameter, SQLite would not use the partial index of shared integrations."""


def is_own_connected(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition for the team's connected integrations, except personal ones of other users.

    A widget key sees no personal ones at all.
    """
    return and_(Integration.team_id == viewer.team_id, _is_accessible_connected(viewer))


def _is_accessible_connected(viewer: Viewer) -> ColumnElement[bool]:
    is_shared = Integration.access != IntegrationAccess.PERSONAL
    # Whoever reads a widget key in a page is not its user.
    is_own = false() if viewer.is_for_widgets else Integration.created_by == viewer.user_id
    return and_(Integration.kind == IntegrationKind.CONNECTED, or_(is_shared, is_own))


def _build_webhook_conditions(viewer: Viewer) -> Iterator[ColumnElement[bool]]:
    """Yield a condition for each kind of webhook that the viewer may manage."""
    for kind in WEBHOOK_KINDS:
        is_all = viewer.get_webhook_scope(kind)
        if is_all is not None:
            is_kind = Integration.kind == kind
            yield is_kind if is_all else and_(is_kind, Integration.created_by == viewer.user_id)


def is_own(viewer: Viewer, *permissions: Permission) -> ColumnElement[bool]:
    """Return the condition for integrations of the viewer's team that the viewer may see.

    These are webhooks that they may manage and, with one of the permissions, connected integrations.
    """
    scopes = [_is_accessible_connected(viewer)] if any(map(viewer.has_permission, permissions)) else []
    return and_(Integration.team_id == viewer.team_id, or_(false(), *scopes, *_build_webhook_conditions(viewer)))


def is_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition for all integrations and webhooks that the viewer may see, also of other teams."""
    if viewer.is_for_widgets:
        return is_own_connected(viewer)
    found = is_own(viewer, Permission.READ_INTEGRATIONS)
    if not viewer.has_permission(Permission.READ_INTEGRATIONS):
        return found
    # The condition on the id is always true. Without it SQLite would not search the partial index.
    return or_(found, and_(Integration.access == _SYSTEM_ACCESS, Integration.id > ""))


@prepared
def select_by_ids(viewer: Viewer, teams: Sequence[str], ids: Sequence[str]) -> Select[Integration]:
    """Select the integrations with these ids in these teams that the viewer may see."""
    return select(Integration).where(
        is_in(Integration.team_id, teams), is_in(Integration.id, ids), is_visible(viewer)
    )


@prepared
def select_by_id(viewer: Viewer, id: str, created_by: str | None) -> Select[Integration]:
    """Select the integration with this id that the viewer may see; at most one row, the own team's first."""
    statement = select(Integration).where(Integration.id == id, is_visible(viewer))
    if created_by is not None:
        statement = statement.where(Integration.created_by == created_by)
    return statement.order_by((Integration.team_id == viewer.team_id).desc(), Integration.team_id).limit(1)


@prepared
def select_timezone_for_update(viewer: Viewer, id: str, provider: Provider | None) -> Select[str, str | None]:
    """Select id and zone of a connected integration, and lock its row until the transaction ends; at most one row.

    All writes under an integration lock its row first, so that they run one by one. `provider` None is any
    provider.
    """
    statement = select(Integration.id, Integration.timezone).where(Integration.id == id, is_own_connected(viewer))
    if provider is not None:
        statement = statement.where(Integration.provider == provider)
    return statement.with_for_update(key_share=True)


@prepared
def select_for_update(viewer: Viewer, id: str) -> Select[Integration]:
    """Select an integration or webhook of the team; at most one row.

    Its row is locked until the transaction ends.
    """
    return (
        select(Integration).where(Integration.id == id, _is_own_to_change(viewer)).with_for_update(key_share=True)
    )


@prepared
def select_own_by_ids(viewer: Viewer, ids: Sequence[str]) -> Select[Integration]:
    """Select the integrations and webhooks of the team with these ids that the viewer may see or change."""
    return select(Integration).where(is_in(Integration.id, ids), _is_own_to_change(viewer))


def _is_own_to_change(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition for integrations of the team, also for a viewer who may only write them."""
    return is_own(viewer, Permission.READ_INTEGRATIONS, Permission.WRITE_INTEGRATIONS)


@prepared
def select_integrations(
    viewer: Viewer, filter: IntegrationFilter, tokens: TokenInstants, page: PageArguments
) -> Select[Integration]:
    """Select a page of the integrations that the viewer may see and that match the filter."""
    statement = select(Integration).where(is_visible(viewer), integration_filters.build_condition(filter, tokens))
    return paging.select_page(statement, _ORDER_COLUMNS, page)


@prepared
def select_count(viewer: Viewer, filter: IntegrationFilter, tokens: TokenInstants) -> Select[int]:
    """Select the number of integrations on all pages of `select_integrations`."""
    condition = integration_filters.build_condition(filter, tokens)
    return select(func.count()).select_from(Integration).where(is_visible(viewer), condition)
