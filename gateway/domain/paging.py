"""Pages of lists: order, cursors, and the rows of a page."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import orjson

from gateway.domain.calendar import instants
from gateway.domain.statement_arguments import StatementArguments

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 100
_CURSOR_VERSION = 1

T = TypeVar("T")
R = TypeVar("R", covariant=True)  # noqa: PLC0105 (the row; `R_co` adds nothing)

CursorValues = tuple[str | datetime, ...]
"""The values of a row for the keys of an order; null is an empty text."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column that sorts a list, and its direction."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class SortOrder:
    """A total order: its keys together are unique for each row."""

    keys: tuple[SortKey, ...]

    @property
    def name(self) -> str:
        """The order's name in cursors, such as `-created_at,id`."""
        return ",".join(("-" if key.descending else "") + key.column for key in self.keys)

    def encode_cursor(self, row: object) -> str:
        """Return the opaque cursor of a row in this order."""
        values = [getattr(row, key.column) for key in self.keys]
        texts = [instants.format_instant(v) if isinstance(v, datetime) else (v or "") for v in values]
        return _encode_cursor([_CURSOR_VERSION, self.name, *texts])

    def parse_cursor_values(self, texts: Sequence[str]) -> CursorValues | None:
        """Return the values of a cursor's texts in this order, or None if the cursor is of another order."""
        if len(texts) != len(self.keys):
            return None
        found: list[str | datetime] = []
        for key, text in zip(self.keys, texts, strict=True):
            value = _parse_exact_instant(text) if key.column.endswith("_at") else text
            if value is None:
                return None
            found.append(value)
        return tuple(found)


OLDEST_FIRST = SortOrder((SortKey("created_at"), SortKey("id")))


def _parse_exact_instant(text: str) -> datetime | None:
    """Return the instant, or None if `SortOrder.encode_cursor` would write it differently."""
    found = instants.parse_instant(text)
    return found if found is not None and instants.format_instant(found) == text else None


def _encode_cursor(parts: Sequence[int | str]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(parts)).rstrip(b"=").decode()


def decode_cursor(cursor: str) -> tuple[str, list[str]] | None:
    """Return the name of a cursor's order and its texts, or None if `SortOrder.encode_cursor` did not write it."""
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        return None
    match parts:
        case [int(version), str(name), *texts] if (
            version == _CURSOR_VERSION
            and all(isinstance(text, str) and "\0" not in text for text in texts)
            # base64 and JSON have several spellings of the same values; a cursor has one.
            and _encode_cursor([_CURSOR_VERSION, name, *texts]) == cursor
        ):
            return name, texts
        case _:
            return None


@dataclass(frozen=True, slots=True)
class PageArguments(StatementArguments):
    """A page of a list: `size` rows between two cursors, from the start or, `backward`, from the end."""

    order: SortOrder
    size: int = DEFAULT_PAGE_SIZE
    offset: int | None = None
    after: CursorValues | None = None
    before: CursorValues | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class RowPage(Generic[R]):
    """The rows of a page, and whether the list has rows before and after it."""

    rows: Sequence[R]
    has_previous: bool
    has_next: bool

    @staticmethod
    def from_rows(rows: Sequence[T], page: PageArguments) -> "RowPage[T]":
        """Return the page from the rows of `gateway.sql.paging`, which fetches one more row on each side."""
        skipped = 0 if page.offset is None else 1
        has_more = len(rows) > skipped + page.size
        shown = rows[skipped : skipped + page.size]
        if page.backward:
            return RowPage(
                shown[::-1],
                has_previous=has_more or page.after is not None,
                has_next=page.before is not None,
            )
        return RowPage(
            shown,
            has_previous=page.after is not None or (skipped > 0 and len(rows) > 0),
            has_next=has_more or page.before is not None,
        )
