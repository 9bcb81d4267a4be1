"""Resource records, and their numbers by type."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.column_types import JsonText
from gateway.database.tables.base import Base, HasAuditColumns, HasDocument
from gateway.domain.enums import BookingStatus
from gateway.domain.lenient_reading import Document, Json  # noqa: F401 (SQLAlchemy evaluates Document)
from gateway.domain.statistics import STATISTICS_COLUMNS

_TYPE_COLUMNS, _COUNTED_COLUMNS = ("team_id", "integration_id", "type"), ("appointment_type", *STATISTICS_COLUMNS)

_HAS_SOURCE_ID = text("source_id IS NOT NULL")


class ResourceRecord(HasDocument, HasAuditColumns, Base):
    """A synchronised object of an integration; only appointments have values in the columns of statistics."""

    __tablename__ = "resource_record"
    __table_args__ = (
        ForeignKeyConstraint(
            ["team_id", "integration_id"], ["integration.team_id", "integration.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("team_id", "integration_id", "logical_id"),
        Index("ix_resource_record_listed", "team_id", "integration_id", "created_at", "id"),
        # Records that others refer to by `source_id`; most others have none.
        Index(
            "ix_resource_record_source",
            *_TYPE_COLUMNS,
            "source_id",
            "id",
            sqlite_where=_HAS_SOURCE_ID,
            postgresql_where=_HAS_SOURCE_ID,
        ),
        # Covering indexes of statistics, which do not read the rows.
        Index("ix_resource_record_typed", *_TYPE_COLUMNS, "created_at", "id", *_COUNTED_COLUMNS),
        Index("ix_resource_record_visit", *_TYPE_COLUMNS, "start", *_COUNTED_COLUMNS),
    )

    team_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    integration_id: Mapped[str]
    logical_id: Mapped[str]
    type: Mapped[str]
    source_id: Mapped[str | None]
    """`config.id`, of kinds that other records refer to."""
    document: Mapped[Document] = mapped_column(JsonText)
    search_text: Mapped[str]
    start: Mapped[datetime | None]
    booking_status: Mapped[BookingStatus | None]
    appointment_type: Mapped[str | None]
    source: Mapped[str | None]
    utm_source: Mapped[str | None]
    utm_medium: Mapped[str | None]
    utm_campaign: Mapped[str | None]


class TypeCount(Base):
    """The number of an integration's records of a type. The transaction that writes the records updates it."""

    __tablename__ = "type_count"
    __table_args__ = (
        ForeignKeyConstraint(
            ["team_id", "integration_id"], ["integration.team_id", "integration.id"], ondelete="CASCADE"
        ),
        {"sqlite_with_rowid": False},
    )

    team_id: Mapped[str] = mapped_column(primary_key=True)
    integration_id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(primary_key=True)
    record_count: Mapped[int]
