"""Statements that read an integration with its use cases and resource records."""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import Select, Text, func, select, type_coerce

from gateway.database import Integration, ResourceRecord, UseCase, UseCaseGroup, prepared
from gateway.domain.lenient_reading import Document
from gateway.domain.viewer import Viewer
from gateway.sql.integrations import is_own_connected
from gateway.sql.text_lists import is_in
from gateway.sql.visibility import has_visible_integration

ChildEntity = UseCase | ResourceRecord
C = TypeVar("C", UseCase, ResourceRecord, UseCaseGroup)


@prepared
def select_connected_integration(viewer: Viewer, id: str) -> Select[Integration]:
    """Select the connected integration with this id, if the viewer may see it; at most one row."""
    return select(Integration).where(Integration.id == id, is_own_connected(viewer))


@prepared
def select_children(viewer: Viewer, entity: type[C], integration_ids: Sequence[str]) -> Select[C]:
    """Select the rows of an entity under these integrations that the viewer may see, in the order of exports."""
    return (
        select(entity)
        .where(has_visible_integration(viewer, entity), is_in(entity.integration_id, integration_ids))
        .order_by(entity.created_at, entity.id)
    )


@prepared
def select_integrations_by_id(id: str, team_id: str | None) -> Select[Integration]:
    """Select the integrations and webhooks with this id, at most one row per team; `team_id` None is all teams."""
    statement = select(Integration).where(Integration.id == id)
    if team_id is not None:
        statement = statement.where(Integration.team_id == team_id)
    return statement.order_by(Integration.team_id)


@prepared
def select_use_cases(team_id: str, integration_id: str) -> Select[UseCase]:
    """Select the use cases of an integration, in the order of exports."""
    return (
        select(UseCase)
        .where(UseCase.team_id == team_id, UseCase.integration_id == integration_id)
        .order_by(UseCase.created_at, UseCase.id)
    )


@prepared
def select_use_case_groups(team_id: str, integration_id: str) -> Select[UseCaseGroup]:
    """Select the groups of an integration, in the order of exports."""
    return (
        select(UseCaseGroup)
        .where(UseCaseGroup.team_id == team_id, UseCaseGroup.integration_id == integration_id)
        .order_by(UseCaseGroup.created_at, UseCaseGroup.id)
    )


@prepared
def select_record_documents(team_id: str, integration_id: str) -> Select[Document]:
    """Select the documents of an integration's records, in the order of exports, one row per document."""
    return (
        select(ResourceRecord.document)
        .where(ResourceRecord.team_id == team_id, ResourceRecord.integration_id == integration_id)
        .order_by(ResourceRecord.created_at, ResourceRecord.id)
    )


@prepared
def select_record_texts(team_id: str, integration_id: str) -> Select[str]:
    """Select the documents of `select_record_documents` as the JSON text that is stored."""
    return (
        select(type_coerce(ResourceRecord.document, Text))
        .where(ResourceRecord.team_id == team_id, ResourceRecord.integration_id == integration_id)
        .order_by(ResourceRecord.created_at, ResourceRecord.id)
    )


@prepared
def select_document_count(entity: type[ChildEntity], team_id: str, integration_id: str) -> Select[int]:
    """Select the number of rows of an entity under an integration."""
    return (
        select(func.count())
        .select_from(entity)
        .where(entity.team_id == team_id, entity.integration_id == integration_id)
    )
