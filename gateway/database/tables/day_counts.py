"""Records counted by days, for dashboards."""

from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.column_types import JsonText
from gateway.database.tables.base import Base


class DaySeries(Base):
    """A series of day counts; see `gateway.domain.statistics.Series`."""

    __tablename__ = "day_series"
    __table_args__ = (
        ForeignKeyConstraint(
            ["team_id", "integration_id"], ["integration.team_id", "integration.id"], ondelete="CASCADE"
        ),
        UniqueConstraint(
            "team_id", "integration_id", "type", "date_field", "appointment_type", name="uq_day_series_counted"
        ),
    )

    team_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    integration_id: Mapped[str]
    type: Mapped[str]
    date_field: Mapped[str]
    appointment_type: Mapped[str]


class DayCount(Base):
    """The numbers of records of a series in a block of days; see `gateway.domain.statistics.BlockCounts`.

    There is no foreign key: it would add half to the cost of each row. Services delete counts with their series.
    """

    __tablename__ = "day_count"
    __table_args__ = ({"sqlite_with_rowid": False},)

    team_id: Mapped[str] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    successful: Mapped[int]
    failed: Mapped[int]
    pending: Mapped[int]
    breakdowns: Mapped[Any] = mapped_column(JsonText)
    """The same numbers of each value of each breakdown. They need one row, however few records a day has."""
