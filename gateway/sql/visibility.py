"""The condition of visibility for rows under an integration."""

from sqlalchemy import ColumnElement, and_, exists

from gateway.database import Integration, ResourceRecord, UseCase, UseCaseGroup
from gateway.domain.viewer import Viewer
from gateway.sql.integrations import is_own_connected


def has_visible_integration(
    viewer: Viewer, entity: type[UseCaseGroup] | type[UseCase] | type[ResourceRecord]
) -> ColumnElement[bool]:
    """Return the condition for rows of the viewer's team whose integration the viewer may see."""
    return and_(
        entity.team_id == viewer.team_id,
        exists().where(
            Integration.team_id == entity.team_id,
            Integration.id == entity.integration_id,
            is_own_connected(viewer),
        ),
    )
