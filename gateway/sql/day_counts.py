"""Statements over what is counted by days."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Delete,
    Integer,
    Select,
    SQLColumnExpression,
    String,
    and_,
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

from gateway.database import (
    CollatedText,
    DayCount,
    DaySeries,
    Instant,
    Integration,
    ResourceRecord,
    prepared,
    prepared_by_dialect,
)
from gateway.domain.calendar import days
from gateway.domain.statistics import ALL, COUNTED_COLUMNS, STATISTICS_COLUMNS
from gateway.domain.viewer import Viewer
from gateway.sql import given, groupings
from gateway.sql.groupings import CountSelect
from gateway.sql.integrations import is_own_connected


@prepared_by_dialect
def select_counts(
    dialect: str,
    viewer: Viewer,
    dashboards: str,
    spans: str | None,
    single_days: str | None,
    pieces: str | None,
    parts_of_pieces: frozenset[str],
) -> CountSelect:
    """Parts of dashboards: what is counted by days, and in pieces of days by records.

    Each of `dashboards` has a name, an integration, a type of record, an appointment type, and how many buckets
    are skipped and how many taken. `spans` are the blocks of days that make up a part of a dashboard: its name,
    breakdown, part, and the blocks' size, first and last day; and `single_days`, in the same words, are the days
    of trends. Each of `pieces` has the name of a dashboard, its first instant (null: ever) and last, and the day.
    """
    dashboard_table = _build_dashboards_cte(viewer, dashboards)
    summed = [] if spans is None else [_select_day_counts(dashboard_table, spans, DayCount.value, "span")]
    if pieces is not None:
        summed += groupings.select_counts(
            _build_piece_records_cte(dashboard_table, pieces), parts_of_pieces, dialect
        )
    found = []
    if summed:
        sums = groupings.select_sums(summed, dashboard_table.c.skipped, dashboard_table.c.taken)
        found.append(
            sums.join(dashboard_table, dashboard_table.c.dashboard == sums.get_final_froms()[0].c.dashboard)
        )
    if single_days is not None:
        found.append(_select_day_counts(dashboard_table, single_days, cast(DayCount.day, String()), "single_day"))
    return select(*union_all(*found).subquery("found").c) if len(found) > 1 else found[0]


def _build_dashboards_cte(viewer: Viewer, dashboards: str) -> CTE:
    """The dashboards of those integrations that the viewer may see."""
    requested = given.build_cte(
        "given_dashboard",
        dashboards,
        dashboard=String(),
        integration_id=String(),
        type=String(),
        appointment_type=String(),
        skipped=BigInteger(),
        taken=BigInteger(),
    )
    is_visible = and_(Integration.id == requested.c.integration_id, is_own_connected(viewer))
    return _materialize(select(Integration.team_id, *requested.c).join(Integration, is_visible), "asked")


def _materialize(statement: CountSelect, name: str) -> CTE:
    """A small table of that name, which databases do well to join before all else."""
    return statement.cte(name).prefix_with("MATERIALIZED")


def _select_day_counts(dashboards: CTE, spans: str, value: SQLColumnExpression[str], name: str) -> CountSelect:
    span_rows = given.build_cte(
        f"given_{name}",
        spans,
        dashboard=String(),
        breakdown=String(),
        part=String(),
        size=Integer(),
        first=Integer(),
        last=Integer(),
    )
    blocks = (span_rows.c[column] for column in ("part", "size", "first", "last"))
    of_dashboard = span_rows.c.dashboard == dashboards.c.dashboard
    of_series = and_(
        DaySeries.team_id == dashboards.c.team_id,
        DaySeries.integration_id == dashboards.c.integration_id,
        DaySeries.type == dashboards.c.type,
        DaySeries.appointment_type == dashboards.c.appointment_type,
        DaySeries.breakdown == span_rows.c.breakdown,
    )
    columns = (dashboards.c.team_id, dashboards.c.dashboard, DaySeries.id.label("series_id"), *blocks)
    spans_of_series = (
        select(*columns).select_from(dashboards).join(span_rows, of_dashboard).join(DaySeries, of_series)
    )
    span = _materialize(spans_of_series, name)
    within = and_(
        DayCount.team_id == span.c.team_id,
        DayCount.series_id == span.c.series_id,
        DayCount.size == span.c.size,
        DayCount.day.between(span.c.first, span.c.last),
    )
    counts = (DayCount.successful, DayCount.failed, DayCount.pending)
    statement = select(span.c.dashboard, span.c.part, value.label("value"), *counts)
    return statement.select_from(span).join(DayCount, within)


def _build_piece_records_cte(dashboards: CTE, pieces: str) -> CTE:
    """The records of these pieces, one by one."""
    piece_rows = given.build_cte(
        "given_piece", pieces, dashboard=String(), since=Instant(), last=Instant(), day=Integer()
    )
    since = func.coalesce(piece_rows.c.since, literal(days.FIRST_INSTANT, Instant)).label("since")
    of_dashboard = piece_rows.c.dashboard == dashboards.c.dashboard
    columns = (*dashboards.c, since, piece_rows.c.last, piece_rows.c.day)
    piece = _materialize(select(*columns).join(piece_rows, of_dashboard), "piece")
    within = and_(
        ResourceRecord.team_id == piece.c.team_id,
        ResourceRecord.integration_id == piece.c.integration_id,
        ResourceRecord.type == piece.c.type,
        ResourceRecord.created_at.between(piece.c.since, piece.c.last),
        or_(piece.c.appointment_type == ALL, ResourceRecord.appointment_type == piece.c.appointment_type),
    )
    counted_columns = (ResourceRecord.__table__.c[name] for name in STATISTICS_COLUMNS)
    return _materialize(
        select(piece.c.dashboard, piece.c.day, *counted_columns).select_from(piece).join(ResourceRecord, within),
        "matched",
    )


@prepared
def select_series(team_id: str, integration_id: str) -> Select[int, str, str, str]:
    """The series of an integration, as `Series` has them, each after its id."""
    columns = (DaySeries.id, DaySeries.type, DaySeries.appointment_type, DaySeries.breakdown)
    return select(*columns).where(_is_of_integration(DaySeries, team_id, integration_id))


def _is_of_integration(
    entity: type[DaySeries] | type[ResourceRecord], team_id: str, integration_id: str
) -> ColumnElement[bool]:
    return and_(entity.team_id == team_id, entity.integration_id == integration_id)


@prepared
def select_records(
    team_id: str, integration_id: str, type: str, since: datetime, after: str, until: datetime, size: int
) -> Select[*tuple[Any, ...]]:
    """`COUNTED` and id of the first records of a type until `until` that come after the id `after` at `since`."""
    position = tuple_(ResourceRecord.created_at, ResourceRecord.id)
    return (
        select(*(ResourceRecord.__table__.c[name] for name in (*COUNTED_COLUMNS, "id")))
        .where(
            _is_of_integration(ResourceRecord, team_id, integration_id),
            ResourceRecord.type == type,
            position > tuple_(type_coerce(since, Instant), type_coerce(after, CollatedText)),
            ResourceRecord.created_at <= until,
        )
        .order_by(ResourceRecord.created_at, ResourceRecord.id)
        .limit(type_coerce(size, Integer))
    )


@prepared
def select_next_created_at(
    team_id: str, integration_id: str, type: str, since: datetime
) -> Select[datetime | None]:
    """When the first record of a type was created, at this instant or later."""
    return select(func.min(ResourceRecord.created_at)).where(
        _is_of_integration(ResourceRecord, team_id, integration_id),
        ResourceRecord.type == type,
        ResourceRecord.created_at >= since,
    )


@prepared
def select_existing_blocks(team_id: str, block_keys: str) -> Select[int, int, int]:
    """Those of these blocks, given by series, size and day, of which any value is counted."""
    requested = given.build_cte("asked", block_keys, series_id=BigInteger(), size=Integer(), day=Integer())
    keys = (requested.c.series_id, requested.c.size, requested.c.day)
    # They are looked up one by one: planners know little of a table that grows.
    counts = select(DayCount.day).where(
        DayCount.team_id == team_id,
        DayCount.series_id == requested.c.series_id,
        DayCount.size == requested.c.size,
        DayCount.day == requested.c.day,
    )
    found = select(*keys, counts.limit(1).scalar_subquery().label("found")).cte("looked_up")
    return select(found.c.series_id, found.c.size, found.c.day).where(found.c.found.is_not(None))


@prepared
def delete_counts(team_id: str, integration_id: str) -> Delete:
    """Deletes all that is counted of an integration."""
    series_ids = select(DaySeries.id).where(_is_of_integration(DaySeries, team_id, integration_id))
    return delete(DayCount).where(DayCount.team_id == team_id, DayCount.series_id.in_(series_ids))
