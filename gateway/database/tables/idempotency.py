"""The mutations that were sent with an idempotency key."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.column_types import JsonText
from gateway.database.tables.base import Base
from gateway.domain.lenient_reading import (
    Document,
    Json,  # noqa: F401 (SQLAlchemy evaluates Document)
)


class IdempotencyEntry(Base):
    """One mutation of a request with an idempotency key, and what it did.

    The transaction of the mutation writes the row, so that other transactions never see one without `result`.
    """

    __tablename__ = "idempotency_entry"
    __table_args__ = (
        ForeignKeyConstraint(["team_id", "key_id"], ["api_key.team_id", "api_key.id"], ondelete="CASCADE"),
        Index(None, "team_id", "created_at"),
    )

    team_id: Mapped[str] = mapped_column(primary_key=True)
    key_id: Mapped[str] = mapped_column(primary_key=True)
    """The API key that sent it."""
    key_digest: Mapped[str] = mapped_column(primary_key=True)
    """The SHA-256 of the idempotency key."""
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """The position of the mutation in its request, from 0."""
    request_digest: Mapped[str]
    result: Mapped[Document | None] = mapped_column(JsonText)
    """Ids and outcomes; see `gateway.services.stored_results`."""
    created_at: Mapped[datetime]
