"""The secrets of integrations: encryption and decryption of rows, the keys in use, and their rotation."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from gateway import sql
from gateway.database import (
    Database,
    Integration,
    Keyring,
    Reader,
    SecretKey,
    UniqueViolation,
    Writer,
    describe_source,
)
from gateway.domain.enums import IntegrationKind
from gateway.domain.integration_secrets import get_secrets, put_secrets
from gateway.domain.lenient_reading import Document, Json
from gateway.errors import SettingsInvalid

_BATCH_SIZE = 200
"""The number of rows that a rotation locks and encrypts again at once."""


def encrypt_document(
    keyring: Keyring, team_id: str, id: str, kind: IntegrationKind, document: Document
) -> dict[str, Document]:
    """Return the columns `document` and `secrets` of an integration with this document."""
    values = {name: value for name, value in get_secrets(document, kind).items() if value is not None}
    return {
        "document": put_secrets(document, kind, dict.fromkeys(values)),
        "secrets": {name: keyring.encrypt(value, team_id, id, name) for name, value in values.items()},
    }


def decrypt_document(keyring: Keyring, row: Integration) -> Document:
    """Return the document of an integration with its secrets. Raises SecretUnreadable."""
    return put_secrets(row.document, row.kind, decrypt_secrets(keyring, row))


def decrypt_secrets(keyring: Keyring, row: Integration) -> Document:
    """Return the secrets of an integration that are not null, by their keys. Raises SecretUnreadable."""
    return {name: decrypt_secret(keyring, row, name) for name in row.secrets}


def decrypt_secret(keyring: Keyring, row: Integration, name: str) -> Json:
    """Return one secret of an integration, or None if it has none. Raises SecretUnreadable."""
    text = row.secrets.get(name)
    return keyring.decrypt(text, row.team_id, row.id, name) if isinstance(text, str) else None


async def require_keys(database: Database) -> None:
    """Check that there is each key that the database's secrets need, and record that the newest is used now.

    Raises SettingsInvalid, which names the missing keys.
    """
    ids = database.keyring.ids
    async with database.read(once=True) as reader:
        used = await list_used_keys(reader)
    missing = [id for id in used if id not in ids]
    if missing:
        raise SettingsInvalid(
            f"{describe_source(database.settings)} has not the key {', '.join(missing)}, which encrypts tokens of "
            "this database. Add it, or restore it from a backup."
        )
    if ids[0] not in used:
        async with database.write() as writer:
            with suppress(UniqueViolation):  # Another process recorded it at the same moment.
                async with writer.begin_savepoint():
                    await writer.insert_rows(SecretKey, [{"id": ids[0]}])


async def list_used_keys(reader: Reader) -> Sequence[str]:
    """Return the ids of the keys that secrets of the database may be encrypted with."""
    return [id for (id,) in await reader.fetch_tuples(sql.secrets.select_key_ids())]


async def count_by_key(reader: Reader) -> Counter[str]:
    """Return the number of integrations whose secrets are encrypted with a key, by its id."""
    return Counter(dict(await reader.fetch_tuples(sql.secrets.select_counts_by_key())))


class RotatedBatch(NamedTuple):
    """The last row of a batch, and the number of its rows."""

    position: tuple[str, str]
    row_count: int


async def rotate_batch(writer: Writer, after: tuple[str, str]) -> RotatedBatch | None:
    """Encrypt the secrets of the next integrations with the newest key, unless they are; None after the last one.

    Their versions and instants stay. `after` is the team and the id of the last row of the batch before.
    """
    keyring = writer.keyring
    statement = sql.secrets.select_for_rotation(keyring.ids[0], *after, _BATCH_SIZE)
    rows = await writer.with_columns(frozenset({"secrets"})).fetch_rows(statement)
    if not rows:
        return None
    changes = []
    for row in rows:
        secrets = decrypt_secrets(keyring, row)
        encrypted = {name: keyring.encrypt(value, row.team_id, row.id, name) for name, value in secrets.items()}
        changes.append({"team_id": row.team_id, "id": row.id, "secrets": encrypted})
    await writer.update_rows(Integration, changes)
    return RotatedBatch((rows[-1].team_id, rows[-1].id), len(rows))


async def count_left(reader: Reader) -> int:
    """Return the number of integrations whose secrets are encrypted with another key than the newest."""
    counts = await count_by_key(reader)
    return counts.total() - counts[reader.keyring.ids[0]]


async def forget_old_keys(writer: Writer) -> int:
    """Return `count_left`; if it is 0, record that only the newest key is needed."""
    left = await count_left(writer)
    if not left:
        await writer.execute(sql.secrets.delete_other_keys(writer.keyring.ids[0]))
    return left
