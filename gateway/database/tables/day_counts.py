"""Records counted by days, for dashboards."""

from sqlalchemy import BigInteger, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base


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
