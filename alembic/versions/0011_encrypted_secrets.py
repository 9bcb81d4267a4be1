"""Encrypt the tokens of integrations and webhooks. No older release can serve the database afterwards.

Stop all processes of older releases before: they would write tokens in plain text, and show encrypted ones.

Revision ID: 0011
Revises: 0010
"""

import hmac
import json
import secrets
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from alembic import context, op
from gateway.database.column_types import CollatedText, JsonText

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BATCH_SIZE = 200
ID_LENGTH, NONCE_BYTES = 16, 12
CONFIG_SECRETS = ("accessToken", "refreshToken")
ERASURE_PENDING = 11
"""SQLite's `user_version` while its file still has tokens in plain text; `gateway migrate` erases them."""

INTEGRATION = sa.table(
    "integration",
    *(sa.column(name, CollatedText) for name in ("team_id", "id", "kind")),
    sa.column("version", sa.Integer()),
    *(sa.column(name, JsonText) for name in ("document", "secrets")),
)

Columns = dict[str, Any]
Change = Callable[[sa.Row[Any]], Columns]


class Ciphers:
    def __init__(self, keys: Sequence[bytes]) -> None:
        self.by_id: Mapping[str, AESGCM] = {get_id(key): AESGCM(key) for key in keys}
        self.newest_id = next(iter(self.by_id))

    def encrypt(self, value: object, row: sa.Row[Any], name: str) -> str:
        nonce, text = secrets.token_bytes(NONCE_BYTES), json.dumps(value, ensure_ascii=False).encode()
        encrypted = self.by_id[self.newest_id].encrypt(nonce, text, name_field(row, name))
        return f"{self.newest_id}.{urlsafe_b64encode(nonce + encrypted).decode()}"

    def decrypt(self, text: str, row: sa.Row[Any], name: str) -> object:
        id, _, data = text.partition(".")
        encrypted = urlsafe_b64decode(data)
        decrypted = self.by_id[id].decrypt(encrypted[:NONCE_BYTES], encrypted[NONCE_BYTES:], name_field(row, name))
        return json.loads(decrypted)

    def is_encrypted(self, value: object, row: sa.Row[Any], name: str) -> bool:
        try:
            self.decrypt(str(value), row, name)
        except (InvalidTag, KeyError, ValueError):
            return False
        return True


def get_id(key: bytes) -> str:
    return hmac.digest(key, b"gateway key id", "sha256").hex()[:ID_LENGTH]


def name_field(row: sa.Row[Any], name: str) -> bytes:
    return f"{row.team_id}\0{row.id}\0{name}".encode()


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    ciphers = load_ciphers()
    # An interrupted migration begins again, and finds its table.
    table = sa.Table("secret_key", sa.MetaData(), sa.Column("id", CollatedText, nullable=False))
    table.append_constraint(sa.PrimaryKeyConstraint("id", name="pk_secret_key"))
    with nullcontext() if is_sqlite else op.get_context().autocommit_block():
        table.create(op.get_bind(), checkfirst=True)
        if not op.get_bind().scalar(sa.select(table.c.id).where(table.c.id == ciphers.newest_id)):
            op.execute(table.insert().values(id=ciphers.newest_id))
        if is_sqlite:
            op.execute("PRAGMA secure_delete = ON")
        total = 0
        # Another pass finds what was written meanwhile.
        while count := change_rows(lambda row: encrypt(ciphers, row)):
            total += count
    if total and is_sqlite:
        op.execute(f"PRAGMA user_version = {ERASURE_PENDING}")
    elif total:
        sys.stdout.write(
            "Encrypted the tokens. The files of the database and its backups still have them in plain text: run "
            "`VACUUM FULL integration`, or dump and restore the database, and delete older backups.\n"
        )


def downgrade() -> None:
    ciphers = load_ciphers()
    if op.get_bind().dialect.name != "sqlite":
        # SQLite's transaction has its lock already.
        op.execute("LOCK TABLE integration IN SHARE ROW EXCLUSIVE MODE")
    change_rows(lambda row: decrypt(ciphers, row))
    op.drop_table("secret_key")


def load_ciphers() -> Ciphers:
    return Ciphers(context.config.attributes["load_keys"]())


def iterate_rows() -> Iterator[Sequence[sa.Row[Any]]]:
    """Yield all integrations in batches."""
    connection, key = op.get_bind(), sa.tuple_(INTEGRATION.c.team_id, INTEGRATION.c.id)
    query = sa.select(INTEGRATION).order_by(INTEGRATION.c.team_id, INTEGRATION.c.id).limit(BATCH_SIZE)
    after = ("", "")
    while rows := connection.execute(query.where(key > after)).all():
        after = (rows[-1].team_id, rows[-1].id)
        yield rows


def change_rows(change: Change) -> int:
    """Change rows that were not written meanwhile. Return how many were to change."""
    statement = sa.update(INTEGRATION).where(
        INTEGRATION.c.team_id == sa.bindparam("row_team"),
        INTEGRATION.c.id == sa.bindparam("row_id"),
        INTEGRATION.c.version == sa.bindparam("row_version"),
    )
    statement = statement.values(document=sa.bindparam("changed"), secrets=sa.bindparam("encrypted"))
    total = 0
    for rows in iterate_rows():
        values = [
            {"row_team": row.team_id, "row_id": row.id, "row_version": row.version, **columns}
            for row in rows
            if (columns := change(row))
        ]
        total += len(values)
        if values:
            op.get_bind().execute(statement, values)
    return total


def encrypt(ciphers: Ciphers, row: sa.Row[Any]) -> Columns:
    """Return the new values of a row: its tokens are null in the document. Empty if there is nothing to do."""
    document, stored = dict(row.document), dict(row.secrets)
    if row.kind != "connected":
        if document.get("token") is None:
            return {}
        encrypted = {"token": ciphers.encrypt(document["token"], row, "token")}
        return {"changed": {**document, "token": None}, "encrypted": encrypted}
    plain = {name: value for name, value in stored.items() if not ciphers.is_encrypted(value, row, name)}
    if not plain:
        return {}
    config = document.get("config", {})
    if isinstance(config, dict):
        document["config"] = {**config, **dict.fromkeys(plain)}
    for name, value in plain.items():
        if value is None:
            del stored[name]
        else:
            stored[name] = ciphers.encrypt(value, row, name)
    return {"changed": document, "encrypted": stored}


def decrypt(ciphers: Ciphers, row: sa.Row[Any]) -> Columns:
    """Return the values of a row before `encrypt`. Empty if there is nothing to do."""
    document = dict(row.document)
    plain = {name: ciphers.decrypt(text, row, name) for name, text in row.secrets.items()}
    if row.kind != "connected":
        return {"changed": {**document, **plain}, "encrypted": {}} if plain else {}
    config = document.get("config")
    if isinstance(config, dict):
        plain = {**{name: None for name in CONFIG_SECRETS if name in config}, **plain}
        document["config"] = {name: value for name, value in config.items() if name not in CONFIG_SECRETS}
    return {"changed": document, "encrypted": plain} if plain else {}
