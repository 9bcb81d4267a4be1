"""The rows.

Each primary and foreign key begins with `team_id`, so that a row of one team cannot refer to another's, and so
that the tables can be distributed by team as they are. A row that came from a document, or goes into one, keeps
that document to the letter in `document`; its other columns are what SQL filters, orders, joins and counts by,
derived from the document in the same write (`hold`).
"""

from datetime import datetime, time
from typing import ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gateway.database.column_types import CollatedText, EnumText, Instant, JsonText
from gateway.database.mixins import HasAuditColumns, HasDocument
from gateway.domain.enums import BookingStatus, IntegrationAccess, IntegrationKind, Provider, Status, UseCaseKey
from gateway.domain.lenient_reading import Document, Json  # noqa: F401 (SQLAlchemy evaluates Document)
from gateway.domain.statistics import STATISTICS_COLUMNS


class Base(DeclarativeBase):
    row_bases: ClassVar[tuple[type, ...]] = ()
    """What rows that are read without their entity can do: see `gateway.database.rows`."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it as a class attribute)
        str: CollatedText,
        datetime: Instant,
        list[str]: JsonText,
        IntegrationKind: EnumText(IntegrationKind),
        IntegrationAccess: EnumText(IntegrationAccess),
        Provider: EnumText(Provider),
        Status: EnumText(Status),
        UseCaseKey: EnumText(UseCaseKey),
        BookingStatus: EnumText(BookingStatus),
    }


class Team(Base):
    """A tenant."""

    __tablename__ = "team"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    created_at: Mapped[datetime]


class User(Base):
    """Somebody of a team: one who holds a key, or one whom a document names."""

    __tablename__ = "user"

    team_id: Mapped[str] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    username: Mapped[str | None]
    name: Mapped[str | None]
    created_at: Mapped[datetime]


class ApiKey(Base):
    """A credential, for pages of `origins` alone if it has any. Of its secret only the SHA-256 is here."""

    __tablename__ = "api_key"
    __table_args__ = (
        ForeignKeyConstraint(["team_id", "user_id"], ["user.team_id", "user.id"], ondelete="CASCADE"),
        # The one look-up that comes before the team is known.
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


class BrowserSession(Base):
    """Somebody who signed in with a key. Its id is the SHA-256 of what the browser holds, which is not here."""

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
    """Who read a secret, when, of what."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "team_id", "at"),)

    team_id: Mapped[str] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[str]
    key_id: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]


class Integration(HasDocument, HasAuditColumns, Base):
    """A connected integration or a webhook; `kind` tells which."""

    __tablename__ = "integration"
    __table_args__ = (
        UniqueConstraint("team_id", "logical_id"),
        Index("ix_integration_created", "team_id", "created_at", "id"),
        Index("ix_integration_updated", "team_id", "updated_at", "id"),
        Index("ix_integration_name", "team_id", "name_key", "id"),
        Index("ix_integration_username", "team_id", "username_key", "id"),
        Index("ix_integration_creator", "team_id", "created_by", "id"),
        Index("ix_integration_provider", "team_id", "provider"),
        Index(
            "ix_integration_system",
            "id",
            "team_id",
            sqlite_where=text("access = 'system'"),
            postgresql_where=text("access = 'system'"),
        ),
    )

    team_id: Mapped[str] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[IntegrationKind]
    logical_id: Mapped[str | None]
    name: Mapped[str]
    name_key: Mapped[str]
    username: Mapped[str | None]
    username_key: Mapped[str]
    enabled: Mapped[bool] = mapped_column(Boolean)
    access: Mapped[IntegrationAccess | None]
    timezone: Mapped[str | None]
    provider: Mapped[Provider | None]
    document: Mapped[Document] = mapped_column(JsonText)
    secrets: Mapped[Document] = mapped_column(JsonText)
    """`accessToken` and `refreshToken` of a connected integration, kept out of the document."""
    envelope: Mapped[Document | None] = mapped_column(JsonText)
    """What an imported export document held beside its three parts."""


class UseCaseGroup(HasAuditColumns, Base):
    """A named set of use cases that share sheet, assistant, time zone and daily start time."""

    __tablename__ = "use_case_group"
    __table_args__ = (
        ForeignKeyConstraint(
            ["team_id", "integration_id"], ["integration.team_id", "integration.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("team_id", "integration_id", "slug"),
        Index(None, "team_id", "integration_id", "created_at", "id"),
    )

    team_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    integration_id: Mapped[str]
    name: Mapped[str]
    slug: Mapped[str]
    sheet_link: Mapped[str | None]
    assistant_id: Mapped[str | None]
    timezone: Mapped[str | None]
    start_time: Mapped[time | None]


class UseCase(HasDocument, HasAuditColumns, Base):
    """An automation under a connected integration; its actions stand in its document."""

    __tablename__ = "use_case"
    __table_args__ = (
        ForeignKeyConstraint(
            ["team_id", "integration_id"], ["integration.team_id", "integration.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["team_id", "group_id"], ["use_case_group.team_id", "use_case_group.id"]),
        UniqueConstraint("team_id", "integration_id", "logical_id"),
        UniqueConstraint("team_id", "group_id", "key"),
        Index(None, "team_id", "integration_id", "created_at", "id"),
    )

    team_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    integration_id: Mapped[str]
    group_id: Mapped[str | None]
    key: Mapped[UseCaseKey | None]
    logical_id: Mapped[str]
    type: Mapped[str]
    status: Mapped[Status]
    document: Mapped[Document] = mapped_column(JsonText)


_TYPE_COLUMNS, _COUNTED_COLUMNS = ("team_id", "integration_id", "type"), ("appointment_type", *STATISTICS_COLUMNS)


class ResourceRecord(HasDocument, HasAuditColumns, Base):
    """A synchronised object under an integration; appointments also fill the columns that are counted."""

    __tablename__ = "resource_record"
    __table_args__ = (
        ForeignKeyConstraint(
            ["team_id", "integration_id"], ["integration.team_id", "integration.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("team_id", "integration_id", "logical_id"),
        Index("ix_resource_record_listed", "team_id", "integration_id", "created_at", "id"),
        # These two hold all that is counted, so that rows themselves are not read for it.
        Index("ix_resource_record_typed", *_TYPE_COLUMNS, "created_at", "id", *_COUNTED_COLUMNS),
        Index("ix_resource_record_visit", *_TYPE_COLUMNS, "start", *_COUNTED_COLUMNS),
    )

    team_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    integration_id: Mapped[str]
    logical_id: Mapped[str]
    type: Mapped[str]
    document: Mapped[Document] = mapped_column(JsonText)
    search_text: Mapped[str]
    start: Mapped[datetime | None]
    booking_status: Mapped[BookingStatus | None]
    appointment_type: Mapped[str | None]
    source: Mapped[str | None]
    utm_source: Mapped[str | None]
    utm_medium: Mapped[str | None]
    utm_campaign: Mapped[str | None]


class DaySeries(Base):
    """What days are counted for: see `gateway.domain.statistics.day_counts.Series`."""

    __tablename__ = "day_series"
    __table_args__ = (
        ForeignKeyConstraint(
            ["team_id", "integration_id"], ["integration.team_id", "integration.id"], ondelete="CASCADE"
        ),
        UniqueConstraint(
            "team_id", "integration_id", "type", "appointment_type", "breakdown", name="uq_day_series_counted"
        ),
    )

    team_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    integration_id: Mapped[str]
    type: Mapped[str]
    appointment_type: Mapped[str]
    breakdown: Mapped[str]


class DayCount(Base):
    """How many records of a series there are in a block of days, if any: see `gateway.domain.statistics.day_counts.Block`.

    They have no foreign key, which would add half to what each costs: who deletes a series deletes them.
    """

    __tablename__ = "day_count"
    __table_args__ = ({"sqlite_with_rowid": False},)

    team_id: Mapped[str] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[str] = mapped_column(primary_key=True)
    successful: Mapped[int]
    failed: Mapped[int]
    pending: Mapped[int]
