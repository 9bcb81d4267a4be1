"""Keyset pages: of one list, and of one list for each of many parents in one statement.

Both fetch one row more than the page holds, and one before it when it is offset, so that
`gateway.domain.paging.Slice.cut` can say whether there are others.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, false, func, or_, select

from gateway.database.tables import Base
from gateway.domain.paging import Cursor, Order, Page
from gateway.sql.texts import is_one

T = TypeVar("T", bound=Base)
Columns = Mapping[str, SQLColumnExpression[Any]]
"""The expression of each key that a list can be sorted by; none of them may be null."""


def _beyond(columns: Columns, order: Order, cursor: Cursor, *, forward: bool) -> ColumnElement[bool]:
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


def _bounds(columns: Columns, page: Page) -> list[ColumnElement[bool]]:
    found = []
    if page.after is not None:
        found.append(_beyond(columns, page.order, page.after, forward=True))
    if page.before is not None:
        found.append(_beyond(columns, page.order, page.before, forward=False))
    return found


def _ordering(columns: Columns, page: Page) -> list[ColumnElement[Any]]:
    return [
        columns[key.column].desc() if key.descending != page.backward else columns[key.column].asc()
        for key in page.order.keys
    ]


def _window(page: Page) -> tuple[int | None, int]:
    """How many rows to skip, if any, and to take, with the one before and the one after the page."""
    return (None, page.size + 1) if page.offset is None else (page.offset - 1, page.size + 2)


def paged(statement: Select[T], columns: Columns, page: Page) -> Select[T]:
    """One page of a list."""
    skip, take = _window(page)
    statement = statement.where(*_bounds(columns, page)).order_by(*_ordering(columns, page)).limit(take)
    return statement if skip is None else statement.offset(skip)


def paged_by_parent(
    statement: Select[T],
    entity: type[T],
    parent: SQLColumnExpression[str],
    parents: Sequence[str],
    columns: Columns,
    page: Page,
) -> Select[T]:
    """The same page of the list under each of these parents, as `statement` gives them, in the page's order."""
    if is_one(parents):
        # Without ranking all there is below it: that may be very much.
        return paged(statement, columns, page)
    skip, take = _window(page)
    keys = [*entity.__table__.primary_key]
    place = func.row_number().over(partition_by=parent, order_by=_ordering(columns, page)).label("place")
    ranked = statement.where(*_bounds(columns, page)).with_only_columns(*keys, place).subquery("ranked")
    return (
        select(entity)
        .join(ranked, and_(*(key == ranked.c[key.name] for key in keys)))
        .where(*_places(ranked.c.place, skip, take))
        .order_by(ranked.c.place)
    )


def _places(place: ColumnElement[int], skip: int | None, take: int) -> list[ColumnElement[bool]]:
    return [place <= take] if skip is None else [place > skip, place <= skip + take]
