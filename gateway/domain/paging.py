"""Pages of a list: which slice, in which order, from which cursor."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import orjson

from gateway.domain import instants

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 100
_CURSOR_VERSION = 1

T = TypeVar("T")

Cursor = tuple[str | datetime, ...]
"""The values of an order's keys in one row; null counts as empty text."""


@dataclass(frozen=True, slots=True)
class Key:
    """One thing a list is sorted by: a column of its rows, and which way."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """A total order: its last key tells any two rows apart."""

    keys: tuple[Key, ...]

    @property
    def name(self) -> str:
        """How a cursor remembers the order it is of, such as `-created_at,id`."""
        return ",".join(("-" if key.descending else "") + key.column for key in self.keys)

    def cursor(self, row: object) -> str:
        """The opaque cursor of a row in this order."""
        values = [getattr(row, key.column) for key in self.keys]
        spelled = [instants.isoformat(v) if isinstance(v, datetime) else (v or "") for v in values]
        raw = orjson.dumps([_CURSOR_VERSION, self.name, *spelled])
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


OLDEST_FIRST = Order((Key("created_at"), Key("id")))


def decode_cursor(cursor: str) -> tuple[str, list[str]] | None:
    """The name of a cursor's order and its values, or None for what is no cursor of ours."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        parts = orjson.loads(raw)
    except (binascii.Error, ValueError):
        return None
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts[1:]):
        return None
    match parts:
        case [version, str(name), *values] if version == _CURSOR_VERSION and version is not True:
            return name, values
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Page:
    """A slice of a list in an order: `size` rows between two cursors, from the front or from the back."""

    order: Order
    size: int = DEFAULT_PAGE_SIZE
    offset: int = 0
    after: Cursor | None = None
    before: Cursor | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """The rows of a page, and whether there are others on either side."""

    rows: Sequence[T]
    has_previous: bool
    has_next: bool

    @classmethod
    def cut(cls, rows: Sequence[T], page: Page) -> "Slice[T]":
        """What `gateway.sql.paging` fetched, without the rows it looks at to see whether there are others."""
        lead = min(page.offset, 1)
        beyond = len(rows) > lead + page.size
        before = page.after is not None or (lead > 0 and len(rows) > 0)
        shown = rows[lead : lead + page.size]
        if page.backward:
            return cls(shown[::-1], has_previous=beyond, has_next=page.before is not None)
        return cls(shown, has_previous=before, has_next=beyond or (page.before is not None and not beyond))
