"""Name changed keys and the request in entries of the audit log, index its filters, and add the last use of keys.

Revision ID: 0013
Revises: 0012
"""

from contextlib import nullcontext

import sqlalchemy as sa

from alembic import op
from gateway.database.column_types import CollatedText, Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

oldest_compatible = "0011"

TABLE, OLD_INDEX = "audit_entry", "ix_audit_entry_team_id_at"
INDEXES = {
    "ix_audit_entry_listed": [],
    "ix_audit_entry_action": ["action"],
    "ix_audit_entry_subject": ["subject"],
    "ix_audit_entry_user": ["user_id"],
    "ix_audit_entry_key": ["key_id"],
}


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table, column in (
        (TABLE, sa.Column("changed_paths", sa.JSON(), nullable=True)),
        (TABLE, sa.Column("request_id", CollatedText, nullable=True)),
        ("api_key", sa.Column("last_used_at", Instant(), nullable=True)),
    ):
        op.add_column(table, column, if_not_exists=not is_sqlite or None)
    # On PostgreSQL no transaction holds locks meanwhile, and an interrupted migration is repeated.
    with nullcontext() if is_sqlite else op.get_context().autocommit_block():
        for name, columns in INDEXES.items():
            op.drop_index(name, TABLE, if_exists=True, postgresql_concurrently=True)
            op.create_index(name, TABLE, ["team_id", *columns, "at", "id"], postgresql_concurrently=True)
        op.drop_index(OLD_INDEX, TABLE, if_exists=True, postgresql_concurrently=True)


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, TABLE)
    op.create_index(OLD_INDEX, TABLE, ["team_id", "at"])
    op.drop_column("api_key", "last_used_at")
    op.drop_column(TABLE, "request_id")
    op.drop_column(TABLE, "changed_paths")
