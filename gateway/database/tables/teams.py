"""Teams, their users and keys, browser sessions, and the audit log."""

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base


class Team(Base):
    """A tenant."""

    __tablename__ = "team"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    created_at: Mapped[datetime]


class User(Base):
    """A user of a team: one who has a key, or whom a document names."""

    __tablename__ = "user"

    team_id: Mapped[str] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    username: Mapped[str | None]
    name: Mapped[str | None]
    created_at: Mapped[datetime]


class ApiKey(Base):
    """An API key, of which only the SHA-256 is stored. With `origins`, only pages of these origins may use it."""

    __tablename__ = "api_key"
    __table_args__ = (
        ForeignKeyConstraint(["team_id", "user_id"], ["user.team_id", "user.id"], ondelete="CASCADE"),
        # Keys are looked up before the team is known.
        Index("ix_api_key_prefix", "prefix", unique=True),
        Index(None, "team_id", "user_id"),
    )

    team_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    name: Mapped[str]
    prefix: Mapped[str]
    digest: Mapped[str]
    permissions: Mapped[list[str]]
    origins: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    """The beginning of the hour of its last use; None for a key that was never used."""


class BrowserSession(Base):
    """A browser that signed in with a key. The id is the SHA-256 of the token, which is not stored."""

    __tablename__ = "browser_session"
    __table_args__ = (
        ForeignKeyConstraint(["team_id", "key_id"], ["api_key.team_id", "api_key.id"], ondelete="CASCADE"),
        Index("ix_browser_session_id", "id", unique=True),
        Index(None, "team_id", "key_id"),
    )

    team_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    key_id: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class AuditEntry(Base):
    """An entry of the audit log: who did what to which row, and when."""

    __tablename__ = "audit_entry"
    # Each filter of the log has an index in its order.
    __table_args__ = tuple(
        Index(f"ix_audit_entry_{name}", "team_id", *columns, "at", "id")
        for name, columns in (
            ("listed", ()),
            ("action", ("action",)),
            ("subject", ("subject",)),
            ("user", ("user_id",)),
            ("key", ("key_id",)),
        )
    )

    team_id: Mapped[str] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[str]
    """Empty for a command, and for a refused sign-in."""
    key_id: Mapped[str]
    """Empty for a command."""
    action: Mapped[str]
    subject: Mapped[str]
    changed_paths: Mapped[list[str] | None]
    request_id: Mapped[str | None]
    """None for a command."""
