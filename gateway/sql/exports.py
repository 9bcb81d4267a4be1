"""Statements that read one integration whole."""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import Select, func, select

from gateway.database import Integration, ResourceRecord, UseCase, prepared
from gateway.domain.lenient_reading import Document
from gateway.domain.viewer import Viewer
from gateway.sql.integrations import is_own_connected
from gateway.sql.texts import is_in
from gateway.sql.visibility import has_visible_integration

ChildEntity = UseCase | ResourceRecord
C = TypeVar("C", UseCase, ResourceRecord)


@prepared
def select_connected_integration(viewer: Viewer, id: str) -> Select[Integration]:
    """The team's connected integration with this id, if the viewer may see it."""
    return select(Integration).where(Integration.id == id, is_own_connected(viewer))


@prepared
def select_children(viewer: Viewer, entity: type[C], integration_ids: Sequence[str]) -> Select[C]:
    """All rows of an entity under these integrations that the viewer may see, in the order of an export."""
    return (
        select(entity)
        .where(has_visible_integration(viewer, entity), is_in(entity.integration_id, integration_ids))
        .order_by(entity.created_at, entity.id)
    )


@prepared
def select_integrations_by_id(id: str, team_id: str | None) -> Select[Integration]:
    """Integrations of either world with this id: one a team, or at most that of one team."""
    statement = select(Integration).where(Integration.id == id)
    if team_id is not None:
        statement = statement.where(Integration.team_id == team_id)
    return statement.order_by(Integration.team_id)


@prepared
def select_documents(entity: type[ChildEntity], team_id: str, integration_id: str) -> Select[Document]:
    """The document of each row of an entity under an integration, in the order of an export."""
    return (
        select(entity.document)
        .where(entity.team_id == team_id, entity.integration_id == integration_id)
        .order_by(entity.created_at, entity.id)
    )


@prepared
def select_document_count(entity: type[ChildEntity], team_id: str, integration_id: str) -> Select[int]:
    """How many documents `documents_under` gives."""
    return (
        select(func.count())
        .select_from(entity)
        .where(entity.team_id == team_id, entity.integration_id == integration_id)
    )
