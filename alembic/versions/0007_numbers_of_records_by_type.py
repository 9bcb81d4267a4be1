"""Count the records of each integration by type.

Releases before this one do not update the numbers. If some wrote during the migration, run
`gateway statistics verify --repair` after the last of them has stopped.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa

from alembic import op
from gateway.database.column_types import CollatedText

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_KEY = ("team_id", "integration_id")


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    foreign_key = sa.ForeignKeyConstraint(
        _KEY, ["integration.team_id", "integration.id"], name="fk_type_count_integration", ondelete="CASCADE"
    )
    op.create_table(
        "type_count",
        *(sa.Column(name, CollatedText, nullable=False) for name in (*_KEY, "type")),
        sa.Column("record_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(*_KEY, "type", name="pk_type_count"),
        *([foreign_key] if is_sqlite else []),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO type_count (team_id, integration_id, type, record_count) "
        "SELECT team_id, integration_id, type, count(*) FROM resource_record "
        "GROUP BY team_id, integration_id, type"
    )
    if not is_sqlite:
        # A foreign key locks the table `integration` against writes until the migration ends: not while it counts.
        op.create_foreign_key(
            "fk_type_count_integration",
            "type_count",
            "integration",
            [*_KEY],
            ["team_id", "id"],
            ondelete="CASCADE",
        )


def downgrade() -> None:
    op.drop_table("type_count")
