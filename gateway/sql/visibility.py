"""Which rows below an integration a viewer may see."""

from sqlalchemy import ColumnElement, and_, exists

from gateway.database.tables import Integration, ResourceRecord, UseCase, UseCaseGroup
from gateway.domain.viewer import Viewer
from gateway.sql.integrations import own_connected


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
