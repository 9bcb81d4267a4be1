"""Statements over API keys."""

from sqlalchemy import Select, and_, select

from gateway.tables import ApiKey, User


def by_prefix(prefix: str) -> Select[ApiKey, User]:
    """The key of that prefix with its user; the one look-up before the team is known."""
    return (
        select(ApiKey, User)
        .join(User, and_(User.team_id == ApiKey.team_id, User.id == ApiKey.user_id))
        .where(ApiKey.prefix == prefix)
    )


def listed(team_id: str | None) -> Select[ApiKey]:
    """Every key, or those of one team, the oldest first."""
    statement = select(ApiKey).order_by(ApiKey.team_id, ApiKey.created_at, ApiKey.id)
    return statement if team_id is None else statement.where(ApiKey.team_id == team_id)
