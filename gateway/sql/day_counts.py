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
    String,
    and_,
    case,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)

from gateway.database import (
    DayCount,
    DaySeries,
    Instant,
    Integration,
    ResourceRecord,
    prepared,
    prepared_by_dialect,
)
from gateway.domain.calendar import days
from gateway.domain.enums import StatisticsDateField
from gateway.domain.statistics import (
    ALL,
    BREAKDOWNS,
    COUNTED_STATUSES,
    DATE_COLUMNS,
    STATISTICS_COLUMNS,
    TRENDS,
    VALUE_COLUMNS,
    Series,
)
from gateway.domain.viewer import Viewer
from gateway.sql import groupings, json_rows
from gateway.sql.breakdown_numbers import BreakdownNumbers
from gateway.sql.groupings import CountSelect
from gateway.sql.integrations import is_own_connected

_SUCCESSFUL, _FAILED, _PENDING = (
    cast(number, String()) for number in (DayCount.successful, DayCount.failed, DayCount.pending)
)
_BREAKDOWNS = cast(type_coerce(DayCount.breakdowns, String()), String())
COUNTS_TEXT = "[" + _SUCCESSFUL + "," + _FAILED + "," + _PENDING + "," + _BREAKDOWNS + "]"
"""The text that `BlockCounts.decode` takes."""


@prepared_by_dialect
def select_counts(
    dialect: str,
    viewer: Viewer,
    dashboards: str,
    spans: str | None,
    single_days: str | None,
    filtered_days: str | None,
    segments: tuple[tuple[StatisticsDateField, str], ...],
    segment_parts: frozenset[str],
) -> CountSelect:
    """Select the counts of parts of dashboards: dashboard, part, value, and the numbers by status.

    Whole days come from day counts, segments of days from records. The arguments are JSON lists of rows, or None:

    - `dashboards`: name, integration id, type of records, date field, appointment type, and the column and the
      value that its records have, or ALL twice;
    - `spans`: dashboard, OVERVIEW or BREAKDOWNS, and size, first day and last day of blocks. There is a row for
      each block; with BREAKDOWNS its value is the JSON text of `BlockCounts.breakdowns`;
    - `single_days`: the same columns with TRENDS. There is a row for each day; its value is the number of the day;
    - `filtered_days`: the columns of `spans` with OVERVIEW or TRENDS. There is a row for each block with records
      that have the value; its numbers are null if the block does not store the breakdown;
    - `segments`: dashboard, first instant or null, last instant, and day, by date field.

    `segment_parts` are the parts that segments are counted for: there is a row for each dashboard, part and value.
    A part may have several rows of a value.
    """
    dashboard_table = _build_dashboards_cte(viewer, dashboards)
    found = []
    if spans is not None:
        found.append(_select_day_counts(dashboard_table, spans, "span"))
    if single_days is not None:
        found.append(_select_day_counts(dashboard_table, single_days, "single_day"))
    if filtered_days is not None:
        found.append(_select_value_counts(dashboard_table, filtered_days))
    for date_field, rows in segments:
        records = _build_segment_records_cte(dashboard_table, rows, date_field)
        found += groupings.select_counts(records, segment_parts, dialect)
    return select(*union_all(*found).subquery("found").c) if len(found) > 1 else found[0]


def _build_dashboards_cte(viewer: Viewer, dashboards: str) -> CTE:
    """Select the requested dashboards whose integration the viewer may see, one row per dashboard."""
    requested = json_rows.build_cte(
        "requested_dashboard",
        dashboards,
        dashboard=String(),
        integration_id=String(),
        type=String(),
        date_field=String(),
        appointment_type=String(),
        column=String(),
        value=String(),
    )
    is_visible = and_(Integration.id == requested.c.integration_id, is_own_connected(viewer))
    return _materialize(
        select(Integration.team_id, *requested.c).join(Integration, is_visible), "visible_dashboard"
    )


def _materialize(statement: Select[*tuple[Any, ...]], name: str) -> CTE:
    """Return a materialized CTE, so that databases compute this small table first, and once."""
    return statement.cte(name).prefix_with("MATERIALIZED")


def _select_day_counts(dashboards: CTE, spans: str, name: str) -> CountSelect:
    """Select the day counts of these blocks, one row per block."""
    span, within = _build_span_cte(dashboards, spans, name)
    value = case(
        (span.c.part == BREAKDOWNS, _BREAKDOWNS),
        (span.c.part == TRENDS, cast(DayCount.day, String())),
        else_=ALL,
    )
    counts = (DayCount.successful, DayCount.failed, DayCount.pending)
    statement = select(span.c.dashboard, span.c.part, value.label("value"), *counts)
    return statement.select_from(span).join(DayCount, within)


def _select_value_counts(dashboards: CTE, spans: str) -> CountSelect:
    """Select the numbers of the value of a dashboard in these blocks, one row per block that has the value."""
    span, within = _build_span_cte(dashboards, spans, "filtered_day", "column", "value")
    numbers = BreakdownNumbers(DayCount.breakdowns, span.c.column, span.c.value)
    columns = (span.c.dashboard, span.c.part, DayCount.day, numbers.label("numbers"))
    found = _materialize(select(*columns).select_from(span).join(DayCount, within), "value_counts")
    value = case((found.c.part == TRENDS, cast(found.c.day, String())), else_=ALL)
    counts = (json_rows.get_element(found.c.numbers, index, Integer()) for index in range(len(COUNTED_STATUSES)))
    return select(found.c.dashboard, found.c.part, value.label("value"), *counts).where(
        found.c.numbers.is_not(None)
    )


def _build_span_cte(dashboards: CTE, spans: str, name: str, *further: str) -> tuple[CTE, ColumnElement[bool]]:
    """Select the requested blocks with the id of their series, and return the condition for their day counts.

    `further` are columns of dashboards to select.
    """
    span_rows = json_rows.build_cte(
        f"requested_{name}",
        spans,
        dashboard=String(),
        part=String(),
        size=Integer(),
        first=Integer(),
        last=Integer(),
    )
    blocks = (span_rows.c[column] for column in ("part", "size", "first", "last"))
    of_dashboard = span_rows.c.dashboard == dashboards.c.dashboard
    series_columns = (
        getattr(DaySeries, column) == dashboards.c[column]
        for column in ("team_id", "integration_id", *Series._fields)
    )
    own = (dashboards.c[column] for column in ("team_id", "dashboard", *further))
    columns = (*own, DaySeries.id.label("series_id"), *blocks)
    spans_of_series = (
        select(*columns)
        .select_from(dashboards)
        .join(span_rows, of_dashboard)
        .join(DaySeries, and_(*series_columns))
    )
    span = _materialize(spans_of_series, name)
    within = and_(
        DayCount.team_id == span.c.team_id,
        DayCount.series_id == span.c.series_id,
        DayCount.size == span.c.size,
        DayCount.day.between(span.c.first, span.c.last),
    )
    return span, within


def _build_segment_records_cte(dashboards: CTE, segments: str, date_field: StatisticsDateField) -> CTE:
    """Select the records of segments of days, one row per record."""
    name, at = date_field.value, ResourceRecord.__table__.c[DATE_COLUMNS[date_field]]
    segment_rows = json_rows.build_cte(
        f"requested_segment_{name}", segments, dashboard=String(), since=Instant(), last=Instant(), day=Integer()
    )
    since = func.coalesce(segment_rows.c.since, literal(days.FIRST_INSTANT, Instant)).label("since")
    of_dashboard = segment_rows.c.dashboard == dashboards.c.dashboard
    columns = (*dashboards.c, since, segment_rows.c.last, segment_rows.c.day)
    counted_columns = [ResourceRecord.__table__.c[name] for name in STATISTICS_COLUMNS]
    segment = _materialize(select(*columns).join(segment_rows, of_dashboard), f"segment_{name}")
    within = and_(
        ResourceRecord.team_id == segment.c.team_id,
        ResourceRecord.integration_id == segment.c.integration_id,
        ResourceRecord.type == segment.c.type,
        at.between(segment.c.since, segment.c.last),
        or_(segment.c.appointment_type == ALL, ResourceRecord.appointment_type == segment.c.appointment_type),
        segment.c.value == case(*((segment.c.column == each.name, each) for each in counted_columns), else_=ALL),
    )
    return _materialize(
        select(segment.c.dashboard, segment.c.day, *counted_columns)
        .select_from(segment)
        .join(ResourceRecord, within),
        f"matched_{name}",
    )


@prepared
def select_series(team_id: str, integration_id: str) -> Select[int, str, str, str]:
    """Select the series of an integration: id, and the columns of `Series`."""
    columns = (DaySeries.id, DaySeries.type, DaySeries.date_field, DaySeries.appointment_type)
    return select(*columns).where(_is_of_integration(DaySeries, team_id, integration_id))


def _is_of_integration(
    entity: type[DaySeries] | type[ResourceRecord], team_id: str, integration_id: str
) -> ColumnElement[bool]:
    return and_(entity.team_id == team_id, entity.integration_id == integration_id)


@prepared
def select_records(
    team_id: str,
    integration_id: str,
    type: str,
    date_field: StatisticsDateField,
    bounds: tuple[datetime, datetime] | None,
) -> Select[*tuple[Any, ...]]:
    """Select `VALUE_COLUMNS` and the time of records of a type, one row per record.

    The time is between the bounds, both included. Without bounds, select the records that have no time.
    """
    at = ResourceRecord.__table__.c[DATE_COLUMNS[date_field]]
    return select(*(ResourceRecord.__table__.c[name] for name in VALUE_COLUMNS), at).where(
        _is_of_integration(ResourceRecord, team_id, integration_id),
        ResourceRecord.type == type,
        at.is_(None) if bounds is None else at.between(bounds[0], bounds[1]),
    )


@prepared
def select_has_undated(
    team_id: str, integration_id: str, type: str, date_field: StatisticsDateField
) -> Select[bool]:
    """Select whether there are records of a type without the time, in one row."""
    undated = select(ResourceRecord.id).where(
        _is_of_integration(ResourceRecord, team_id, integration_id),
        ResourceRecord.type == type,
        ResourceRecord.__table__.c[DATE_COLUMNS[date_field]].is_(None),
    )
    return select(undated.exists())


@prepared
def select_first_instant(
    team_id: str, integration_id: str, type: str, date_field: StatisticsDateField, since: datetime
) -> Select[datetime | None]:
    """Select the first time from `since` on, of records of a type, in one row; null if there is none."""
    at = ResourceRecord.__table__.c[DATE_COLUMNS[date_field]]
    return select(func.min(at)).where(
        _is_of_integration(ResourceRecord, team_id, integration_id),
        ResourceRecord.type == type,
        at >= type_coerce(since, Instant),
    )


@prepared
def select_stored_counts(team_id: str, block_keys: str) -> Select[int, int, int, str]:
    """Select the counts of blocks that have some: series id, size, day, and `COUNTS_TEXT`.

    `block_keys` is a JSON list of the first three.
    """
    requested = json_rows.build_cte(
        "requested_block", block_keys, series_id=BigInteger(), size=Integer(), day=Integer()
    )
    # A subquery for each block: with a join, planners without statistics would scan the table.
    counts = select(COUNTS_TEXT).where(
        DayCount.team_id == team_id,
        DayCount.series_id == requested.c.series_id,
        DayCount.size == requested.c.size,
        DayCount.day == requested.c.day,
    )
    found = _materialize(select(*requested.c, counts.scalar_subquery().label("counts")), "looked_up")
    return select(*found.c).where(found.c.counts.is_not(None))


@prepared
def delete_counts(team_id: str, integration_id: str) -> Delete:
    """Delete all day counts of an integration."""
    series_ids = select(DaySeries.id).where(_is_of_integration(DaySeries, team_id, integration_id))
    return delete(DayCount).where(DayCount.team_id == team_id, DayCount.series_id.in_(series_ids))
