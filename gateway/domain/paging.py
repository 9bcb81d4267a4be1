"""Pages of lists: order, arguments, and the rows of a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from gateway.domain.statement_arguments import StatementArguments

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 100
MAX_OFFSET = 10_000
"""A database reads all entries that an offset skips. A cursor skips any number of them for nothing."""

T = TypeVar("T")
R = TypeVar("R", covariant=True)  # noqa: PLC0105 (the row; `R_co` adds nothing)

CursorValues = tuple[str | int | datetime, ...]
"""The values of a row for the keys of an order: null is an empty text, and a flag 0 or 1."""


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
        """The order's name in the signatures of cursors, such as `-created_at,id`."""
        return ",".join(("-" if key.descending else "") + key.column for key in self.keys)


OLDEST_FIRST = SortOrder((SortKey("created_at"), SortKey("id")))


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
