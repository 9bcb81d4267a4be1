"""Statements about mutations with an idempotency key."""

from datetime import datetime

from sqlalchemy import Delete, Select, delete, null, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from gateway.database import IdempotencyEntry, prepared, prepared_by_dialect
from gateway.domain.lenient_reading import Document

_KEY = (
    IdempotencyEntry.team_id,
    IdempotencyEntry.key_id,
    IdempotencyEntry.key_digest,
    IdempotencyEntry.position,
)


@prepared_by_dialect
def insert_entry(
    dialect: str,
    team_id: str,
    key_id: str,
    key_digest: str,
    position: int,
    request_digest: str,
    now: datetime,
    expired_at: datetime,
) -> ReturningInsert[int]:
    """Insert an entry without a result, also in place of one that was created at `expired_at` or before.

    On PostgreSQL the statement waits for a transaction that has inserted the same entry. If there is an entry
    afterwards, it changes nothing.
    """
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(IdempotencyEntry).values(
        team_id=team_id,
        key_id=key_id,
        key_digest=key_digest,
        position=position,
        request_digest=request_digest,
        created_at=now,
    )
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=_KEY,
        set_={"request_digest": new.request_digest, "result": null(), "created_at": new.created_at},
        where=IdempotencyEntry.created_at <= expired_at,
    ).returning(IdempotencyEntry.position)


@prepared
def select_entries(
    team_id: str, key_id: str, key_digest: str, expired_at: datetime
) -> Select[int, str, Document | None]:
    """Select position, digest and result of all mutations of a request, without those that have expired."""
    return select(IdempotencyEntry.position, IdempotencyEntry.request_digest, IdempotencyEntry.result).where(
        IdempotencyEntry.team_id == team_id,
        IdempotencyEntry.key_id == key_id,
        IdempotencyEntry.key_digest == key_digest,
        IdempotencyEntry.created_at > expired_at,
    )


@prepared
def delete_expired(team_id: str, expired_at: datetime, limit: int) -> Delete:
    """Delete up to `limit` entries of a team that have expired, without waiting for other transactions."""
    expired = (
        select(*_KEY)
        .where(IdempotencyEntry.team_id == team_id, IdempotencyEntry.created_at <= expired_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return delete(IdempotencyEntry).where(tuple_(*_KEY).in_(expired))
