"""Statements about API keys."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, and_, func, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from gateway.database import ApiKey, User, prepared
from gateway.sql.text_lists import is_in

USER_NAME = func.coalesce(User.name, User.username, ApiKey.name)
"""The name of a key's user, else the username, else the name of the key."""


@prepared
def select_credentials(
    prefix: str,
) -> Select[str, str, str, str, str, list[str], list[str], datetime | None, datetime | None]:
    """Select the key with a prefix; at most one row.

    The columns are team id, user id, name of the user, key id, digest, permissions, origins, expiry and
    revocation. The statement has no condition on a team, because the key determines the team.
    """
    return (
        select(
            ApiKey.team_id,
            ApiKey.user_id,
            USER_NAME,
            ApiKey.id,
            ApiKey.digest,
            ApiKey.permissions,
            ApiKey.origins,
            ApiKey.expires_at,
            ApiKey.revoked_at,
        )
        .join(User, and_(User.team_id == ApiKey.team_id, User.id == ApiKey.user_id))
        .where(ApiKey.prefix == prefix)
    )


@prepared
def select_by_prefix(prefix: str) -> Select[ApiKey]:
    """Select the key with a prefix; at most one row."""
    return select(ApiKey).where(ApiKey.prefix == prefix)


@prepared
def select_keys(team_id: str | None) -> Select[ApiKey]:
    """Select all keys, or those of one team, the oldest first within each team."""
    statement = select(ApiKey).order_by(ApiKey.team_id, ApiKey.created_at, ApiKey.id)
    return statement if team_id is None else statement.where(ApiKey.team_id == team_id)


@prepared
def update_last_use(team_id: str, ids: Sequence[str], at: datetime) -> ReturningUpdate[str]:
    """Set the last use of these keys, unless it is later already."""
    is_earlier = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < at)
    keys = update(ApiKey).where(ApiKey.team_id == team_id, is_in(ApiKey.id, ids), is_earlier)
    return keys.values(last_used_at=at).returning(ApiKey.id)
