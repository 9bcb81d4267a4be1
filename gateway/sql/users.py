"""Statements over users."""

from collections.abc import Sequence

from sqlalchemy import Select, select

from gateway.database import User, prepared
from gateway.domain.viewer import Viewer
from gateway.sql.text_lists import is_in


@prepared
def select_usernames(viewer: Viewer, ids: Sequence[str]) -> Select[str, str | None]:
    """Id and username of those users of the viewer's team."""
    return select(User.id, User.username).where(User.team_id == viewer.team_id, is_in(User.id, ids))
