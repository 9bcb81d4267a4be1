"""Count appointments by the days of their start, too, and store the counts of a block of days in one row.

The stored counts are deleted. Run `gateway statistics verify --repair` afterwards: it counts all records again, in
short transactions, and can be interrupted. Until it is done, dashboards show too few records.

Revision ID: 0008
Revises: 0007
"""

import sys

import sqlalchemy as sa

from alembic import op
from gateway.database.column_types import CollatedText

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT 1 FROM day_count LIMIT 1")):
        sys.stdout.write(
            "Deleted the stored counts of days: dashboards show too few records. Run `gateway statistics verify "
            "--repair`, which counts all records again.\n"
        )
    drop_counts()
    create_series("date_field", "appointment_type")
    create_counts([], [sa.Column("breakdowns", sa.JSON(), nullable=False)])


def downgrade() -> None:
    """Delete the counts. The same command of the earlier release counts all records again."""
    drop_counts()
    create_series("appointment_type", "breakdown")
    create_counts([sa.Column("value", CollatedText, nullable=False)], [])


def drop_counts() -> None:
    op.drop_table("day_count")
    op.drop_table("day_series")


def create_series(*keys: str) -> None:
    op.create_table(
        "day_series",
        sa.Column("team_id", CollatedText, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("integration_id", CollatedText, nullable=False),
        sa.Column("type", CollatedText, nullable=False),
        *(sa.Column(key, CollatedText, nullable=False) for key in keys),
        sa.ForeignKeyConstraint(
            ["team_id", "integration_id"],
            ["integration.team_id", "integration.id"],
            name="fk_day_series_integration",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("team_id", "id", name="pk_day_series"),
        sa.UniqueConstraint("team_id", "integration_id", "type", *keys, name="uq_day_series_counted"),
    )


def create_counts(keys: list[sa.Column[str]], columns: list[sa.Column[object]]) -> None:
    op.create_table(
        "day_count",
        sa.Column("team_id", CollatedText, nullable=False),
        sa.Column("series_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        *keys,
        sa.Column("successful", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint(
            "team_id", "series_id", "size", "day", *(key.name for key in keys), name="pk_day_count"
        ),
        sqlite_with_rowid=False,
    )
