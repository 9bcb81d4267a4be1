"""Ids: 24 hexadecimal digits in the ObjectId layout, logical ids, and opaque node ids."""

import base64
import binascii
import itertools
import os
import secrets
import time
import uuid
from typing import NamedTuple

_PROCESS_BYTES = os.urandom(5)
_COUNTER = itertools.count(secrets.randbelow(1 << 23))

MAX_ID_LENGTH = 64
"""In characters. Ids of documents have 17 or 24 characters; ids of users may be words."""


def new_id() -> str:
    """Return 24 hexadecimal digits that sort by time: 4 bytes of seconds, 5 of the process, 3 of a counter."""
    seconds = int(time.time()).to_bytes(4, "big")
    counter = (next(_COUNTER) & 0xFFFFFF).to_bytes(3, "big")
    return (seconds + _PROCESS_BYTES + counter).hex()


def new_series_id() -> int:
    """Return a random number of 63 bits for a row of `gateway.database.tables.DaySeries`."""
    return secrets.randbits(63)


def new_logical_id(kind: str) -> str:
    """Return an id that survives export and import, such as `use_case_<uuid>`."""
    return f"{kind}_{uuid.uuid4()}"


def is_id(value: str) -> bool:
    """Return whether a text is a valid id: 1 to 64 visible ASCII characters."""
    return 0 < len(value) <= MAX_ID_LENGTH and value.isascii() and value.isprintable() and " " not in value


class NodeId(NamedTuple):
    """The content of a `nodeId`: the GraphQL type, the team, and the id within them."""

    type_name: str
    team_id: str
    id: str

    def encode(self) -> str:
        raw = "\n".join(self).encode()
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    @classmethod
    def decode(cls, value: str) -> "NodeId | None":
        """Return the content of a `nodeId`, or None if the text is not one."""
        try:
            raw = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True).decode()
        except (binascii.Error, ValueError):
            return None
        parts = raw.split("\n")
        return cls(*parts) if len(parts) == len(cls._fields) and all(parts) else None
