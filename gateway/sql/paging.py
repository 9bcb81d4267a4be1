"""Keyset pages: of one list, and of one list for each of many parents in one statement.

Both fetch one row more than the page holds, and one before it when it is offset, so that
`gateway.domain.paging.Slice.cut` can say whether there are others.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, false, func, or_, select

from gateway.database import Base
from gateway.domain.paging import CursorValues, PageArguments, SortOrder
from gateway.sql.text_lists import is_single

T = TypeVar("T", bound=Base)
OrderColumns = Mapping[str, SQLColumnExpression[Any]]
"""The expression of each key that a list can be sorted by; none of them may be null."""


def _is_beyond(
    columns: OrderColumns, order: SortOrder, cursor: CursorValues, *, forward: bool
) -> ColumnElement[bool]:
    """Rows after (or before) a cursor: in the first key, or equal there and in the second, and so on."""
    alternatives: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for key, value in zip(order.keys, cursor, strict=True):
        column = columns[key.column]
        further = column < value if key.descending == forward else column > value
        alternatives.append(and_(*equal, further))
        equal.append(column == value)
    # The alternatives say this too, but no database begins to read an index at what an OR says.
    first, start = columns[order.keys[0].column], cursor[0]
    reached = first <= start if order.keys[0].descending == forward else first >= start
    return and_(reached, or_(false(), *alternatives))


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
    """How many rows to skip, if any, and to take, with the one before and the one after the page."""
    return (None, page.size + 1) if page.offset is None else (page.offset - 1, page.size + 2)


def select_page(statement: Select[T], columns: OrderColumns, page: PageArguments) -> Select[T]:
    """One page of a list."""
    skip, take = _compute_window(page)
    statement = (
        statement.where(*_build_cursor_conditions(columns, page))
        .order_by(*_build_order_by(columns, page))
        .limit(take)
    )
    return statement if skip is None else statement.offset(skip)


def select_page_by_parent(
    statement: Select[T],
    entity: type[T],
    parent: SQLColumnExpression[str],
    parents: Sequence[str],
    columns: OrderColumns,
    page: PageArguments,
) -> Select[T]:
    """The same page of the list under each of these parents, as `statement` gives them, in the page's order."""
    if is_single(parents):
        # Without ranking all there is below it: that may be very much.
        return select_page(statement, columns, page)
    skip, take = _compute_window(page)
    keys = [*entity.__table__.primary_key]
    rank = func.row_number().over(partition_by=parent, order_by=_build_order_by(columns, page)).label("place")
    ranked = (
        statement.where(*_build_cursor_conditions(columns, page)).with_only_columns(*keys, rank).subquery("ranked")
    )
    return (
        select(entity)
        .join(ranked, and_(*(key == ranked.c[key.name] for key in keys)))
        .where(*_build_rank_conditions(ranked.c.place, skip, take))
        .order_by(ranked.c.place)
    )


def _build_rank_conditions(rank: ColumnElement[int], skip: int | None, take: int) -> list[ColumnElement[bool]]:
    return [rank <= take] if skip is None else [rank > skip, rank <= skip + take]
