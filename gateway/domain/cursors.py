"""Cursors: signed positions in a list.

A cursor contains the values of one row for the keys of the list's order, and a signature. The signature covers the
viewer's team, the list and the order too. So no other list accepts the cursor, and nobody can invent one to find
out the values of a row.
"""

import base64
import hmac
from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import NamedTuple, Self

import orjson

from gateway.domain.calendar import instants
from gateway.domain.paging import CursorValues, SortOrder

_SIGNATURE_BYTES = 16

RowKey = tuple[str, ...]
"""The team id and the id of the row that a list is below; empty for a list below none."""

_MAX_LENGTH = 65_536
"""In characters; cursors are shorter. A query can give one cursor to many lists, and each checks it."""


class CursorCodec(NamedTuple):
    """Encodes and decodes the cursors of one field's lists in one order."""

    signer: hmac.HMAC
    """HMAC-SHA-256 with the secret key, which has hashed the viewers' team, the field and the order."""
    order: SortOrder

    @classmethod
    def create(cls, key: hmac.HMAC, team_id: str, field: str, order: SortOrder) -> Self:
        """Return the codec of a field, for viewers of a team. All processes on one database share the `key`."""
        return cls(_extend(key, orjson.dumps([team_id, field, order.name])), order)

    def encode(self, rows: Iterable[object], parent: RowKey) -> list[str]:
        """Return the cursor of each row of the list below a parent."""
        signer, columns = _extend(self.signer, orjson.dumps(parent)), [key.column for key in self.order.keys]
        encoded = []
        for row in rows:
            values = [getattr(row, column) for column in columns]
            # An instant is a text already on SQLite.
            encoded_values = orjson.dumps([value if type(value) is str else _to_json(value) for value in values])
            encoded.append(_encode_text(_sign(signer, encoded_values) + encoded_values))
        return encoded

    def decode(self, cursor: str, parent: RowKey) -> CursorValues | None:
        """Return the values of a cursor, or None if `encode` did not write it for the same list and order."""
        if len(cursor) > _MAX_LENGTH:
            return None
        try:
            decoded = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except ValueError:
            return None
        signature, encoded_values = decoded[:_SIGNATURE_BYTES], decoded[_SIGNATURE_BYTES:]
        # base64 has several spellings of the same bytes; a cursor has one.
        is_canonical = _encode_text(decoded) == cursor
        expected = _sign(_extend(self.signer, orjson.dumps(parent)), encoded_values)
        if not (is_canonical and hmac.compare_digest(signature, expected)):
            return None
        return tuple(
            instants.to_instant(value) if key.column.endswith("_at") else value
            for key, value in zip(self.order.keys, orjson.loads(encoded_values), strict=True)
        )


def _extend(signer: hmac.HMAC, content: bytes) -> hmac.HMAC:
    """Return the signer after more content. Contents are JSON lists: no others have the same bytes in a row."""
    extended = signer.copy()
    extended.update(content)
    return extended


def _sign(signer: hmac.HMAC, encoded_values: bytes) -> bytes:
    return _extend(signer, encoded_values).digest()[:_SIGNATURE_BYTES]


def _to_json(value: datetime | Enum | bool | None) -> str | int:
    match value:
        case None:
            return ""
        case bool():
            return int(value)
        case Enum():
            return str(value.value)
        case _:
            return instants.format_instant(value)


def _encode_text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
