"""Statements that compare what is counted by days with the records."""

from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, func, select, tuple_, type_coerce

from gateway.database.column_types import Text
from gateway.database.prepared import query
from gateway.database.tables import DayCount, DaySeries, Integration, ResourceRecord
from gateway.domain.enums import IntegrationKind
from gateway.domain.statistics.catalogue import STATISTICS
from gateway.domain.statistics.day_counts import Block, Series
from gateway.domain.statistics.verification import Scope

_KEY = (Integration.team_id, Integration.id)
_OF_SERIES = and_(DayCount.team_id == DaySeries.team_id, DayCount.series_id == DaySeries.id)


def _within(scope: Scope) -> list[ColumnElement[bool]]:
    conditions = [Integration.kind == IntegrationKind.CONNECTED]
    if scope.team_id is not None:
        conditions.append(Integration.team_id == scope.team_id)
    if scope.integration_id is not None:
        conditions.append(Integration.id == scope.integration_id)
    return conditions


def _place(team_id: str, integration_id: str) -> ColumnElement[Any]:
    return tuple_(type_coerce(team_id, Text), type_coerce(integration_id, Text))


@query
def integration(scope: Scope, team_id: str, integration_id: str) -> Select[str, str, str | None]:
    """Team, id and zone of the first connected integration from this one on, in the order of teams and ids."""
    place = tuple_(*_KEY) >= _place(team_id, integration_id)
    return select(*_KEY, Integration.timezone).where(place, *_within(scope)).order_by(*_KEY).limit(1)


@query
def next_integration(scope: Scope, team_id: str, integration_id: str) -> Select[str, str]:
    """Team and id of the first connected integration after this one."""
    place = tuple_(*_KEY) > _place(team_id, integration_id)
    return select(*_KEY).where(place, *_within(scope)).order_by(*_KEY).limit(1)


@query
def held(team_id: str, integration_id: str) -> Select[str | None]:
    """The zone of an integration, which is held until the transaction ends."""
    return (
        select(Integration.timezone)
        .where(Integration.team_id == team_id, Integration.id == integration_id)
        .with_for_update(key_share=True)
    )


@query
def size(scope: Scope, team_id: str, integration_id: str) -> Select[int]:
    """How many records are counted of this integration and those after it."""
    below = (ResourceRecord.team_id == Integration.team_id) & (ResourceRecord.integration_id == Integration.id)
    return (
        select(func.count())
        .select_from(Integration)
        .join(ResourceRecord, below)
        .where(
            tuple_(*_KEY) >= _place(team_id, integration_id),
            ResourceRecord.type.in_([each.type.value for each in STATISTICS]),
            *_within(scope),
        )
    )


@query
def next_count(team_id: str, integration_id: str, type: str, day: int) -> Select[int | None]:
    """The first block, of any size, in which anything is counted of a type, of this day or later."""
    return (
        select(func.min(DayCount.day))
        .select_from(DaySeries)
        .join(DayCount, _OF_SERIES)
        .where(*_below(team_id, integration_id, type), DayCount.day >= type_coerce(day, Integer))
    )


@query
def stored(team_id: str, integration_id: str, type: str, first: int, last: int) -> Select[*tuple[Any, ...]]:
    """What is counted of a type in blocks that begin from the day `first` to `last`."""
    series = (DaySeries.__table__.c[name] for name in Series._fields)
    blocks = (DayCount.__table__.c[name] for name in Block._fields)
    return (
        select(*series, *blocks)
        .select_from(DaySeries)
        .join(DayCount, _OF_SERIES)
        .where(
            *_below(team_id, integration_id, type),
            DayCount.day.between(type_coerce(first, Integer), type_coerce(last, Integer)),
        )
    )


def _below(team_id: str, integration_id: str, type_: str) -> list[ColumnElement[bool]]:
    return [DaySeries.team_id == team_id, DaySeries.integration_id == integration_id, DaySeries.type == type_]
