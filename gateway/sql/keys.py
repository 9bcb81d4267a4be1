"""Statements over API keys."""

from datetime import datetime

from sqlalchemy import Select, and_, func, select

from gateway.database import ApiKey, User, prepared

USER_NAME = func.coalesce(User.name, User.username, ApiKey.name)
"""What the user of a key is called, or the key where they have no name."""


@prepared
def select_credentials(
    prefix: str,
) -> Select[str, str, str, str, str, list[str], list[str], datetime | None, datetime | None]:
    """Of the key of that prefix: team, user and their name, id, digest, permissions, origins, expiry, revocation.

    It comes before the team is known.
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
    """The key of that prefix."""
    return select(ApiKey).where(ApiKey.prefix == prefix)


@prepared
def select_keys(team_id: str | None) -> Select[ApiKey]:
    """Every key, or those of one team, the oldest first."""
    statement = select(ApiKey).order_by(ApiKey.team_id, ApiKey.created_at, ApiKey.id)
    return statement if team_id is None else statement.where(ApiKey.team_id == team_id)
