"""Statements about day counts and their series."""

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
from gateway.sql import groupings, json_rows
from gateway.sql.groupings import CountSelect
from gateway.sql.integrations import is_own_connected


@prepared_by_dialect
def select_counts(
    dialect: str,
    viewer: Viewer,
    dashboards: str,
    spans: str | None,
    single_days: str | None,
    segments: str | None,
    segment_parts: frozenset[str],
) -> CountSelect:
    """Select the counts of parts of dashboards, one row per part and bucket or day.

    Whole days come from day counts, segments of days from records. The arguments are JSON lists of rows, or None:

    - `dashboards`: name, integration id, type of records, appointment type, and offset and limit of the buckets;
    - `spans`: dashboard, breakdown, part, and size, first day and last day of the blocks that make up the part;
    - `single_days`: the same columns, for the days of trends;
    - `segments`: dashboard, first instant or null, last instant, and day.

    `segment_parts` are the parts that segments are counted for.
    """
    dashboard_table = _build_dashboards_cte(viewer, dashboards)
    summed = [] if spans is None else [_select_day_counts(dashboard_table, spans, DayCount.value, "span")]
    if segments is not None:
        summed += groupings.select_counts(
            _build_segment_records_cte(dashboard_table, segments), segment_parts, dialect
        )
    found = []
    if summed:
        sums = groupings.select_sums(summed, dashboard_table.c.bucket_offset, dashboard_table.c.bucket_limit)
        found.append(
            sums.join(dashboard_table, dashboard_table.c.dashboard == sums.get_final_froms()[0].c.dashboard)
        )
    if single_days is not None:
        found.append(_select_day_counts(dashboard_table, single_days, cast(DayCount.day, String()), "single_day"))
    return select(*union_all(*found).subquery("found").c) if len(found) > 1 else found[0]


def _build_dashboards_cte(viewer: Viewer, dashboards: str) -> CTE:
    """Select the requested dashboards whose integration the viewer may see, one row per dashboard."""
    requested = json_rows.build_cte(
        "requested_dashboard",
        dashboards,
        dashboard=String(),
        integration_id=String(),
        type=String(),
        appointment_type=String(),
        bucket_offset=BigInteger(),
        bucket_limit=BigInteger(),
    )
    is_visible = and_(Integration.id == requested.c.integration_id, is_own_connected(viewer))
    return _materialize(
        select(Integration.team_id, *requested.c).join(Integration, is_visible), "visible_dashboard"
    )


def _materialize(statement: CountSelect, name: str) -> CTE:
    """Return a materialized CTE, so that databases join this small table first."""
    return statement.cte(name).prefix_with("MATERIALIZED")


def _select_day_counts(dashboards: CTE, spans: str, value: SQLColumnExpression[str], name: str) -> CountSelect:
    """Select the day counts of these blocks, one row per block and value; `value` is the column of the value."""
    span_rows = json_rows.build_cte(
        f"requested_{name}",
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


def _build_segment_records_cte(dashboards: CTE, segments: str) -> CTE:
    """Select the records of segments of days, one row per record."""
    segment_rows = json_rows.build_cte(
        "requested_segment", segments, dashboard=String(), since=Instant(), last=Instant(), day=Integer()
    )
    since = func.coalesce(segment_rows.c.since, literal(days.FIRST_INSTANT, Instant)).label("since")
    of_dashboard = segment_rows.c.dashboard == dashboards.c.dashboard
    columns = (*dashboards.c, since, segment_rows.c.last, segment_rows.c.day)
    segment = _materialize(select(*columns).join(segment_rows, of_dashboard), "segment")
    within = and_(
        ResourceRecord.team_id == segment.c.team_id,
        ResourceRecord.integration_id == segment.c.integration_id,
        ResourceRecord.type == segment.c.type,
        ResourceRecord.created_at.between(segment.c.since, segment.c.last),
        or_(segment.c.appointment_type == ALL, ResourceRecord.appointment_type == segment.c.appointment_type),
    )
    counted_columns = (ResourceRecord.__table__.c[name] for name in STATISTICS_COLUMNS)
    return _materialize(
        select(segment.c.dashboard, segment.c.day, *counted_columns)
        .select_from(segment)
        .join(ResourceRecord, within),
        "matched",
    )


@prepared
def select_series(team_id: str, integration_id: str) -> Select[int, str, str, str]:
    """Select the series of an integration: id, and the columns of `Series`."""
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
    """Select `COUNTED_COLUMNS` and id of records of a type, one row per record, ordered by `created_at` and id.

    Up to `size` rows come after the position (`since`, `after`), and not after `until`.
    """
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
    """Select the first `created_at` from `since` on, of records of a type, in one row; null if there is none."""
    return select(func.min(ResourceRecord.created_at)).where(
        _is_of_integration(ResourceRecord, team_id, integration_id),
        ResourceRecord.type == type,
        ResourceRecord.created_at >= since,
    )


@prepared
def select_existing_blocks(team_id: str, block_keys: str) -> Select[int, int, int]:
    """Select the blocks that have a count, one row per block: series id, size and day.

    `block_keys` is a JSON list of such rows.
    """
    requested = json_rows.build_cte(
        "requested_block", block_keys, series_id=BigInteger(), size=Integer(), day=Integer()
    )
    keys = (requested.c.series_id, requested.c.size, requested.c.day)
    # A subquery for each block: with a join, planners without statistics would scan the table.
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
    """Delete all day counts of an integration."""
    series_ids = select(DaySeries.id).where(_is_of_integration(DaySeries, team_id, integration_id))
    return delete(DayCount).where(DayCount.team_id == team_id, DayCount.series_id.in_(series_ids))
