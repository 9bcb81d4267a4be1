"""Groupings of records for the parts of dashboards.

The result has the columns `dashboard`, `part`, `value` and one for each status. The values of TRENDS are numbers
of days, those of a breakdown are buckets, and OVERVIEW has the one value ALL.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from gateway.domain.statistics import ALL, COUNTED_STATUSES, OVERVIEW, TRENDS

CountSelect: TypeAlias = Select[str, str, str, int, int, int]
"""Dashboard, part, value, and the numbers of successful, failed and pending records."""

POSTGRESQL = "postgresql"
"""The name of the dialect with GROUPING SETS."""


class DayNumber(GenericFunction[int]):
    """The `date.toordinal` of the local day of an instant, for an offset from UTC in whole seconds."""

    type = Integer()
    inherit_cache = True


@compiles(DayNumber, "sqlite")
def _compile_day_number_sqlite(element: DayNumber, compiler: SQLCompiler, **keywords: Any) -> str:  # noqa: ANN401
    at, offset = (compiler.process(clause, **keywords) for clause in element.clauses)
    return f"CAST(julianday(substr({at}, 1, 19), ({offset}) || ' seconds') - 1721424.5 AS INTEGER)"


@compiles(DayNumber, "postgresql")
def _compile_day_number_postgresql(element: DayNumber, compiler: SQLCompiler, **keywords: Any) -> str:  # noqa: ANN401
    at, offset = (compiler.process(clause, **keywords) for clause in element.clauses)
    # The driver stores the first instant of the calendar as -infinity, which has no day.
    first = "TIMESTAMPTZ '0001-01-01 00:00:00+00'"
    instant = f"CASE {at} WHEN '-infinity' THEN {first} ELSE {at} END AT TIME ZONE 'UTC'"
    return f"({instant} + ({offset}) * interval '1 second')::date - DATE '0001-01-01' + 1"


def select_counts(records: FromClause, parts: Iterable[str], dialect: str) -> list[CountSelect]:
    """Return statements that count the records for each part, one row per dashboard, part and value.

    PostgreSQL counts all parts in one statement by GROUPING SETS; SQLite needs one for each. `records` has the
    columns `dashboard` and `booking_status`, and for their parts `day` and the columns of breakdowns. Trends omit
    records without a day.
    """
    group_columns = {part: _get_group_column(records, part) for part in sorted(parts)}
    if dialect != POSTGRESQL or len(group_columns) == 1:
        return [_select_part_counts(records, part, column) for part, column in group_columns.items()]
    grouped = {part: column for part, column in group_columns.items() if column is not None}
    part = case(*((func.grouping(column) == 0, literal(part)) for part, column in grouped.items()), else_=OVERVIEW)
    value = func.coalesce(*(_to_text(part, column) for part, column in grouped.items()), ALL)
    sets = [
        tuple_(*filter(lambda each: each is not None, (records.c.dashboard, column)))
        for column in group_columns.values()
    ]
    statement = (
        select(records.c.dashboard, part.label("part"), value.label("value"), *_build_status_counts(records))
        .group_by(func.grouping_sets(*sets))
    )  # fmt: skip
    if TRENDS in grouped:
        statement = statement.having(or_(func.grouping(records.c.day) == 1, records.c.day.is_not(None)))
    return [statement]


def _get_group_column(records: FromClause, part: str) -> ColumnElement[Any] | None:
    """Return the column to group by for a part; None for one group of all records."""
    return None if part == OVERVIEW else records.c["day" if part == TRENDS else part]


def _to_text(part: str, column: ColumnElement[Any]) -> ColumnElement[str]:
    return cast(column, String()) if part == TRENDS else column


def _select_part_counts(records: FromClause, part: str, column: ColumnElement[Any] | None) -> CountSelect:
    """Select the counts of one part, one row per dashboard and value."""
    value = literal(ALL) if column is None else _to_text(part, column)
    statement = select(
        records.c.dashboard, literal(part).label("part"), value.label("value"), *_build_status_counts(records)
    ).group_by(records.c.dashboard, *(() if column is None else (column,)))
    return statement.where(records.c.day.is_not(None)) if part == TRENDS else statement


def _build_status_counts(records: FromClause) -> list[ColumnElement[int]]:
    return [
        func.count().filter(records.c.booking_status == status).label(status.value) for status in COUNTED_STATUSES
    ]


def select_sums(
    counts: Iterable[CountSelect], offset: ColumnElement[int], limit: ColumnElement[int]
) -> CountSelect:
    """Select the sums of several counts, one row per dashboard, part and value, in no order.

    A breakdown has one page of values, ordered by their count, the largest first, and then by value. `offset` and
    `limit` may be columns of a table of dashboards.
    """
    counted = union_all(*counts).subquery("counted")
    key = (counted.c.dashboard, counted.c.part, counted.c.value)
    sums = (cast(func.sum(counted.c[status.value]), BigInteger).label(status.value) for status in COUNTED_STATUSES)
    summed = select(*key, *sums).group_by(*key).subquery("summed")
    successful, failed, pending = (summed.c[status.value] for status in COUNTED_STATUSES)
    rank = func.row_number().over(
        partition_by=(summed.c.dashboard, summed.c.part),
        order_by=((successful + failed + pending).desc(), summed.c.value.asc()),
    )
    ranked = select(*summed.c, rank.label("rank")).subquery("ranked")
    is_on_page = and_(ranked.c.rank > offset, ranked.c.rank <= offset + limit)
    return select(*(column for column in ranked.c if column.name != "rank")).where(
        or_(ranked.c.part.in_([OVERVIEW, TRENDS]), is_on_page)
    )
