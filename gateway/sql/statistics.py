"""Statements that count records for dashboards, without day counts; each covers several integrations."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    String,
    case,
    cast,
    func,
    literal,
    select,
    type_coerce,
)

from gateway.database import Instant, Integration, ResourceRecord, prepared, prepared_by_dialect
from gateway.domain.calendar import days
from gateway.domain.enums import StatisticsDateField
from gateway.domain.integration_filters import InstantFilter
from gateway.domain.record_search import RecordSearch
from gateway.domain.statistics import COUNTED_STATUSES, TRENDS, BucketPage, Statistics, StatisticsFilter
from gateway.domain.viewer import Viewer
from gateway.sql import groupings, json_rows, record_search
from gateway.sql.groupings import CountSelect
from gateway.sql.integration_filters import build_instant_conditions
from gateway.sql.integrations import is_own_connected
from gateway.sql.record_filters import build_value_conditions
from gateway.sql.text_lists import is_in


@prepared
def select_integration(viewer: Viewer, id: str) -> Select[Integration]:
    """Select the connected integration with this id, if the viewer may see it; at most one row."""
    return select(Integration).where(Integration.id == id, is_own_connected(viewer))


@prepared_by_dialect
def select_counts(
    dialect: str,
    viewer: Viewer,
    statistics: Statistics,
    integration_ids: Sequence[str],
    filter: StatisticsFilter,
    page: BucketPage,
    parts: frozenset[str],
    offsets: tuple[tuple[datetime, int], ...],
    search: RecordSearch,
) -> CountSelect:
    """Select the counts of parts of dashboards, one row per dashboard, part and value.

    The name of a dashboard is the id of its integration. For TRENDS, `offsets` are the zone's offsets from UTC
    over the filter's time: the instant of each change, and the offset in seconds.
    """
    at = _get_instant_column(filter)
    columns = [ResourceRecord.__table__.c[part] for part in sorted(parts) if part in ResourceRecord.__table__.c]
    if TRENDS in parts:
        columns.append(groupings.DayNumber(at, _build_utc_offset(at, offsets)).label("day"))
    matched = select(
        ResourceRecord.integration_id.label("dashboard"), ResourceRecord.booking_status, *columns
    ).where(*_build_conditions(dialect, viewer, statistics, integration_ids, filter, search))
    # With several groupings, MATERIALIZED reads the records once.
    is_one_pass = dialect == groupings.POSTGRESQL or len(parts) == 1
    table = matched.subquery("matched") if is_one_pass else matched.cte("matched").prefix_with("MATERIALIZED")
    size = type_coerce(page.size, BigInteger)
    offset = size * (type_coerce(page.page, BigInteger) - 1)
    return groupings.select_sums(groupings.select_counts(table, parts, dialect), offset, size)


@prepared
def select_counts_by_day(
    viewer: Viewer,
    statistics: Statistics,
    integration_ids: Sequence[str],
    filter: StatisticsFilter,
    segments: str,
) -> Select[str, str, str]:
    """Select the counts of segments of days: integration id, number of the day, and a JSON list by status.

    `segments` is a JSON list of their first instant or null, last instant, and day. They replace the bounds of the
    filter. Each is a range of an index, so that the records need not be grouped.
    """
    segment = json_rows.build_cte("segment", segments, since=Instant(), last=Instant(), day=Integer())
    since = func.coalesce(segment.c.since, literal(days.FIRST_INSTANT, Instant))
    successful, failed, pending = (
        cast(func.count().filter(ResourceRecord.booking_status == status), String()) for status in COUNTED_STATUSES
    )
    counts = select("[" + successful + "," + failed + "," + pending + "]").where(
        ResourceRecord.team_id == viewer.team_id,
        ResourceRecord.integration_id == Integration.id,
        ResourceRecord.type == statistics.type.value,
        _get_instant_column(filter).between(since, segment.c.last),
        *build_value_conditions(ResourceRecord, filter.values),
    )
    return select(
        Integration.id, cast(segment.c.day, String()), counts.correlate(Integration, segment).scalar_subquery()
    ).where(is_in(Integration.id, integration_ids), is_own_connected(viewer))


@prepared
def select_bounds(
    viewer: Viewer, statistics: Statistics, integration_ids: Sequence[str], filter: StatisticsFilter
) -> Select[datetime | None, datetime | None]:
    """Select the first and the last instant of records within the filter's bounds, in one row.

    Both are null without records. The statement ignores the search and the values.
    """
    at = _get_instant_column(filter)
    matching = (
        ResourceRecord.team_id == viewer.team_id,
        ResourceRecord.integration_id == Integration.id,
        ResourceRecord.type == statistics.type.value,
        *build_instant_conditions(InstantFilter(gte=filter.start, lt=filter.end), at),
    )
    # One subquery per integration and end: with a list of integrations, databases would read every index entry.
    first, last = (
        select(end(at)).where(*matching).correlate(Integration).scalar_subquery() for end in (func.min, func.max)
    )
    return select(type_coerce(func.min(first), Instant), type_coerce(func.max(last), Instant)).where(
        is_in(Integration.id, integration_ids), is_own_connected(viewer)
    )


@prepared_by_dialect
def select_bounded_count(
    dialect: str,
    viewer: Viewer,
    statistics: Statistics,
    integration_ids: Sequence[str],
    filter: StatisticsFilter,
    limit: int,
) -> Select[int]:
    """Select the number of records within the filter's bounds, of all dashboards together, at most `limit`."""
    conditions = _build_conditions(dialect, viewer, statistics, integration_ids, filter, RecordSearch())
    rows = select(ResourceRecord.id).where(*conditions).limit(type_coerce(limit, Integer)).subquery("counted")
    return select(func.count()).select_from(rows)


@prepared_by_dialect
def select_choice(
    dialect: str,
    viewer: Viewer,
    statistics: Statistics,
    integration_ids: Sequence[str],
    filter: StatisticsFilter,
    trigrams: Sequence[str],
) -> Select[bool]:
    """Select whether the index finds the records that a dashboard counts, instead of the filter's bounds.

    On SQLite, if it finds fewer than there are within the bounds. On PostgreSQL the planner decides, by the values
    of the statement: this tells it to.
    """
    if dialect == groupings.POSTGRESQL:
        return select(func.set_config("plan_cache_mode", "force_custom_plan", True).is_not(None))
    conditions = _build_conditions(dialect, viewer, statistics, integration_ids, filter, RecordSearch())
    days = select(func.count().label("number")).where(*conditions).cte("days").prefix_with("MATERIALIZED")
    number = select(days.c.number).scalar_subquery()
    candidates = record_search.select_candidates(integration_ids, trigrams).limit(number).subquery("candidates")
    return select(select(func.count()).select_from(candidates).scalar_subquery() < number)


def _get_instant_column(filter: StatisticsFilter) -> SQLColumnExpression[datetime | None]:
    is_by_start = filter.date_field is StatisticsDateField.START
    return ResourceRecord.start if is_by_start else ResourceRecord.created_at


def _build_conditions(
    dialect: str,
    viewer: Viewer,
    statistics: Statistics,
    integration_ids: Sequence[str],
    filter: StatisticsFilter,
    search: RecordSearch,
) -> list[ColumnElement[bool]]:
    at = _get_instant_column(filter)
    visible_ids = select(Integration.id).where(is_in(Integration.id, integration_ids), is_own_connected(viewer))
    return [
        *record_search.build_conditions(dialect, viewer.team_id, integration_ids, search),
        ResourceRecord.integration_id.in_(visible_ids),
        ResourceRecord.type == statistics.type.value,
        *build_instant_conditions(InstantFilter(gte=filter.start, lt=filter.end), at),
        *build_value_conditions(ResourceRecord, filter.values),
    ]


def _build_utc_offset(
    at: SQLColumnExpression[datetime | None], offsets: tuple[tuple[datetime, int], ...]
) -> ColumnElement[int]:
    """Return the offset from UTC in seconds at an instant.

    The latest change comes first, since most records are recent.
    """
    (_, earliest), *changes = offsets
    conditions = [(at >= since, seconds) for since, seconds in reversed(changes)]
    return case(*conditions, else_=earliest) if conditions else type_coerce(earliest, Integer)
