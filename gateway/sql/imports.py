"""Statements of imports."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Delete, Select, SQLColumnExpression, delete, select
from sqlalchemy.sql.dml import ReturningDelete

from gateway.database import Integration, ResourceRecord, Team, UseCase, User, prepared
from gateway.domain.enums import IntegrationKind
from gateway.domain.statistics import COUNTED_COLUMNS
from gateway.sql import text_lists
from gateway.sql.exports import ChildEntity


def select_team_for_update(id: str) -> Select[Team]:
    """Select a team and lock its row until the transaction ends, so that imports into one team run one by one."""
    return select(Team).where(Team.id == id).with_for_update(key_share=True)


def select_team_ids() -> Select[str]:
    """Select the ids of all teams, one row per team."""
    return select(Team.id)


def select_user_ids(team_id: str, ids: Sequence[str]) -> Select[str]:
    """Select the ids among these that users of the team have, one row per id."""
    return select(User.id).where(User.team_id == team_id, User.id.in_(ids))


def select_integrations_for_update(team_id: str, ids: Sequence[str]) -> Select[Integration]:
    """Select the integrations and webhooks with these ids, and lock their rows until the transaction ends.

    The order by id prevents deadlocks of two imports.
    """
    return (
        select(Integration)
        .where(Integration.team_id == team_id, Integration.id.in_(ids))
        .order_by(Integration.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def select_connected_id(team_id: str, id: str, logical_id: str | None) -> Select[str]:
    """Select the id of the connected integration with this logical id; at most one row.

    With `logical_id` None, the integration is the one with this id.
    """
    key = Integration.id == id if logical_id is None else Integration.logical_id == logical_id
    return select(Integration.id).where(
        Integration.team_id == team_id, Integration.kind == IntegrationKind.CONNECTED, key
    )


def select_integration_id(team_id: str, id: str) -> Select[str]:
    """Select the id if an integration or webhook of the team has it; at most one row."""
    return select(Integration.id).where(Integration.team_id == team_id, Integration.id == id)


@prepared
def select_ids_by_logical_ids(
    entity: type[ChildEntity], team_id: str, integration_id: str, logical_ids: Sequence[str]
) -> Select[str, str]:
    """Select logical id and id of the rows under an integration with these logical ids, one row per match."""
    return _select_by_keys(
        logical_ids,
        entity.logical_id,
        entity.id,
        entity.team_id == team_id,
        entity.integration_id == integration_id,
    )


@prepared
def select_integration_ids(entity: type[ChildEntity], team_id: str, ids: Sequence[str]) -> Select[str, str]:
    """Select id and integration id of the team's rows with these ids, one row per match."""
    return _select_by_keys(ids, entity.id, entity.integration_id, entity.team_id == team_id)


def _select_by_keys(
    keys: Sequence[str],
    key: SQLColumnExpression[str],
    value: SQLColumnExpression[str],
    *conditions: ColumnElement[bool],
) -> Select[str, str]:
    """Select the keys that a row has, and the row's value, one row per match. A key has at most one row.

    Each key has a subquery: with a join, planners that know the number of keys, and little of the table, would
    scan the whole table.
    """
    key_table = text_lists.build_cte(keys)
    one = select(value).where(key == key_table.c.value, *conditions).scalar_subquery()
    found = select(key_table.c.value, one.label("found")).cte("looked_up").prefix_with("MATERIALIZED")
    return select(found.c.value, found.c.found).where(found.c.found.is_not(None))


@prepared
def select_rows(entity: type[UseCase] | type[ResourceRecord], team_id: str, ids: Sequence[str]) -> Select[Any]:
    """Select the team's rows of an entity with these ids."""
    id_table = text_lists.build_cte(ids)
    return select(entity).join(id_table, entity.id == id_table.c.value).where(entity.team_id == team_id)


@prepared
def select_ids(entity: type[ChildEntity], team_id: str, integration_id: str) -> Select[str]:
    """Select the ids of an entity under an integration, one row per id."""
    return select(entity.id).where(entity.team_id == team_id, entity.integration_id == integration_id)


def delete_rows(
    entity: type[ChildEntity], team_id: str, ids: Sequence[str]
) -> Delete | ReturningDelete[*tuple[Any, ...]]:
    """Delete these rows. For records, return their `COUNTED_COLUMNS`, one row per deleted record."""
    id_values = select(text_lists.build_cte(ids).c.value)
    statement = delete(entity).where(entity.team_id == team_id, entity.id.in_(id_values))
    if entity is ResourceRecord:
        return statement.returning(*(getattr(entity, name) for name in COUNTED_COLUMNS))
    return statement
