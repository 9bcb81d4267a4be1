"""Recompute who may see a connected integration, and its provider, from its document.

An unknown access is the narrowest, and an unknown provider is found as OTHER.

Revision ID: 0003
Revises: 0002
"""

import sys
from typing import Any

import sqlalchemy as sa

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ACCESS = ("personal", "team", "system")
_PROVIDERS = ("microsoft", "google")


def upgrade() -> None:
    table = sa.table(
        "integration",
        *(sa.column(name, sa.String()) for name in ("team_id", "id", "kind", "access", "provider")),
        sa.column("document", sa.JSON()),
    )
    connection, changed = op.get_bind(), 0
    for row in connection.execute(sa.select(table).where(table.c.kind == "connected")).all():
        access, provider = _read_access(row.document), _read_provider(row.document)
        if (access, provider) != (row.access, row.provider):
            key = (table.c.team_id == row.team_id, table.c.id == row.id)
            connection.execute(table.update().where(*key).values(access=access, provider=provider))
        changed += access != row.access
    if changed:
        sys.stdout.write(f"Recomputed who may see each integration from its document; changed: {changed}.\n")


def downgrade() -> None:
    """Keep the columns, except for the provider that earlier releases do not know."""
    op.execute("UPDATE integration SET provider = NULL WHERE provider = 'other'")


def _read_access(document: Any) -> str:  # noqa: ANN401 (any JSON)
    word = document.get("access")
    return "team" if word is None else word if word in _ACCESS else "personal"


def _read_provider(document: Any) -> str:  # noqa: ANN401 (any JSON)
    config = document.get("config")
    word = config.get("provider") if isinstance(config, dict) else None
    return word if word in _PROVIDERS else "other"
