"""Statements that count records for dashboards, without day counts; each covers several integrations."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    case,
    func,
    select,
    type_coerce,
)

from gateway.database import Instant, Integration, ResourceRecord, prepared, prepared_by_dialect
from gateway.domain.enums import StatisticsDateField
from gateway.domain.statistics import TRENDS, BucketPage, Statistics, StatisticsFilter
from gateway.domain.viewer import Viewer
from gateway.sql import groupings
from gateway.sql.groupings import CountSelect
from gateway.sql.integrations import is_own_connected
from gateway.sql.resource_records import build_search_conditions
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
    ).where(*_build_conditions(viewer, statistics, integration_ids, filter))
    # With several groupings, MATERIALIZED reads the records once.
    is_one_pass = dialect == groupings.POSTGRESQL or len(parts) == 1
    table = matched.subquery("matched") if is_one_pass else matched.cte("matched").prefix_with("MATERIALIZED")
    size = type_coerce(page.size, BigInteger)
    offset = size * (type_coerce(page.page, BigInteger) - 1)
    return groupings.select_sums(groupings.select_counts(table, parts, dialect), offset, size)


@prepared
def select_bounds(
    viewer: Viewer, statistics: Statistics, integration_ids: Sequence[str], filter: StatisticsFilter
) -> Select[datetime | None, datetime | None]:
    """Select the first and the last instant of records within the filter's bounds, in one row.

    Both are null without records. The statement ignores the words and the appointment type of the filter.
    """
    at = _get_instant_column(filter)
    matching = _build_conditions(
        viewer, statistics, integration_ids, replace(filter, words=(), appointment_type=None)
    )
    # Two subqueries, since each reads one end of an index.
    first, last = (select(end(at)).where(*matching).scalar_subquery() for end in (func.min, func.max))
    return select(type_coerce(first, Instant), type_coerce(last, Instant))


def _get_instant_column(filter: StatisticsFilter) -> SQLColumnExpression[datetime | None]:
    is_by_start = filter.date_field is StatisticsDateField.START
    return ResourceRecord.start if is_by_start else ResourceRecord.created_at


def _build_conditions(
    viewer: Viewer, statistics: Statistics, integration_ids: Sequence[str], filter: StatisticsFilter
) -> list[ColumnElement[bool]]:
    at = _get_instant_column(filter)
    visible_ids = select(Integration.id).where(is_in(Integration.id, integration_ids), is_own_connected(viewer))
    conditions = [
        ResourceRecord.team_id == viewer.team_id,
        ResourceRecord.integration_id.in_(visible_ids),
        ResourceRecord.type == statistics.type.value,
        *build_search_conditions(filter.words),
    ]
    if filter.start is not None:
        conditions.append(at >= filter.start)
    if filter.end is not None:
        conditions.append(at < filter.end)
    if filter.appointment_type is not None:
        conditions.append(ResourceRecord.appointment_type == filter.appointment_type.value)
    return conditions


def _build_utc_offset(
    at: SQLColumnExpression[datetime | None], offsets: tuple[tuple[datetime, int], ...]
) -> ColumnElement[int]:
    """Return the offset from UTC in seconds at an instant.

    The latest change comes first, since most records are recent.
    """
    (_, earliest), *changes = offsets
    conditions = [(at >= since, seconds) for since, seconds in reversed(changes)]
    return case(*conditions, else_=earliest) if conditions else type_coerce(earliest, Integer)
