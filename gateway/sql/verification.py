"""Statements for the comparison of day counts with the records."""

from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, case, func, select, tuple_, type_coerce

from gateway.database import CollatedText, DayCount, DaySeries, Integration, ResourceRecord, prepared
from gateway.domain.enums import IntegrationKind
from gateway.domain.statistics import VERIFIED, Series, VerificationScope
from gateway.sql.day_counts import COUNTS_TEXT

_INTEGRATION_KEY = (Integration.team_id, Integration.id)
_SERIES_JOIN = and_(DayCount.team_id == DaySeries.team_id, DayCount.series_id == DaySeries.id)


def _build_scope_conditions(scope: VerificationScope) -> list[ColumnElement[bool]]:
    conditions = [Integration.kind == IntegrationKind.CONNECTED]
    if scope.team_id is not None:
        conditions.append(Integration.team_id == scope.team_id)
    if scope.integration_id is not None:
        conditions.append(Integration.id == scope.integration_id)
    return conditions


def _build_position(team_id: str, integration_id: str) -> ColumnElement[Any]:
    return tuple_(type_coerce(team_id, CollatedText), type_coerce(integration_id, CollatedText))


@prepared
def select_integration(
    scope: VerificationScope, team_id: str, integration_id: str
) -> Select[str, str, str | None]:
    """Select team id, id and zone of the first connected integration from this one on, ordered by team and id."""
    is_from_here = tuple_(*_INTEGRATION_KEY) >= _build_position(team_id, integration_id)
    return (
        select(*_INTEGRATION_KEY, Integration.timezone)
        .where(is_from_here, *_build_scope_conditions(scope))
        .order_by(*_INTEGRATION_KEY)
        .limit(1)
    )


@prepared
def select_next_integration(scope: VerificationScope, team_id: str, integration_id: str) -> Select[str, str]:
    """Select team id and id of the first connected integration after this one, ordered by team and id."""
    is_after = tuple_(*_INTEGRATION_KEY) > _build_position(team_id, integration_id)
    return (
        select(*_INTEGRATION_KEY)
        .where(is_after, *_build_scope_conditions(scope))
        .order_by(*_INTEGRATION_KEY)
        .limit(1)
    )


@prepared
def select_timezone_for_update(team_id: str, integration_id: str) -> Select[str | None]:
    """Select the zone of an integration, and lock its row until the transaction ends; at most one row."""
    return (
        select(Integration.timezone)
        .where(Integration.team_id == team_id, Integration.id == integration_id)
        .with_for_update(key_share=True)
    )


@prepared
def select_record_count(scope: VerificationScope, team_id: str, integration_id: str) -> Select[int]:
    """Select the number of records of this integration and all later ones, once for each date field."""
    is_of_integration = (ResourceRecord.team_id == Integration.team_id) & (
        ResourceRecord.integration_id == Integration.id
    )
    counted = [statistics.type.value for statistics, _ in VERIFIED]
    times = case({type_: counted.count(type_) for type_ in counted}, value=ResourceRecord.type)
    return (
        select(func.coalesce(func.sum(times), 0))
        .select_from(Integration)
        .join(ResourceRecord, is_of_integration)
        .where(
            tuple_(*_INTEGRATION_KEY) >= _build_position(team_id, integration_id),
            ResourceRecord.type.in_(sorted({*counted})),
            *_build_scope_conditions(scope),
        )
    )


@prepared
def select_next_counted_day(
    team_id: str, integration_id: str, type: str, date_field: str, day: int
) -> Select[int | None]:
    """Select the first day of a block with a count, from `day` on, in one row; null if there is none."""
    return (
        select(func.min(DayCount.day))
        .select_from(DaySeries)
        .join(DayCount, _SERIES_JOIN)
        .where(
            *_build_series_conditions(team_id, integration_id, type, date_field),
            DayCount.day >= type_coerce(day, Integer),
        )
    )


@prepared
def select_counts(
    team_id: str, integration_id: str, type: str, date_field: str, first: int, last: int
) -> Select[*tuple[Any, ...]]:
    """Select the counts of blocks that begin from the day `first` to `last`.

    One row per block: the columns of `Series`, size, day and `COUNTS_TEXT`.
    """
    series = (DaySeries.__table__.c[name] for name in Series._fields)
    return (
        select(*series, DayCount.size, DayCount.day, COUNTS_TEXT)
        .select_from(DaySeries)
        .join(DayCount, _SERIES_JOIN)
        .where(
            *_build_series_conditions(team_id, integration_id, type, date_field),
            DayCount.day.between(type_coerce(first, Integer), type_coerce(last, Integer)),
        )
    )


def _build_series_conditions(
    team_id: str, integration_id: str, type_: str, date_field: str
) -> list[ColumnElement[bool]]:
    return [
        DaySeries.team_id == team_id,
        DaySeries.integration_id == integration_id,
        DaySeries.type == type_,
        DaySeries.date_field == date_field,
    ]
