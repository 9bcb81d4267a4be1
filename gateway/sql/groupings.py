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

from gateway.domain.statistics.catalogue import OVERVIEW, TRENDS
from gateway.domain.statistics.day_counts import ALL, STATES

Counted: TypeAlias = Select[str, str, str, int, int, int]
"""Dashboard, part, value, and how many are successful, failed and pending."""

POSTGRESQL = "postgresql"
"""The dialect of the database that groups in several ways at once."""


class day_number(GenericFunction[int]):  # noqa: N801 (named as in SQL)
    """The number of the day on a clock that is so many whole seconds ahead of UTC, at an instant."""

    type = Integer()
    inherit_cache = True


@compiles(day_number, "sqlite")
def _day_number_on_sqlite(element: day_number, compiler: SQLCompiler, **keywords: Any) -> str:  # noqa: ANN401
    at, ahead = (compiler.process(clause, **keywords) for clause in element.clauses)
    return f"CAST(julianday(substr({at}, 1, 19), ({ahead}) || ' seconds') - 1721424.5 AS INTEGER)"


@compiles(day_number, "postgresql")
def _day_number_on_postgresql(element: day_number, compiler: SQLCompiler, **keywords: Any) -> str:  # noqa: ANN401
    at, ahead = (compiler.process(clause, **keywords) for clause in element.clauses)
    # The driver stores the first instant of the calendar as -infinity, which is on no day.
    first = "TIMESTAMPTZ '0001-01-01 00:00:00+00'"
    instant = f"CASE {at} WHEN '-infinity' THEN {first} ELSE {at} END AT TIME ZONE 'UTC'"
    return f"({instant} + ({ahead}) * interval '1 second')::date - DATE '0001-01-01' + 1"


def counted(matched: FromClause, parts: Iterable[str], dialect: str) -> list[Counted]:
    """What is counted of these records for each part: in one pass where the database can, else in one for each.

    The records have the columns `dashboard` and `booking_status`, and `day` and those of breakdowns where they are
    among the parts. Those without a day are in no trend.
    """
    ways = {part: _way(matched, part) for part in sorted(parts)}
    if dialect != POSTGRESQL or len(ways) == 1:
        return [_counted_one_way(matched, part, way) for part, way in ways.items()]
    grouped = {part: way for part, way in ways.items() if way is not None}
    part = case(*((func.grouping(way) == 0, literal(part)) for part, way in grouped.items()), else_=OVERVIEW)
    value = func.coalesce(*(_text(part, way) for part, way in grouped.items()), ALL)
    sets = [
        tuple_(*filter(lambda column: column is not None, (matched.c.dashboard, way))) for way in ways.values()
    ]
    statement = (
        select(matched.c.dashboard, part.label("part"), value.label("value"), *_states(matched))
        .group_by(func.grouping_sets(*sets))
    )  # fmt: skip
    if TRENDS in grouped:
        statement = statement.having(or_(func.grouping(matched.c.day) == 1, matched.c.day.is_not(None)))
    return [statement]


def _way(matched: FromClause, part: str) -> ColumnElement[Any] | None:
    """The column that records are grouped by for a part; None where all are one group."""
    return None if part == OVERVIEW else matched.c["day" if part == TRENDS else part]


def _text(part: str, way: ColumnElement[Any]) -> ColumnElement[str]:
    return cast(way, String()) if part == TRENDS else way


def _counted_one_way(matched: FromClause, part: str, way: ColumnElement[Any] | None) -> Counted:
    value = literal(ALL) if way is None else _text(part, way)
    statement = select(
        matched.c.dashboard, literal(part).label("part"), value.label("value"), *_states(matched)
    ).group_by(matched.c.dashboard, *(() if way is None else (way,)))
    return statement.where(matched.c.day.is_not(None)) if part == TRENDS else statement


def _states(matched: FromClause) -> list[ColumnElement[int]]:
    return [func.count().filter(matched.c.booking_status == state).label(state.value) for state in STATES]


def shown(counted: Iterable[Counted], skipped: ColumnElement[int], taken: ColumnElement[int]) -> Counted:
    """The sums of what was counted in several ways; of a breakdown only a page of values, the largest first.

    In no order. How many values are `skipped` and `taken` may be columns of a table of dashboards.
    """
    each = union_all(*counted).subquery("counted")
    key = (each.c.dashboard, each.c.part, each.c.value)
    sums = (cast(func.sum(each.c[state.value]), BigInteger).label(state.value) for state in STATES)
    summed = select(*key, *sums).group_by(*key).subquery("summed")
    successful, failed, pending = (summed.c[state.value] for state in STATES)
    place = func.row_number().over(
        partition_by=(summed.c.dashboard, summed.c.part),
        order_by=((successful + failed + pending).desc(), summed.c.value.asc()),
    )
    ranked = select(*summed.c, place.label("place")).subquery("ranked")
    is_on_page = and_(ranked.c.place > skipped, ranked.c.place <= skipped + taken)
    return select(*(column for column in ranked.c if column.name != "place")).where(
        or_(ranked.c.part.in_([OVERVIEW, TRENDS]), is_on_page)
    )
