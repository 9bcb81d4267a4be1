"""The mapped classes of the ORM peer: the tables and columns that the workloads use."""

from datetime import datetime, time

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gateway.database.column_types import Instant, JsonText
from gateway.domain.lenient_reading import Document, Json  # noqa: F401 (SQLAlchemy evaluates Document)


class Row(DeclarativeBase):
    type_annotation_map = {datetime: Instant}  # noqa: RUF012 (SQLAlchemy reads it as a class attribute)


class _SharedColumns:
    """Columns of every table."""

    team_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    updated_by: Mapped[str | None]


class IntegrationRow(_SharedColumns, Row):
    __tablename__ = "integration"

    name: Mapped[str]
    kind: Mapped[str]
    logical_id: Mapped[str]
    enabled: Mapped[bool]
    access: Mapped[str]
    timezone: Mapped[str]
    provider: Mapped[str]
    document: Mapped[Document] = mapped_column(JsonText)


class GroupRow(_SharedColumns, Row):
    __tablename__ = "use_case_group"

    integration_id: Mapped[str]
    name: Mapped[str]
    slug: Mapped[str]
    sheet_link: Mapped[str | None]
    assistant_id: Mapped[str | None]
    timezone: Mapped[str | None]
    start_time: Mapped[time | None]


class UseCaseRow(_SharedColumns, Row):
    __tablename__ = "use_case"

    integration_id: Mapped[str]
    group_id: Mapped[str | None]
    key: Mapped[str | None]
    status: Mapped[str]
    document: Mapped[Document] = mapped_column(JsonText)


class RecordRow(_SharedColumns, Row):
    __tablename__ = "resource_record"

    integration_id: Mapped[str]
    logical_id: Mapped[str]
    type: Mapped[str]
    document: Mapped[Document] = mapped_column(JsonText)
