"""How records are grouped and counted.

What is counted has the columns `dashboard`, `part`, `value` and one for each state: for the part TRENDS the values
are numbers of days, for a breakdown its buckets, and OVERVIEW has one value that says nothing.
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
"""Dashboard, part, value, and how many are successful, failed and pending."""

POSTGRESQL = "postgresql"
"""The dialect of the database that groups in several ways at once."""


class DayNumber(GenericFunction[int]):
    """The number of the day on a clock that is so many whole seconds ahead of UTC, at an instant."""

    type = Integer()
    inherit_cache = True


@compiles(DayNumber, "sqlite")
def _compile_day_number_sqlite(element: DayNumber, compiler: SQLCompiler, **keywords: Any) -> str:  # noqa: ANN401
    at, ahead = (compiler.process(clause, **keywords) for clause in element.clauses)
    return f"CAST(julianday(substr({at}, 1, 19), ({ahead}) || ' seconds') - 1721424.5 AS INTEGER)"


@compiles(DayNumber, "postgresql")
def _compile_day_number_postgresql(element: DayNumber, compiler: SQLCompiler, **keywords: Any) -> str:  # noqa: ANN401
    at, ahead = (compiler.process(clause, **keywords) for clause in element.clauses)
    # The driver stores the first instant of the calendar as -infinity, which is on no day.
    first = "TIMESTAMPTZ '0001-01-01 00:00:00+00'"
    instant = f"CASE {at} WHEN '-infinity' THEN {first} ELSE {at} END AT TIME ZONE 'UTC'"
    return f"({instant} + ({ahead}) * interval '1 second')::date - DATE '0001-01-01' + 1"


def select_counts(records: FromClause, parts: Iterable[str], dialect: str) -> list[CountSelect]:
    """What is counted of these records for each part: in one pass where the database can, else in one for each.

    The records have the columns `dashboard` and `booking_status`, and `day` and those of breakdowns where they are
    among the parts. Those without a day are in no trend.
    """
    group_columns = {part: _get_group_column(records, part) for part in sorted(parts)}
    if dialect != POSTGRESQL or len(group_columns) == 1:
        return [_select_part_counts(records, part, way) for part, way in group_columns.items()]
    grouped = {part: way for part, way in group_columns.items() if way is not None}
    part = case(*((func.grouping(way) == 0, literal(part)) for part, way in grouped.items()), else_=OVERVIEW)
    value = func.coalesce(*(_to_text(part, way) for part, way in grouped.items()), ALL)
    sets = [
        tuple_(*filter(lambda column: column is not None, (records.c.dashboard, way)))
        for way in group_columns.values()
    ]
    statement = (
        select(records.c.dashboard, part.label("part"), value.label("value"), *_build_state_counts(records))
        .group_by(func.grouping_sets(*sets))
    )  # fmt: skip
    if TRENDS in grouped:
        statement = statement.having(or_(func.grouping(records.c.day) == 1, records.c.day.is_not(None)))
    return [statement]


def _get_group_column(records: FromClause, part: str) -> ColumnElement[Any] | None:
    """The column that records are grouped by for a part; None where all are one group."""
    return None if part == OVERVIEW else records.c["day" if part == TRENDS else part]


def _to_text(part: str, column: ColumnElement[Any]) -> ColumnElement[str]:
    return cast(column, String()) if part == TRENDS else column


def _select_part_counts(records: FromClause, part: str, column: ColumnElement[Any] | None) -> CountSelect:
    value = literal(ALL) if column is None else _to_text(part, column)
    statement = select(
        records.c.dashboard, literal(part).label("part"), value.label("value"), *_build_state_counts(records)
    ).group_by(records.c.dashboard, *(() if column is None else (column,)))
    return statement.where(records.c.day.is_not(None)) if part == TRENDS else statement


def _build_state_counts(records: FromClause) -> list[ColumnElement[int]]:
    return [
        func.count().filter(records.c.booking_status == state).label(state.value) for state in COUNTED_STATUSES
    ]


def select_sums(
    counts: Iterable[CountSelect], offset: ColumnElement[int], limit: ColumnElement[int]
) -> CountSelect:
    """The sums of what was counted in several ways; of a breakdown only a page of values, the largest first.

    In no order. How many values are `skipped` and `taken` may be columns of a table of dashboards.
    """
    each = union_all(*counts).subquery("counted")
    key = (each.c.dashboard, each.c.part, each.c.value)
    sums = (cast(func.sum(each.c[state.value]), BigInteger).label(state.value) for state in COUNTED_STATUSES)
    summed = select(*key, *sums).group_by(*key).subquery("summed")
    successful, failed, pending = (summed.c[state.value] for state in COUNTED_STATUSES)
    rank = func.row_number().over(
        partition_by=(summed.c.dashboard, summed.c.part),
        order_by=((successful + failed + pending).desc(), summed.c.value.asc()),
    )
    ranked = select(*summed.c, rank.label("place")).subquery("ranked")
    is_on_page = and_(ranked.c.place > offset, ranked.c.place <= offset + limit)
    return select(*(column for column in ranked.c if column.name != "place")).where(
        or_(ranked.c.part.in_([OVERVIEW, TRENDS]), is_on_page)
    )
