"""Statements about browser sessions."""

from datetime import datetime

from sqlalchemy import Delete, Select, and_, delete, select
from sqlalchemy.sql.dml import ReturningDelete

from gateway.database import ApiKey, BrowserSession, Team, User, prepared
from gateway.sql.keys import USER_NAME


@prepared
def select_session(
    id: str,
) -> Select[str, str, str, str, str, list[str], datetime | None, datetime | None, datetime]:
    """Select the session with an id; at most one row.

    The columns are id and name of the team, id and name of the user, then id, permissions, expiry and revocation
    of the key, and the session's expiry. The statement has no condition on a team, because the session determines
    the team.
    """
    return (
        select(
            ApiKey.team_id,
            Team.name,
            ApiKey.user_id,
            USER_NAME,
            ApiKey.id,
            ApiKey.permissions,
            ApiKey.expires_at,
            ApiKey.revoked_at,
            BrowserSession.expires_at,
        )
        .select_from(BrowserSession)
        .join(ApiKey, and_(ApiKey.team_id == BrowserSession.team_id, ApiKey.id == BrowserSession.key_id))
        .join(User, and_(User.team_id == ApiKey.team_id, User.id == ApiKey.user_id))
        .join(Team, Team.id == ApiKey.team_id)
        .where(BrowserSession.id == id)
    )


@prepared
def delete_session(id: str) -> ReturningDelete[str]:
    """Delete the session with an id, and return the id."""
    return delete(BrowserSession).where(BrowserSession.id == id).returning(BrowserSession.id)


@prepared
def delete_expired_sessions(team_id: str, now: datetime) -> Delete:
    """Delete the expired sessions of a team."""
    return delete(BrowserSession).where(BrowserSession.team_id == team_id, BrowserSession.expires_at <= now)
