"""Keyset pagination: of one list, and of the lists of many parents in one statement.

The pages of many parents are `LATERAL` on PostgreSQL. SQLite has no `LATERAL`; there the row ids of a page are a
subquery of `IN`, which runs once for each parent. A rank over the rows of all parents would read all of them.

The statements select one row after the page and, with an offset, one before it. So
`gateway.domain.paging.RowPage.from_rows` knows whether there are other pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    SQLColumnExpression,
    and_,
    false,
    inspect,
    join,
    or_,
    select,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from gateway.database import AuditEntry, Base, Integration, ResourceRecord, TypeCount, UseCase, UseCaseGroup
from gateway.domain.paging import CursorValues, PageArguments, SortOrder

T = TypeVar("T", bound=Base)
Parent = TypeVar("Parent", Integration, TypeCount)
Child = TypeVar("Child", AuditEntry, ResourceRecord, UseCase, UseCaseGroup)


class RowId(GenericFunction[int]):
    """The `rowid` of SQLite of the row that a column belongs to.

    By primary key, SQLite would prefer an index that has all selected columns, and read all rows of the team.
    """

    name = "row_id"
    inherit_cache = True


@compiles(RowId, "sqlite")
def _compile_row_id(function: RowId, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    table, _, _ = compiler.process(*function.clauses, **options).rpartition(".")
    return f"{table}.rowid"


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
    statement = statement.where(*_build_cursor_conditions(columns, page))
    return limit_to_page(statement.order_by(*_build_order_by(columns, page)), page)


def select_page_of(
    rows: type[Child], conditions: Sequence[ColumnElement[bool]], page: PageArguments
) -> Select[Child]:
    """Select a page of the rows that meet the conditions; `rows` is their table or an alias of it."""
    return select_page(select(rows).where(*conditions), _get_order_columns(rows, page), page)


def select_pages(
    dialect: str,
    parents: type[Parent],
    conditions: Sequence[ColumnElement[bool]],
    statement: Select[Child],
    page: PageArguments,
) -> Select[Child]:
    """Select the rows that `statement` selects for each parent that meets the conditions, in the page's order.

    `statement` selects the page of one parent from an alias of the table; its conditions name the parent.
    """
    rows, joined = _join_pages(dialect, parents, statement.correlate(parents))
    order_by = _build_order_by(_get_order_columns(rows, page), page)
    return select(rows).select_from(joined).where(*conditions).order_by(*order_by)


def limit_to_page(statement: Select[T], page: PageArguments) -> Select[T]:
    """Return the statement with the offset and the limit of a page; its rows are in the page's order."""
    offset, limit = _compute_window(page)
    return statement.limit(limit) if offset is None else statement.limit(limit).offset(offset)


def build_first_page(page: PageArguments) -> PageArguments:
    """Return a page with all rows up to the end of this one: its rows and those that its offset skips."""
    return page if page.offset is None else replace(page, offset=None, size=page.offset + page.size)


def _join_pages(dialect: str, parents: type[Parent], statement: Select[Child]) -> tuple[type[Child], FromClause]:
    """Return an alias of the rows of all pages, and the join of each parent to its page."""
    of_parent = statement.column_descriptions[0]["entity"]
    entity: type[Child] = inspect(of_parent).mapper.class_
    if dialect == "postgresql":
        rows = aliased(entity, statement.lateral())
        return rows, join(parents, rows, true())
    rows = aliased(entity)
    row_ids = statement.with_only_columns(RowId(of_parent.id), maintain_column_froms=True)
    return rows, join(parents, rows, RowId(rows.id).in_(row_ids))


def _get_order_columns(rows: type[Child], page: PageArguments) -> OrderColumns:
    return {key.column: getattr(rows, key.column) for key in page.order.keys}
