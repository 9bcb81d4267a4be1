"""Relay's connections: arguments in, one page out, cursors that know their order."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Protocol, TypeVar

import strawberry

from gateway.domain.paging import (
    DEFAULT_PAGE_SIZE,
    MAX_PAGE_SIZE,
    OLDEST_FIRST,
    CursorValues,
    PageArguments,
    RowPage,
    SortOrder,
    decode_cursor,
)
from gateway.errors import CursorInvalid, ProblemList
from gateway.execution import READ_ATTRIBUTES, BatchLoader, BatchRequest, ListSize
from gateway.schema.fields import batched_field

T = TypeVar("T")

ORDER_COLUMNS = ("created_at", "updated_at", "name_key", "username_key", "created_by", "id", "team_id")
"""The attributes of rows that some order of a list goes by, and so its cursors."""

PAGE_LIST_SIZE = ListSize(
    assumed_size=DEFAULT_PAGE_SIZE,
    slicing_arguments=["first", "last"],
    sized_fields=["edges", "nodes"],
    maximum=MAX_PAGE_SIZE,
)
"""For a field that is a connection. A page that is larger is refused, whatever it would cost."""

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


def build_page(
    order: SortOrder,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    offset: int | None,
) -> PageArguments:
    """The page that a connection's arguments ask for.

    Raises Refused, with a path that is the argument's name, for a size outside 1 to 100, for arguments that
    exclude each other, and for a cursor that this list did not give in this order.
    """
    problems = ProblemList()
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 1 <= size <= MAX_PAGE_SIZE:
            problems.add_invalid(f"`{name}` must be from 1 to {MAX_PAGE_SIZE}, not {size}.", name)
    if first is not None and last is not None:
        problems.add_invalid("Give `first` or `last`, not both.", "last")
    if offset is not None and offset < 0:
        problems.add_invalid(f"`offset` must be 0 or more, not {offset}.", "offset")
    if offset and (last is not None or before is not None):
        problems.add_invalid("`offset` counts from the front; leave out `last` and `before`.", "offset")
    problems.raise_if_any()
    return PageArguments(
        order=order,
        size=first or last or DEFAULT_PAGE_SIZE,
        offset=offset or None,
        after=None if after is None else _parse_cursor(order, "after", after),
        before=None if before is None else _parse_cursor(order, "before", before),
        backward=last is not None,
    )


def _parse_cursor(order: SortOrder, argument: str, cursor: str) -> CursorValues:
    decoded = decode_cursor(cursor)
    if decoded is None:
        raise CursorInvalid(f"`{argument}` is not a cursor of this graph; take one from `pageInfo`.", argument)
    name, spelled = decoded
    values = order.parse_cursor_values(spelled) if name == order.name else None
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
    """What a connection is answered from: a page, and what counts the whole list should that be asked."""

    page: PageArguments
    page_slice: RowPage[object]
    count_request: BatchRequest

    @property
    def nodes(self) -> Sequence[object]:
        return self.page_slice.rows

    @property
    def edges(self) -> Sequence[EdgeSource]:
        return [EdgeSource(self.page.order.encode_cursor(row), row) for row in self.page_slice.rows]

    def build_page_info(self, total: int | None) -> PageInfo:
        """Where the page stands in its list, the whole of which has `total` entries if that had to be asked."""
        rows, cursor = self.page_slice.rows, self.page.order.encode_cursor
        return PageInfo(
            has_next_page=self.page_slice.has_next,
            has_previous_page=self.page_slice.has_previous or bool(total),
            start_cursor=cursor(rows[0]) if rows else None,
            end_cursor=cursor(rows[-1]) if rows else None,
        )

    def get_page_info_request(self) -> BatchRequest | None:
        """What has to be asked for `place`: past the end of a list nothing was fetched that would tell."""
        is_past_the_end = self.page.offset and not self.page_slice.rows and not self.page_slice.has_previous
        return self.count_request if is_past_the_end else None


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(
        description="The page's entries, each with its cursor.", metadata={READ_ATTRIBUTES: ORDER_COLUMNS}
    )
    nodes: list[T] = strawberry.field(description="The page's entries without their cursors.")
    page_info: PageInfo = batched_field(
        "Where the page stands in its list.",
        lambda root, _: root.get_page_info_request(),
        lambda total, root, _: root.build_page_info(total),
        reads=ORDER_COLUMNS,
    )
    total_count: int = batched_field(
        "How many entries the whole list has; counted only when asked for.",
        lambda root, _: root.count_request,
        lambda total, *_: total or 0,
        reads=(),
    )


class ParentRow(Protocol):
    """What has lists below it."""

    team_id: str
    id: str


def connection_field(
    description: str,
    list_batch: BatchLoader,
    count_batch: BatchLoader,
    parse_arguments: Callable[..., tuple[PageArguments, *tuple[Any, ...]]],
) -> Any:  # noqa: ANN401 (a dataclass field)
    """A list below a row, found for all rows at once.

    `asked` turns the field's arguments into the page and whatever else the services that list and count take.
    """

    def build_request(row: ParentRow, arguments: tuple[Hashable, ...]) -> BatchRequest:
        return BatchRequest(list_batch, (row.team_id, row.id), arguments)

    def build_connection(
        found: Sequence[object] | None, row: ParentRow, arguments: tuple[Any, ...]
    ) -> ConnectionSource:
        page, *further = arguments
        count_request = BatchRequest(count_batch, (row.team_id, row.id), tuple(further))
        return ConnectionSource(page, RowPage.from_rows(found or (), page), count_request)

    return batched_field(
        description, build_request, build_connection, arguments=parse_arguments, directives=[PAGE_LIST_SIZE]
    )


def parse_page_arguments(
    first: First = None, after: After = None, last: Last = None, before: Before = None, offset: Offset = None
) -> tuple[PageArguments]:
    """The page of a list that takes nothing else, the oldest first."""
    return (build_page(OLDEST_FIRST, first, after, last, before, offset),)
