"""Statements about users."""

from collections.abc import Sequence

from sqlalchemy import Select, select

from gateway.database import User, prepared
from gateway.domain.viewer import Viewer
from gateway.sql.text_lists import is_in


@prepared
def select_usernames(viewer: Viewer, ids: Sequence[str]) -> Select[str, str | None]:
    """Select id and username of these users of the viewer's team, one row per user."""
    return select(User.id, User.username).where(User.team_id == viewer.team_id, is_in(User.id, ids))
