"""Relay's connections: arguments in, one page out, cursors that know their order."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

import strawberry

from gateway.domain.paging import (
    DEFAULT_PAGE_SIZE,
    MAX_PAGE_SIZE,
    Cursor,
    Order,
    Page,
    Slice,
    decode_cursor,
)
from gateway.errors import CursorInvalid, Problems
from gateway.schema.fields import field

T = TypeVar("T")

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"How many from the front: 1 to {MAX_PAGE_SIZE}; {DEFAULT_PAGE_SIZE} when neither "
        "`first` nor `last` is given."
    ),
]
After = Annotated[str | None, strawberry.argument(description="Only what follows this cursor.")]
Last = Annotated[int | None, strawberry.argument(description=f"How many from the back: 1 to {MAX_PAGE_SIZE}.")]
Before = Annotated[str | None, strawberry.argument(description="Only what precedes this cursor.")]
Offset = Annotated[
    int | None,
    strawberry.argument(description="How many to skip from the front; not together with `last` or `before`."),
]


def page_of(
    order: Order,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    offset: int | None,
) -> Page:
    """The page that a connection's arguments ask for.

    Raises Refused, with a path that is the argument's name, for a size outside 1 to 100, for arguments that
    exclude each other, and for a cursor that this list did not give in this order.
    """
    problems = Problems()
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 1 <= size <= MAX_PAGE_SIZE:
            problems.invalid(f"`{name}` must be from 1 to {MAX_PAGE_SIZE}, not {size}.", name)
    if first is not None and last is not None:
        problems.invalid("Give `first` or `last`, not both.", "last")
    if offset is not None and offset < 0:
        problems.invalid(f"`offset` must be 0 or more, not {offset}.", "offset")
    if offset and (last is not None or before is not None):
        problems.invalid("`offset` counts from the front; leave out `last` and `before`.", "offset")
    problems.raise_if_any()
    return Page(
        order=order,
        size=first or last or DEFAULT_PAGE_SIZE,
        offset=offset or 0,
        after=None if after is None else _cursor(order, "after", after),
        before=None if before is None else _cursor(order, "before", before),
        backward=last is not None,
    )


def _cursor(order: Order, argument: str, cursor: str) -> Cursor:
    decoded = decode_cursor(cursor)
    if decoded is None:
        raise CursorInvalid(f"`{argument}` is not a cursor of this graph; take one from `pageInfo`.", argument)
    name, spelled = decoded
    values = order.values(spelled) if name == order.name else None
    if values is None:
        raise CursorInvalid(
            f"`{argument}` is a cursor of another list or order; take one from a list in the order asked now.",
            argument,
        )
    return values


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there are more after this page.")
    has_previous_page: bool = strawberry.field(description="Whether there are more before this page.")
    start_cursor: str | None = strawberry.field(description="The first cursor of the page.")
    end_cursor: str | None = strawberry.field(description="The last cursor of the page.")


@strawberry.type(description="One place in a list.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="Marks this place for `after` and `before`.")
    node: T = strawberry.field(description="What stands there.")


@dataclass(frozen=True, slots=True)
class EdgeSource:
    cursor: str
    node: object


@dataclass(frozen=True, slots=True)
class ConnectionSource:
    """What a connection is answered from: a page, and how to count the whole list should that be asked."""

    page: Page
    slice: Slice[object]
    count: Callable[[], Awaitable[int]]

    @property
    def nodes(self) -> Sequence[object]:
        return self.slice.rows

    @property
    def edges(self) -> Sequence[EdgeSource]:
        return [EdgeSource(self.page.order.cursor(row), row) for row in self.slice.rows]

    async def place(self) -> PageInfo:
        """Where the page stands in its list."""
        rows, cursor = self.slice.rows, self.page.order.cursor
        has_previous = self.slice.has_previous
        if self.page.offset and not rows and not has_previous:
            # Past the end nothing was fetched that would tell.
            has_previous = await self.count() > 0
        return PageInfo(
            has_next_page=self.slice.has_next,
            has_previous_page=has_previous,
            start_cursor=cursor(rows[0]) if rows else None,
            end_cursor=cursor(rows[-1]) if rows else None,
        )


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The page's entries, each with its cursor.")
    nodes: list[T] = strawberry.field(description="The page's entries without their cursors.")

    @field("Where the page stands in its list.")
    @staticmethod
    async def page_info(root: strawberry.Parent[ConnectionSource]) -> PageInfo:
        return await root.place()

    @field("How many entries the whole list has; counted only when asked for.")
    @staticmethod
    async def total_count(root: strawberry.Parent[ConnectionSource]) -> int:
        return await root.count()
