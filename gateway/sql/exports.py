"""Statements that read one integration whole."""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import Select, func, select

from gateway.database.prepared import query
from gateway.database.tables import Integration, ResourceRecord, UseCase
from gateway.domain.lenient_reading import Document
from gateway.domain.viewer import Viewer
from gateway.sql.integrations import own_connected
from gateway.sql.texts import among
from gateway.sql.visibility import hangs_below_own

Child = UseCase | ResourceRecord
C = TypeVar("C", UseCase, ResourceRecord)


@query
def connected(viewer: Viewer, id: str) -> Select[Integration]:
    """The team's connected integration with this id, if the viewer may see it."""
    return select(Integration).where(Integration.id == id, own_connected(viewer))


@query
def children(viewer: Viewer, entity: type[C], integration_ids: Sequence[str]) -> Select[C]:
    """All rows of an entity under these integrations that the viewer may see, in the order of an export."""
    return (
        select(entity)
        .where(hangs_below_own(viewer, entity), among(entity.integration_id, integration_ids))
        .order_by(entity.created_at, entity.id)
    )


def by_id(id: str, team_id: str | None) -> Select[Integration]:
    """Integrations of either world with this id: one a team, or at most that of one team."""
    statement = select(Integration).where(Integration.id == id)
    if team_id is not None:
        statement = statement.where(Integration.team_id == team_id)
    return statement.order_by(Integration.team_id)


def documents_under(entity: type[Child], team_id: str, integration_id: str) -> Select[Document]:
    """The document of each row of an entity under an integration, in the order of an export."""
    return (
        select(entity.document)
        .where(entity.team_id == team_id, entity.integration_id == integration_id)
        .order_by(entity.created_at, entity.id)
    )


def count_under(entity: type[Child], team_id: str, integration_id: str) -> Select[int]:
    """How many documents `documents_under` gives."""
    return (
        select(func.count())
        .select_from(entity)
        .where(entity.team_id == team_id, entity.integration_id == integration_id)
    )
