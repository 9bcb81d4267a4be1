"""Statements that take documents in."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, delete, select
from sqlalchemy.sql.dml import ReturningDelete

from gateway.database import Integration, ResourceRecord, Team, UseCase, User, prepared
from gateway.domain.enums import IntegrationKind
from gateway.domain.statistics import COUNTED_COLUMNS
from gateway.sql import texts

ChildEntity = UseCase | ResourceRecord


@prepared
def select_team_id(id: str, locks: bool) -> Select[str]:
    """Select the id itself, if there is such a team; `locks` its row until the transaction ends."""
    statement = select(Team.id).where(Team.id == id)
    return statement.with_for_update(key_share=True) if locks else statement


@prepared
def select_team_ids() -> Select[str]:
    """The ids of all teams."""
    return select(Team.id)


@prepared
def select_user_ids(team_id: str, ids: Sequence[str]) -> Select[str]:
    """Which of these users the team has."""
    return select(User.id).where(User.team_id == team_id, texts.is_in(User.id, ids))


@prepared
def select_integrations_for_update(team_id: str, ids: Sequence[str]) -> Select[Integration]:
    """Integrations of either world with these ids, held until the transaction ends.

    They come, and are locked, by id, so that no two imports wait for each other.
    """
    return (
        select(Integration)
        .where(Integration.team_id == team_id, texts.is_in(Integration.id, ids))
        .order_by(Integration.id)
        .with_for_update(key_share=True)
    )


@prepared
def select_connected_id(team_id: str, id: str, logical_id: str | None) -> Select[str]:
    """The id of the team's connected integration with this logical id; without one, with this id."""
    key = Integration.id == id if logical_id is None else Integration.logical_id == logical_id
    return select(Integration.id).where(
        Integration.team_id == team_id, Integration.kind == IntegrationKind.CONNECTED, key
    )


@prepared
def select_integration_id(team_id: str, id: str) -> Select[str]:
    """The id itself, when an integration of either world has it."""
    return select(Integration.id).where(Integration.team_id == team_id, Integration.id == id)


@prepared
def select_ids_by_logical_ids(
    entity: type[ChildEntity], team_id: str, integration_id: str, logical_ids: Sequence[str]
) -> Select[str, str]:
    """Logical id and id of the rows under an integration with these logical ids."""
    return _select_by_keys(
        logical_ids,
        entity.logical_id,
        entity.id,
        entity.team_id == team_id,
        entity.integration_id == integration_id,
    )


@prepared
def select_integration_ids(entity: type[ChildEntity], team_id: str, ids: Sequence[str]) -> Select[str, str]:
    """Id and integration's id of the team's rows with these ids, under whichever integration."""
    return _select_by_keys(ids, entity.id, entity.integration_id, entity.team_id == team_id)


def _select_by_keys(
    keys: Sequence[str],
    key: SQLColumnExpression[str],
    value: SQLColumnExpression[str],
    *conditions: ColumnElement[bool],
) -> Select[str, str]:
    """Those of these texts that are the key of a row, of which there is one at most, and what it has for a value.

    They are looked up one by one: planners that know how many there are, and little of the table, would rather
    walk through all of it.
    """
    key_table = texts.build_cte(keys)
    one = select(value).where(key == key_table.c.value, *conditions).scalar_subquery()
    found = select(key_table.c.value, one.label("found")).cte("looked_up").prefix_with("MATERIALIZED")
    return select(found.c.value, found.c.found).where(found.c.found.is_not(None))


@prepared
def select_rows(entity: type[UseCase] | type[ResourceRecord], team_id: str, ids: Sequence[str]) -> Select[Any]:
    """The team's rows with these ids."""
    wanted = texts.build_cte(ids)
    return select(entity).join(wanted, entity.id == wanted.c.value).where(entity.team_id == team_id)


@prepared
def select_ids(entity: type[ChildEntity], team_id: str, integration_id: str) -> Select[str]:
    """The ids of all rows of an entity under an integration."""
    return select(entity.id).where(entity.team_id == team_id, entity.integration_id == integration_id)


@prepared
def delete_rows(entity: type[ChildEntity], team_id: str, ids: Sequence[str]) -> ReturningDelete[*tuple[Any, ...]]:
    """Delete these rows. Returns `COUNTED_COLUMNS` of records, and the id of others."""
    wanted = select(texts.build_cte(ids).c.value)
    statement = delete(entity).where(entity.team_id == team_id, entity.id.in_(wanted))
    names = COUNTED_COLUMNS if entity is ResourceRecord else ("id",)
    return statement.returning(*(getattr(entity, name) for name in names))
