"""Statements that count appointments of several integrations at once."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Function,
    Integer,
    Select,
    SQLColumnExpression,
    and_,
    case,
    func,
    select,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from gateway.domain.enums import BookingStatus, ResourceType, StatisticsDateField
from gateway.domain.statistics import AppointmentFilter, Breakdown, BucketPage
from gateway.domain.viewer import Viewer
from gateway.queries import query
from gateway.sql.integrations import own_connected
from gateway.sql.resource_records import mentions
from gateway.sql.texts import among
from gateway.tables import Integration, ResourceRecord


class calendar_day(GenericFunction[date]):  # noqa: N801 (named as in SQL)
    """The date on a clock that is so many whole seconds ahead of UTC, at an instant."""

    type = Date()
    inherit_cache = True


@compiles(calendar_day, "sqlite")
def _calendar_day_on_sqlite(element: calendar_day, compiler: SQLCompiler, **keywords: Any) -> str:  # noqa: ANN401
    at, ahead = (compiler.process(clause, **keywords) for clause in element.clauses)
    return f"date(substr({at}, 1, 19), ({ahead}) || ' seconds')"


@compiles(calendar_day, "postgresql")
def _calendar_day_on_postgresql(element: calendar_day, compiler: SQLCompiler, **keywords: Any) -> str:  # noqa: ANN401
    at, ahead = (compiler.process(clause, **keywords) for clause in element.clauses)
    return f"(({at} AT TIME ZONE 'UTC') + ({ahead}) * interval '1 second')::date"


@query
def integration(viewer: Viewer, id: str) -> Select[Integration]:
    """The team's connected integration with this id, if the viewer may see it."""
    return select(Integration).where(Integration.id == id, own_connected(viewer))


def _instant(filter: AppointmentFilter) -> SQLColumnExpression[datetime | None]:
    visit = filter.date_field is StatisticsDateField.START
    return ResourceRecord.start if visit else ResourceRecord.created_at


def _matching(
    viewer: Viewer, integration_ids: Sequence[str], filter: AppointmentFilter
) -> list[ColumnElement[bool]]:
    at = _instant(filter)
    visible = select(Integration.id).where(among(Integration.id, integration_ids), own_connected(viewer))
    conditions = [
        ResourceRecord.team_id == viewer.team_id,
        ResourceRecord.integration_id.in_(visible),
        ResourceRecord.type == ResourceType.APPOINTMENTS.value,
        *mentions(filter.words),
    ]
    if filter.start is not None:
        conditions.append(at >= filter.start)
    if filter.end is not None:
        conditions.append(at < filter.end)
    if filter.appointment_type is not None:
        conditions.append(ResourceRecord.appointment_type == filter.appointment_type.value)
    return conditions


@query
def overviews(
    viewer: Viewer, integration_ids: Sequence[str], filter: AppointmentFilter
) -> Select[str, BookingStatus | None, int]:
    """How many appointments each integration has, by the state of their bookings."""
    return (
        select(ResourceRecord.integration_id, ResourceRecord.booking_status, func.count())
        .where(*_matching(viewer, integration_ids, filter))
        .group_by(ResourceRecord.integration_id, ResourceRecord.booking_status)
    )


@query
def buckets(
    viewer: Viewer,
    integration_ids: Sequence[str],
    filter: AppointmentFilter,
    breakdown: Breakdown,
    page: BucketPage,
) -> Select[str, str, int]:
    """The same page of a breakdown of each integration: the largest buckets first, then by value."""
    value = ResourceRecord.__table__.c[breakdown.column]
    count = func.count()
    order = (count.desc(), value.asc())
    ranked = (
        select(
            ResourceRecord.integration_id,
            value.label("value"),
            count.label("count"),
            func.row_number().over(partition_by=ResourceRecord.integration_id, order_by=order).label("place"),
        )
        .where(*_matching(viewer, integration_ids, filter))
        .group_by(ResourceRecord.integration_id, value)
        .subquery("ranked")
    )
    size = type_coerce(page.size, BigInteger)
    skipped = size * (type_coerce(page.page, BigInteger) - 1)
    return (
        select(ranked.c.integration_id, ranked.c.value, ranked.c["count"])
        .where(ranked.c.place > skipped, ranked.c.place <= skipped + size)
        .order_by(ranked.c.place)
    )


@query
def bounds(
    viewer: Viewer, integration_ids: Sequence[str], filter: AppointmentFilter
) -> Select[datetime | None, datetime | None]:
    """The first and the last instant that any appointment has; both null when there is none."""
    at = _instant(filter)
    return select(func.min(at), func.max(at)).where(*_matching(viewer, integration_ids, filter))


@query
def days(
    viewer: Viewer,
    integration_ids: Sequence[str],
    filter: AppointmentFilter,
    offsets: tuple[tuple[datetime, int], ...],
) -> Select[str, date, int, int]:
    """How many bookings of each local day of each integration succeeded and failed.

    `offsets` says how many seconds the clock is ahead of UTC and since when, for all of the time that the filter
    lets through.
    """
    at = _instant(filter)
    counted = (
        select(
            ResourceRecord.integration_id,
            calendar_day(at, _seconds_ahead(at, offsets)).label("day"),
            ResourceRecord.booking_status,
        )
        .where(*_matching(viewer, integration_ids, filter), at.is_not(None))
        .subquery("counted")
    )
    return select(
        counted.c.integration_id,
        counted.c.day,
        _how_many(counted.c.booking_status == BookingStatus.SUCCESSFUL),
        _how_many(counted.c.booking_status == BookingStatus.FAILED),
    ).group_by(counted.c.integration_id, counted.c.day)


def _seconds_ahead(
    at: SQLColumnExpression[datetime | None], offsets: tuple[tuple[datetime, int], ...]
) -> ColumnElement[int]:
    """How far the clock is ahead at an instant; the latest offset first, as most appointments are recent."""
    (_, earliest), *changes = offsets
    conditions = [(at >= since, seconds) for since, seconds in reversed(changes)]
    return case(*conditions, else_=earliest) if conditions else type_coerce(earliest, Integer)


def _how_many(condition: ColumnElement[bool]) -> Function[int]:
    return func.count(case((and_(condition), 1)))
