"""Statements about users."""

from collections.abc import Sequence

from sqlalchemy import Select, case, exists, select

from gateway.database import ApiKey, User, prepared
from gateway.domain.viewer import Viewer
from gateway.sql.text_lists import is_in


@prepared
def select_usernames(viewer: Viewer, ids: Sequence[str]) -> Select[str, str | None]:
    """Select id and username of these users of the viewer's team, one row per user."""
    return select(User.id, User.username).where(User.team_id == viewer.team_id, is_in(User.id, ids))


@prepared
def select_id_by_username(viewer: Viewer, username: str) -> Select[str]:
    """Select the id of the user of the viewer's team with this username; at most one row.

    Of several, it is one who holds a key, else the one with the lowest id.
    """
    holds_key = exists().where(
        ApiKey.team_id == User.team_id, ApiKey.user_id == User.id, ApiKey.revoked_at.is_(None)
    )
    return (
        select(User.id)
        .where(User.team_id == viewer.team_id, User.username == username)
        .order_by(case((holds_key, 0), else_=1), User.id)
        .limit(1)
    )
