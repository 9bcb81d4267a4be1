"""The key that signs cursors.

Revision ID: 0002
Revises: 0001
"""

import secrets

import sqlalchemy as sa

from alembic import op
from gateway.database.column_types import CollatedText

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY_BYTES = 32


def upgrade() -> None:
    table = op.create_table(
        "cursor_key",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", CollatedText, nullable=False),
        sa.CheckConstraint("id = 1", name="ck_cursor_key_id"),
        sa.PrimaryKeyConstraint("id", name="pk_cursor_key"),
    )
    op.execute(table.insert().values(id=1, key=secrets.token_hex(KEY_BYTES)))


def downgrade() -> None:
    op.drop_table("cursor_key")
