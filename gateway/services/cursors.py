"""The key that signs cursors."""

import hmac

from gateway import sql
from gateway.database import Reader
from gateway.errors import SchemaNotAtHead


async def read_key(reader: Reader) -> hmac.HMAC:
    """Return an HMAC-SHA-256 with the key that signs the cursors of all teams.

    The key never changes, so that a process reads it once. Raises SchemaNotAtHead if somebody deleted it.
    """
    rows = await reader.fetch_tuples(sql.cursors.select_key())
    if not rows:
        raise SchemaNotAtHead(
            "The table cursor_key is empty.",
            "Restore its row from a backup. Or write a new key: run `gateway migrate --down-to 0001`, then "
            "`gateway migrate`.",
        )
    return hmac.new(bytes.fromhex(rows[0][0]), digestmod="sha256")
