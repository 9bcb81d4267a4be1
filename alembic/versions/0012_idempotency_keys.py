"""Add the table of idempotency keys, which older releases do not use.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa

from alembic import op
from gateway.database.column_types import CollatedText, Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None
oldest_compatible = "0011"


def upgrade() -> None:
    op.create_table(
        "idempotency_entry",
        sa.Column("team_id", CollatedText, nullable=False),
        sa.Column("key_id", CollatedText, nullable=False),
        sa.Column("key_digest", CollatedText, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("request_digest", CollatedText, nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id", "key_id"],
            ["api_key.team_id", "api_key.id"],
            name="fk_idempotency_entry_api_key",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("team_id", "key_id", "key_digest", "position", name="pk_idempotency_entry"),
    )
    op.create_index("ix_idempotency_entry_team_id_created_at", "idempotency_entry", ["team_id", "created_at"])


def downgrade() -> None:
    op.drop_table("idempotency_entry")
