"""Relay connections: arguments, page, edges and cursors."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Generic, NamedTuple, Protocol, TypeVar, cast

import strawberry

from gateway.domain.cursors import CursorCodec
from gateway.domain.paging import (
    DEFAULT_PAGE_SIZE,
    MAX_OFFSET,
    MAX_PAGE_SIZE,
    OLDEST_FIRST,
    CursorValues,
    PageArguments,
    RowPage,
    SortOrder,
)
from gateway.errors import CursorInvalid, ProblemList
from gateway.execution import (
    READ_COLUMNS,
    ArgumentsCost,
    BatchedField,
    BatchLoader,
    BatchRequest,
    Cost,
    ListSize,
)
from gateway.schema.context import Context
from gateway.schema.fields import batched_field

T = TypeVar("T")

ORDER_COLUMNS = (
    *("created_at", "updated_at", "name_key", "username_key", "created_by", "kind", "enabled"),
    *("event", "user_id", "id", "team_id", "at"),
)
"""Attributes of rows that sort orders, and so cursors, consist of."""

PAGE_LIST_SIZE = ListSize(
    assumed_size=DEFAULT_PAGE_SIZE,
    slicing_arguments=["first", "last"],
    sized_fields=["edges", "nodes"],
    maximum=MAX_PAGE_SIZE,
)
"""List size of every connection field. A larger page is refused, so it cannot cost more."""

_TOTAL_COUNT_COST = Cost(weight=100)

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"Number of entries from the start of the list, 1 to {MAX_PAGE_SIZE}. {DEFAULT_PAGE_SIZE} "
        "when neither `first` nor `last` is given."
    ),
]
After = Annotated[str | None, strawberry.argument(description="Return entries after this cursor.")]
Last = Annotated[
    int | None,
    strawberry.argument(
        description=f"Number of entries from the end of the list, 1 to {MAX_PAGE_SIZE}; excludes `first`."
    ),
]
Before = Annotated[str | None, strawberry.argument(description="Return entries before this cursor.")]
OFFSET_DESCRIPTION = (
    f"Number of entries to skip from the start, at most {MAX_OFFSET}; cannot be combined with `last` or `before`. "
    "Cursors reach any entry."
)
Offset = Annotated[int | None, strawberry.argument(description=OFFSET_DESCRIPTION)]


class RequestedPage(NamedTuple):
    """The page that the arguments of a connection select; its cursors are not decoded."""

    page: PageArguments
    after: str | None
    before: str | None

    def build_page(self, cursors: CursorCodec, *parent: str) -> PageArguments:
        """Return the page of the list below a parent. Raises CursorInvalid for a cursor of any other list."""
        page = self.page
        if self.after is not None:
            page = replace(page, after=_decode_cursor(cursors, parent, "after", self.after))
        if self.before is not None:
            page = replace(page, before=_decode_cursor(cursors, parent, "before", self.before))
        return page


def parse_page(
    order: SortOrder,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    offset: int | None,
) -> RequestedPage:
    """Return the page that the arguments of a connection select.

    Raises Refused, with the argument's name as path, when a size is outside 1 to 100, an offset is above
    `MAX_OFFSET`, or arguments exclude each other.
    """
    problems = ProblemList()
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 1 <= size <= MAX_PAGE_SIZE:
            problems.add_invalid(f"`{name}` must be from 1 to {MAX_PAGE_SIZE}, not {size}.", name)
    if first is not None and last is not None:
        problems.add_invalid("Give `first` or `last`, not both.", "last")
    if offset is not None and offset < 0:
        problems.add_invalid(f"`offset` must be 0 or more, not {offset}.", "offset")
    if offset is not None and offset > MAX_OFFSET:
        message = (
            f"`offset` must be at most {MAX_OFFSET}, not {offset}. Go on from there with `after` and a cursor."
        )
        problems.add_invalid(message, "offset")
    if offset and (last is not None or before is not None):
        problems.add_invalid("`offset` cannot be combined with `last` or `before`.", "offset")
    problems.raise_if_any()
    page = PageArguments(
        order=order, size=first or last or DEFAULT_PAGE_SIZE, offset=offset or None, backward=last is not None
    )
    return RequestedPage(page, after, before)


def _decode_cursor(cursors: CursorCodec, parent: tuple[str, ...], argument: str, cursor: str) -> CursorValues:
    values = cursors.decode(cursor, parent)
    if values is None:
        raise CursorInvalid(
            f"`{argument}` is not a cursor of this list in this order; take one from the list's `pageInfo`.",
            argument,
        )
    return values


@strawberry.type(description="Position of a page in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether the list has entries after this page.")
    has_previous_page: bool = strawberry.field(description="Whether the list has entries before this page.")
    start_cursor: str | None = strawberry.field(
        description="Cursor of the first entry; null when the page is empty."
    )
    end_cursor: str | None = strawberry.field(description="Cursor of the last entry; null when the page is empty.")


@strawberry.type(description="Entry of a list with its cursor.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(
        description="Opaque position of the entry in the list, for `after` and `before`."
    )
    node: T = strawberry.field(description="The entry.")


class EdgeSource(NamedTuple):
    cursor: str
    node: object


@dataclass(frozen=True, slots=True)
class ConnectionSource:
    """Source of a connection: one page, its cursors, and the request that counts the whole list."""

    cursors: CursorCodec
    parent: tuple[str, ...]
    """Key of the row that the list is below."""
    page: PageArguments
    page_slice: RowPage[object]
    count_request: BatchRequest

    @property
    def nodes(self) -> Sequence[object]:
        return self.page_slice.rows

    @property
    def edges(self) -> Sequence[EdgeSource]:
        return [*map(EdgeSource, self.encode_cursors(self.page_slice.rows), self.page_slice.rows)]

    def encode_cursors(self, rows: Sequence[object]) -> list[str]:
        """Return the cursor of each of these rows."""
        return self.cursors.encode(rows, self.parent)

    def build_page_info(self, total: int | None) -> "PageInfoSource":
        """Return the position of the page; `total` is the size of the list, or None when it was not counted."""
        return PageInfoSource(self, self.page_slice.has_previous or bool(total), self.page_slice.has_next)

    def get_page_info_request(self) -> BatchRequest | None:
        """Return the count request if the page is past the end: then no row shows whether the list has entries."""
        is_past_the_end = self.page.offset and not self.page_slice.rows and not self.page_slice.has_previous
        return self.count_request if is_past_the_end else None


class PageInfoSource(NamedTuple):
    """Source of the position of a page. A cursor is encoded only if it is selected."""

    connection: ConnectionSource
    has_previous_page: bool
    has_next_page: bool

    @property
    def start_cursor(self) -> str | None:
        return next(iter(self.connection.encode_cursors(self.connection.nodes[:1])), None)

    @property
    def end_cursor(self) -> str | None:
        return next(iter(self.connection.encode_cursors(self.connection.nodes[-1:])), None)


@strawberry.type(description="Page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(
        description="Entries of the page with their cursors.", metadata={READ_COLUMNS: ORDER_COLUMNS}
    )
    nodes: list[T] = strawberry.field(description="Entries of the page without cursors.")
    page_info: PageInfo = batched_field(
        "Position of the page in the list.",
        lambda root, _: root.get_page_info_request(),
        lambda total, root, _: root.build_page_info(total),
        reads=ORDER_COLUMNS,
    )
    total_count: int = batched_field(
        "Number of entries in the whole list; counted only when selected.",
        lambda root, _: root.count_request,
        lambda total, *_: total or 0,
        reads=(),
        directives=[_TOTAL_COUNT_COST],
    )


class ParentRow(Protocol):
    """Row that has connections below it."""

    team_id: str
    id: str


class ConnectionArguments(NamedTuple):
    """The converted arguments of a connection below rows."""

    cursors: CursorCodec
    page: RequestedPage
    further: tuple[Hashable, ...]


class ConnectionField(BatchedField):
    """A connection below a row. Its resolver returns the page and the further arguments of the services."""

    def resolve_arguments(self, kwargs: Mapping[str, object], context: Context) -> ConnectionArguments:
        page, *further = cast(Sequence[Any], super().resolve_arguments(kwargs, context))
        team_id, order = context.viewer.team_id, page.page.order
        cursors = CursorCodec.create(context.cursor_key, team_id, self.python_name, order)
        return ConnectionArguments(cursors, page, tuple(further))


def connection_field(
    description: str,
    list_batch: BatchLoader,
    count_batch: BatchLoader,
    parse_arguments: Callable[..., tuple[RequestedPage, *tuple[Any, ...]]],
    metadata: Mapping[str, ArgumentsCost] | None = None,
) -> Any:  # noqa: ANN401 (a dataclass field)
    """Return a connection field below a row, which is batched over all rows.

    `parse_arguments` turns the field's arguments into the page and the further arguments of the services.
    """

    def build_request(row: ParentRow, arguments: ConnectionArguments) -> BatchRequest:
        page = arguments.page.build_page(arguments.cursors, row.team_id, row.id)
        return BatchRequest(list_batch, (row.team_id, row.id), (page, *arguments.further))

    def build_connection(
        rows: Sequence[object] | None, row: ParentRow, arguments: ConnectionArguments
    ) -> ConnectionSource:
        parent = (row.team_id, row.id)
        page = arguments.page.build_page(arguments.cursors, *parent)
        count_request = BatchRequest(count_batch, parent, arguments.further)
        return ConnectionSource(
            arguments.cursors, parent, page, RowPage.from_rows(rows or (), page), count_request
        )

    return batched_field(
        description,
        build_request,
        build_connection,
        arguments=parse_arguments,
        directives=[PAGE_LIST_SIZE],
        field_class=ConnectionField,
        metadata=metadata or {},
    )


def parse_page_arguments(
    first: First = None, after: After = None, last: Last = None, before: Before = None, offset: Offset = None
) -> tuple[RequestedPage]:
    """Return the page of a list without further arguments, the oldest first."""
    return (parse_page(OLDEST_FIRST, first, after, last, before, offset),)
