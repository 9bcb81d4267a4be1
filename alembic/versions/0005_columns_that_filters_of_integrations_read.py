"""Add the columns that filters of integrations read: tokens, users, events and channels.

Revision ID: 0005
Revises: 0004
"""

import json
import re
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from alembic import op
from gateway.database.column_types import CollatedText, Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BATCH_SIZE = 200
_MAX_INSTANT_LENGTH = 35
_EVENTS = (
    *("sendMessage", "fileUploaded", "roomArchived", "roomCreated", "roomJoined", "roomLeft", "userCreated"),
    "other",
)
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt]((?:[01]\d|2[0-3]):\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})?", re.ASCII
)
_TABLE = sa.table(
    "integration",
    *(sa.column(name, CollatedText) for name in ("team_id", "id", "kind", "user_id", "event", "channels")),
    sa.column("has_token", sa.Boolean()),
    sa.column("expires_at", Instant()),
    *(sa.column(name, sa.JSON()) for name in ("document", "secrets")),
)


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for column in (
        sa.Column("has_token", sa.Boolean(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("user_id", CollatedText, nullable=True),
        sa.Column("event", sa.String(), nullable=True),
        sa.Column("channels", CollatedText, nullable=True),
    ):
        op.add_column("integration", column, if_not_exists=not is_sqlite or None)
    # On PostgreSQL no transaction holds locks meanwhile, and an interrupted migration is repeated.
    with nullcontext() if is_sqlite else op.get_context().autocommit_block():
        _fill()


def _fill() -> None:
    connection, key = op.get_bind(), sa.tuple_(_TABLE.c.team_id, _TABLE.c.id)
    columns = [_TABLE.c[name] for name in ("team_id", "id", "kind", "document", "secrets")]
    query = sa.select(*columns).order_by(_TABLE.c.team_id, _TABLE.c.id).limit(_BATCH_SIZE)
    after = ("", "")
    while rows := connection.execute(query.where(key > after)).all():
        after = (rows[-1].team_id, rows[-1].id)
        for row in rows:
            values = _read_account(row) if row.kind == "connected" else _read_webhook(row)
            changed = sa.update(_TABLE).where(_TABLE.c.team_id == row.team_id, _TABLE.c.id == row.id)
            connection.execute(changed.values(values))


def downgrade() -> None:
    for name in ("channels", "event", "user_id", "expires_at", "has_token"):
        op.drop_column("integration", name)


def _read_account(row: Any) -> Mapping[str, object]:  # noqa: ANN401 (a row)
    config = row.document.get("config")
    expires_at = config.get("expiresAt") if isinstance(config, dict) else None
    return {"has_token": bool(row.secrets.get("accessToken")), "expires_at": _parse_instant(expires_at)}


def _read_webhook(row: Any) -> Mapping[str, object]:  # noqa: ANN401 (a row)
    user_id, event, channels = (row.document.get(key) for key in ("userId", "event", "channel"))
    has_event = row.kind == "webhook-outgoing" and isinstance(event, str)
    texts = [text for text in channels if isinstance(text, str)] if isinstance(channels, list) else []
    return {
        "user_id": user_id if isinstance(user_id, str) else None,
        "event": (event if event in _EVENTS else "other") if has_event else None,
        "channels": "\n" + "".join(f"{json.dumps(text)}\n" for text in texts),
    }


def _parse_instant(text: object) -> datetime | None:
    match = (
        _INSTANT.fullmatch(text.strip())
        if isinstance(text, str) and len(text.strip()) <= _MAX_INSTANT_LENGTH
        else None
    )
    if match is None:
        return None
    date, time, fraction, offset = match.groups()
    offset = "+00:00" if offset in (None, "Z", "z") else offset
    try:
        found = datetime.fromisoformat(f"{date}T{time}.{(fraction or '0')[:3]:0<3}{offset}")
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
