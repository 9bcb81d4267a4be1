"""Statements of imports."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, delete, select
from sqlalchemy.sql.dml import ReturningDelete

from gateway.database import Integration, ResourceRecord, Team, UseCase, UseCaseGroup, User, prepared
from gateway.domain.enums import IntegrationKind, UseCaseKey
from gateway.domain.statistics import COUNTED_COLUMNS
from gateway.sql import text_lists
from gateway.sql.exports import ChildEntity


@prepared
def select_team_id(id: str, locks: bool) -> Select[str]:
    """Select the id if the team exists; at most one row.

    With `locks`, the row is locked until the transaction ends, so that imports into one team run one by one.
    """
    statement = select(Team.id).where(Team.id == id)
    return statement.with_for_update(key_share=True) if locks else statement


@prepared
def select_team_ids() -> Select[str]:
    """Select the ids of all teams, one row per team."""
    return select(Team.id)


@prepared
def select_user_ids(team_id: str, ids: Sequence[str]) -> Select[str]:
    """Select the ids among these that users of the team have, one row per id."""
    return select(User.id).where(User.team_id == team_id, text_lists.is_in(User.id, ids))


@prepared
def select_integrations_for_update(team_id: str, ids: Sequence[str]) -> Select[Integration]:
    """Select the integrations and webhooks with these ids, and lock their rows until the transaction ends.

    The order by id prevents deadlocks of two imports.
    """
    return (
        select(Integration)
        .where(Integration.team_id == team_id, text_lists.is_in(Integration.id, ids))
        .order_by(Integration.id)
        .with_for_update(key_share=True)
    )


@prepared
def select_connected_id(team_id: str, id: str, logical_id: str | None) -> Select[str]:
    """Select the id of the connected integration with this logical id; at most one row.

    With `logical_id` None, the integration is the one with this id.
    """
    key = Integration.id == id if logical_id is None else Integration.logical_id == logical_id
    return select(Integration.id).where(
        Integration.team_id == team_id, Integration.kind == IntegrationKind.CONNECTED, key
    )


@prepared
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


@prepared
def select_group_id(team_id: str, id: str) -> Select[str]:
    """Select the id if a group of the team has it; at most one row."""
    return select(UseCaseGroup.id).where(UseCaseGroup.team_id == team_id, UseCaseGroup.id == id)


@prepared
def select_members(team_id: str, integration_id: str) -> Select[str, str | None, UseCaseKey | None]:
    """Select id, group id and key of the use cases of an integration that have a group, one row each."""
    return select(UseCase.id, UseCase.group_id, UseCase.key).where(
        UseCase.team_id == team_id, UseCase.integration_id == integration_id, UseCase.group_id.is_not(None)
    )


@prepared
def delete_rows(entity: type[ChildEntity], team_id: str, ids: Sequence[str]) -> ReturningDelete[*tuple[Any, ...]]:
    """Delete these rows. Return `COUNTED_COLUMNS` of records, and the id of use cases, one row per deleted row."""
    id_values = select(text_lists.build_cte(ids).c.value)
    statement = delete(entity).where(entity.team_id == team_id, entity.id.in_(id_values))
    names = COUNTED_COLUMNS if entity is ResourceRecord else ("id",)
    return statement.returning(*(getattr(entity, name) for name in names))
