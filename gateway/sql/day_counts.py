"""Statements over what is counted by days."""

from datetime import datetime
from typing import Any
from typing import cast as cast_type

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Delete,
    Integer,
    Select,
    SQLColumnExpression,
    String,
    Table,
    and_,
    bindparam,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
    type_coerce,
    union_all,
)

from gateway.database.column_types import Instant, Text
from gateway.database.prepared import query, query_by_dialect
from gateway.database.tables import DayCount, DaySeries, Integration, ResourceRecord
from gateway.domain.calendar.days import FIRST
from gateway.domain.statistics.catalogue import COLUMNS
from gateway.domain.statistics.day_counts import ALL, COUNTED
from gateway.domain.viewer import Viewer
from gateway.sql import given, groupings
from gateway.sql.groupings import Counted
from gateway.sql.integrations import own_connected


@query_by_dialect
def counted(
    dialect: str,
    viewer: Viewer,
    dashboards: str,
    spans: str | None,
    single_days: str | None,
    pieces: str | None,
    parts_of_pieces: frozenset[str],
) -> Counted:
    """Parts of dashboards: what is counted by days, and in pieces of days by records.

    Each of `dashboards` has a name, an integration, a type of record, an appointment type, and how many buckets
    are skipped and how many taken. `spans` are the blocks of days that make up a part of a dashboard: its name,
    breakdown, part, and the blocks' size, first and last day; and `single_days`, in the same words, are the days
    of trends. Each of `pieces` has the name of a dashboard, its first instant (null: ever) and last, and the day.
    """
    asked = _asked(viewer, dashboards)
    summed = [] if spans is None else [_of_days(asked, spans, DayCount.value, "span")]
    if pieces is not None:
        summed += groupings.counted(_of_pieces(asked, pieces), parts_of_pieces, dialect)
    found = []
    if summed:
        sums = groupings.shown(summed, asked.c.skipped, asked.c.taken)
        found.append(sums.join(asked, asked.c.dashboard == sums.get_final_froms()[0].c.dashboard))
    if single_days is not None:
        found.append(_of_days(asked, single_days, cast(DayCount.day, String()), "single_day"))
    return select(*union_all(*found).subquery("found").c) if len(found) > 1 else found[0]


def _asked(viewer: Viewer, dashboards: str) -> CTE:
    """The dashboards of those integrations that the viewer may see."""
    asked = given.rows(
        "given_dashboard",
        dashboards,
        dashboard=String(),
        integration_id=String(),
        type=String(),
        appointment_type=String(),
        skipped=BigInteger(),
        taken=BigInteger(),
    )
    visible = and_(Integration.id == asked.c.integration_id, own_connected(viewer))
    return _kept(select(Integration.team_id, *asked.c).join(Integration, visible), "asked")


def _kept(statement: Counted, name: str) -> CTE:
    """A small table of that name, which databases do well to join before all else."""
    return statement.cte(name).prefix_with("MATERIALIZED")


def _of_days(asked: CTE, spans: str, value: SQLColumnExpression[str], name: str) -> Counted:
    given_spans = given.rows(
        f"given_{name}",
        spans,
        dashboard=String(),
        breakdown=String(),
        part=String(),
        size=Integer(),
        first=Integer(),
        last=Integer(),
    )
    blocks = (given_spans.c[column] for column in ("part", "size", "first", "last"))
    of_dashboard = given_spans.c.dashboard == asked.c.dashboard
    of_series = and_(
        DaySeries.team_id == asked.c.team_id,
        DaySeries.integration_id == asked.c.integration_id,
        DaySeries.type == asked.c.type,
        DaySeries.appointment_type == asked.c.appointment_type,
        DaySeries.breakdown == given_spans.c.breakdown,
    )
    columns = (asked.c.team_id, asked.c.dashboard, DaySeries.id.label("series_id"), *blocks)
    spans_of_series = (
        select(*columns).select_from(asked).join(given_spans, of_dashboard).join(DaySeries, of_series)
    )
    span = _kept(spans_of_series, name)
    within = and_(
        DayCount.team_id == span.c.team_id,
        DayCount.series_id == span.c.series_id,
        DayCount.size == span.c.size,
        DayCount.day.between(span.c.first, span.c.last),
    )
    counts = (DayCount.successful, DayCount.failed, DayCount.pending)
    statement = select(span.c.dashboard, span.c.part, value.label("value"), *counts)
    return statement.select_from(span).join(DayCount, within)


def _of_pieces(asked: CTE, pieces: str) -> CTE:
    """The records of these pieces, one by one."""
    given_pieces = given.rows(
        "given_piece", pieces, dashboard=String(), since=Instant(), last=Instant(), day=Integer()
    )
    since = func.coalesce(given_pieces.c.since, literal(FIRST, Instant)).label("since")
    of_dashboard = given_pieces.c.dashboard == asked.c.dashboard
    columns = (*asked.c, since, given_pieces.c.last, given_pieces.c.day)
    piece = _kept(select(*columns).join(given_pieces, of_dashboard), "piece")
    within = and_(
        ResourceRecord.team_id == piece.c.team_id,
        ResourceRecord.integration_id == piece.c.integration_id,
        ResourceRecord.type == piece.c.type,
        ResourceRecord.created_at.between(piece.c.since, piece.c.last),
        or_(piece.c.appointment_type == ALL, ResourceRecord.appointment_type == piece.c.appointment_type),
    )
    counted = (ResourceRecord.__table__.c[name] for name in COLUMNS)
    return _kept(
        select(piece.c.dashboard, piece.c.day, *counted).select_from(piece).join(ResourceRecord, within), "matched"
    )


@query
def series(team_id: str, integration_id: str) -> Select[int, str, str, str]:
    """The series of an integration, as `Series` has them, each after its id."""
    columns = (DaySeries.id, DaySeries.type, DaySeries.appointment_type, DaySeries.breakdown)
    return select(*columns).where(_below(DaySeries, team_id, integration_id))


def _below(
    entity: type[DaySeries] | type[ResourceRecord], team_id: str, integration_id: str
) -> ColumnElement[bool]:
    return and_(entity.team_id == team_id, entity.integration_id == integration_id)


@query
def records(
    team_id: str, integration_id: str, type: str, since: datetime, after: str, until: datetime, size: int
) -> Select[*tuple[Any, ...]]:
    """`COUNTED` and id of the first records of a type until `until` that come after the id `after` at `since`."""
    place = tuple_(ResourceRecord.created_at, ResourceRecord.id)
    return (
        select(*(ResourceRecord.__table__.c[name] for name in (*COUNTED, "id")))
        .where(
            _below(ResourceRecord, team_id, integration_id),
            ResourceRecord.type == type,
            place > tuple_(type_coerce(since, Instant), type_coerce(after, Text)),
            ResourceRecord.created_at <= until,
        )
        .order_by(ResourceRecord.created_at, ResourceRecord.id)
        .limit(type_coerce(size, Integer))
    )


@query
def next_record(team_id: str, integration_id: str, type: str, since: datetime) -> Select[datetime | None]:
    """When the first record of a type was created, at this instant or later."""
    return select(func.min(ResourceRecord.created_at)).where(
        _below(ResourceRecord, team_id, integration_id),
        ResourceRecord.type == type,
        ResourceRecord.created_at >= since,
    )


@query
def begun(team_id: str, heads: str) -> Select[int, int, int]:
    """Those of these blocks, given by series, size and day, of which any value is counted."""
    asked = given.rows("asked", heads, series_id=BigInteger(), size=Integer(), day=Integer())
    keys = (asked.c.series_id, asked.c.size, asked.c.day)
    # They are looked up one by one: planners know little of a table that grows.
    counts = select(DayCount.day).where(
        DayCount.team_id == team_id,
        DayCount.series_id == asked.c.series_id,
        DayCount.size == asked.c.size,
        DayCount.day == asked.c.day,
    )
    found = select(*keys, counts.limit(1).scalar_subquery().label("found")).cte("looked_up")
    return select(found.c.series_id, found.c.size, found.c.day).where(found.c.found.is_not(None))


def removal(team_id: str, integration_id: str) -> Delete:
    """Deletes all that is counted of an integration."""
    below = select(DaySeries.id).where(_below(DaySeries, team_id, integration_id))
    return delete(DayCount).where(DayCount.team_id == team_id, DayCount.series_id.in_(below))


def block_removal() -> Delete:
    """Deletes counts that are given by their keys, many at once."""
    table = cast_type(Table, DayCount.__table__)
    return delete(table).where(*(key == bindparam(key.name) for key in table.primary_key))
