"""Records counted by days, for dashboards."""

from sqlalchemy import BigInteger, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base


class DaySeries(Base):
    """A series of day counts; see `gateway.domain.statistics.Series`."""

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
    """The number of records of a series in a block of days; see `gateway.domain.statistics.BlockCounts`.

    There is no foreign key: it would add half to the cost of each row. Services delete counts with their series.
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
