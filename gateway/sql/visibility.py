"""The visibility of rows under an integration."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, exists

from gateway.database import Integration, ResourceRecord, TypeCount, UseCase, UseCaseGroup
from gateway.domain.viewer import Viewer
from gateway.sql.integrations import is_own_connected
from gateway.sql.text_lists import is_in


def has_visible_integration(
    viewer: Viewer, entity: type[UseCaseGroup] | type[UseCase] | type[ResourceRecord] | type[TypeCount]
) -> ColumnElement[bool]:
    """Return the condition for rows of the viewer's team whose integration the viewer may see."""
    return and_(entity.team_id == viewer.team_id, is_integration_visible(viewer, entity))


def is_integration_visible(
    viewer: Viewer, entity: type[UseCaseGroup] | type[UseCase] | type[ResourceRecord] | type[TypeCount]
) -> ColumnElement[bool]:
    """Return the condition for rows whose integration the viewer may see; the rows may be of another team."""
    return exists().where(
        Integration.team_id == entity.team_id, Integration.id == entity.integration_id, is_own_connected(viewer)
    )


def build_visible_conditions(viewer: Viewer, integration_ids: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the conditions for those of the team's integrations with these ids that the viewer may see."""
    return [is_in(Integration.id, integration_ids), is_own_connected(viewer)]


def build_child_conditions(
    entity: type[UseCaseGroup] | type[UseCase] | type[ResourceRecord] | type[TypeCount],
) -> list[ColumnElement[bool]]:
    """Return the conditions for rows under an integration of the enclosing statement."""
    return [entity.team_id == Integration.team_id, entity.integration_id == Integration.id]
