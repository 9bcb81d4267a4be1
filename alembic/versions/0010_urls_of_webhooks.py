"""Add the column with the URLs of webhooks, which filters and orders of integrations read.

Revision ID: 0010
Revises: 0009
"""

import json
from contextlib import nullcontext

import sqlalchemy as sa

from alembic import op
from gateway.database.column_types import CollatedText

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BATCH_SIZE = 200
INTEGRATION = sa.table(
    "integration",
    *(sa.column(name, CollatedText) for name in ("team_id", "id", "kind", "urls")),
    sa.column("document", sa.JSON()),
)


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    column = sa.Column("urls", CollatedText, nullable=True)
    op.add_column("integration", column, if_not_exists=not is_sqlite or None)
    # On PostgreSQL no transaction holds locks meanwhile, and an interrupted migration is repeated.
    with nullcontext() if is_sqlite else op.get_context().autocommit_block():
        fill_urls()


def fill_urls() -> None:
    connection, key = op.get_bind(), sa.tuple_(INTEGRATION.c.team_id, INTEGRATION.c.id)
    columns = [INTEGRATION.c[name] for name in ("team_id", "id", "document")]
    query = sa.select(*columns).where(INTEGRATION.c.kind != "connected")
    query = query.order_by(INTEGRATION.c.team_id, INTEGRATION.c.id).limit(BATCH_SIZE)
    after = ("", "")
    while rows := connection.execute(query.where(key > after)).all():
        after = (rows[-1].team_id, rows[-1].id)
        for row in rows:
            changed = sa.update(INTEGRATION).where(
                INTEGRATION.c.team_id == row.team_id, INTEGRATION.c.id == row.id
            )
            connection.execute(changed.values(urls=encode_texts(row.document.get("urls"))))


def downgrade() -> None:
    op.drop_column("integration", "urls")


def encode_texts(texts: object) -> str:
    """Return the texts of a list: each is a line, in JSON, between line breaks."""
    listed = texts if isinstance(texts, list) else []
    return "\n" + "".join(f"{json.dumps(text)}\n" for text in listed if isinstance(text, str))
