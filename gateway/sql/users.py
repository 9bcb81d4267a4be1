"""Statements over users."""

from collections.abc import Sequence

from sqlalchemy import Select, select

from gateway.database.prepared import query
from gateway.database.tables import User
from gateway.domain.viewer import Viewer
from gateway.sql.texts import among


@query
def usernames(viewer: Viewer, ids: Sequence[str]) -> Select[str, str | None]:
    """Id and username of those users of the viewer's team."""
    return select(User.id, User.username).where(User.team_id == viewer.team_id, among(User.id, ids))
