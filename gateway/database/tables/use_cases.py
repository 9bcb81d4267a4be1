"""Use-case groups and use cases."""

from datetime import time
from typing import Any, cast

from sqlalchemy import ColumnElement, ForeignKeyConstraint, FromClause, Index, Table, UniqueConstraint, and_
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.column_types import JsonText
from gateway.database.tables.base import Base, HasAuditColumns, HasDocument, TextConversion
from gateway.domain import schedules
from gateway.domain.calendar import instants, timezones
from gateway.domain.enums import Status, UseCaseKey
from gateway.domain.lenient_reading import Document, Json  # noqa: F401 (SQLAlchemy evaluates Document)


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
    """An automation of a connected integration; its actions are in its document."""

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

    @classmethod
    def get_computed_join(cls, rows: Any) -> tuple[FromClause, ColumnElement[bool]]:  # noqa: ANN401 (it or an alias)
        return _group, and_(_group.c.team_id == rows.team_id, _group.c.id == rows.group_id)


def _renew_schedules(row: Any, text: str) -> str:  # noqa: ANN401 (a row with computed columns)
    """Return a use case's document with the next runs of its daily schedules."""
    if row.group_start_time is None:
        return text
    zone = timezones.get_zone(row.group_timezone)
    return schedules.renew_document(text, row.group_start_time, zone, instants.now())


_group = cast(Table, UseCaseGroup.__table__).alias("group_of_use_case")
UseCase.computed_columns = [_group.c[name].label(f"group_{name}") for name in ("start_time", "timezone")]
UseCase.conversions = {"document": TextConversion(_renew_schedules, ("group_start_time", "group_timezone"))}
