"""Keyset pagination: of one list, and of the lists of many parents in one statement.

The statements select one row after the page and, with an offset, one before it. So
`gateway.domain.paging.RowPage.from_rows` knows whether there are other pages.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, false, func, or_, select

from gateway.database import Base
from gateway.domain.paging import CursorValues, PageArguments, SortOrder
from gateway.sql.text_lists import is_single

T = TypeVar("T", bound=Base)
OrderColumns = Mapping[str, SQLColumnExpression[Any]]
"""The expression of each sort key of a list; none may be null."""


def _is_beyond(
    columns: OrderColumns, order: SortOrder, cursor: CursorValues, *, forward: bool
) -> ColumnElement[bool]:
    """Return the condition for rows after a cursor, or before it if not `forward`."""
    alternatives: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for key, value in zip(order.keys, cursor, strict=True):
        column = columns[key.column]
        further = column < value if key.descending == forward else column > value
        alternatives.append(and_(*equal, further))
        equal.append(column == value)
    # The alternatives imply this condition, but databases do not use an index for an OR.
    first, start = columns[order.keys[0].column], cursor[0]
    is_reached = first <= start if order.keys[0].descending == forward else first >= start
    return and_(is_reached, or_(false(), *alternatives))


def _build_cursor_conditions(columns: OrderColumns, page: PageArguments) -> list[ColumnElement[bool]]:
    found = []
    if page.after is not None:
        found.append(_is_beyond(columns, page.order, page.after, forward=True))
    if page.before is not None:
        found.append(_is_beyond(columns, page.order, page.before, forward=False))
    return found


def _build_order_by(columns: OrderColumns, page: PageArguments) -> list[ColumnElement[Any]]:
    return [
        columns[key.column].desc() if key.descending != page.backward else columns[key.column].asc()
        for key in page.order.keys
    ]


def _compute_window(page: PageArguments) -> tuple[int | None, int]:
    """Return offset and limit, including the row before and the row after the page."""
    return (None, page.size + 1) if page.offset is None else (page.offset - 1, page.size + 2)


def select_page(statement: Select[T], columns: OrderColumns, page: PageArguments) -> Select[T]:
    """Return the statement with the conditions, the order and the limit of a page."""
    offset, limit = _compute_window(page)
    statement = (
        statement.where(*_build_cursor_conditions(columns, page))
        .order_by(*_build_order_by(columns, page))
        .limit(limit)
    )
    return statement if offset is None else statement.offset(offset)


def select_page_by_parent(
    statement: Select[T],
    entity: type[T],
    parent: SQLColumnExpression[str],
    parents: Sequence[str],
    columns: OrderColumns,
    page: PageArguments,
) -> Select[T]:
    """Select the same page of the list under each parent, in the page's order.

    `statement` selects the rows of all parents, and `parent` is their column of the parent's id. Only a single
    parent has cursors, because a cursor belongs to one list.
    """
    if is_single(parents):
        # Without a rank, which would number all rows under the parent.
        return select_page(statement, columns, page)
    offset, limit = _compute_window(page)
    keys = [*entity.__table__.primary_key]
    rank = func.row_number().over(partition_by=parent, order_by=_build_order_by(columns, page)).label("rank")
    ranked = statement.with_only_columns(*keys, rank).subquery("ranked")
    return (
        select(entity)
        .join(ranked, and_(*(key == ranked.c[key.name] for key in keys)))
        .where(*_build_rank_conditions(ranked.c.rank, offset, limit))
        .order_by(ranked.c.rank)
    )


def _build_rank_conditions(rank: ColumnElement[int], offset: int | None, limit: int) -> list[ColumnElement[bool]]:
    return [rank <= limit] if offset is None else [rank > offset, rank <= offset + limit]
