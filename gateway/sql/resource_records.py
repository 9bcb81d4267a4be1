"""Statements over resource records."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select, type_coerce
from sqlalchemy.sql.dml import ReturningDelete

from gateway.database import ResourceRecord, prepared
from gateway.domain.enums import ResourceType
from gateway.domain.paging import PageArguments
from gateway.domain.records import KINDS_BY_TYPE, list_config_types
from gateway.domain.statistics import COUNTED_COLUMNS
from gateway.domain.text import LIKE_ESCAPE
from gateway.domain.viewer import Viewer
from gateway.sql import paging
from gateway.sql.texts import LikePattern, is_in
from gateway.sql.visibility import has_visible_integration

_ORDER_COLUMNS: paging.OrderColumns = {"created_at": ResourceRecord.created_at, "id": ResourceRecord.id}
_CONTAINS_PATTERN = LikePattern("%", "%")


@prepared
def select_by_ids(viewer: Viewer, ids: Sequence[str]) -> Select[ResourceRecord]:
    """Those of these records that the viewer may see."""
    return select(ResourceRecord).where(
        is_in(ResourceRecord.id, ids), has_visible_integration(viewer, ResourceRecord)
    )


def build_search_conditions(words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Records in whose searched text each of these folded words occurs."""
    return [
        ResourceRecord.search_text.like(type_coerce(word, _CONTAINS_PATTERN), escape=LIKE_ESCAPE) for word in words
    ]


def _build_conditions(
    viewer: Viewer, integration_ids: Sequence[str], type: ResourceType | None, words: Sequence[str]
) -> list[ColumnElement[bool]]:
    conditions = [
        is_in(ResourceRecord.integration_id, integration_ids),
        has_visible_integration(viewer, ResourceRecord),
        *build_search_conditions(words),
    ]
    if type is not None:
        types = list_config_types(type)
        conditions.append(
            ResourceRecord.type.not_in([*KINDS_BY_TYPE]) if types is None else ResourceRecord.type.in_(types)
        )
    return conditions


@prepared
def select_resource_records(
    viewer: Viewer,
    integration_ids: Sequence[str],
    page: PageArguments,
    type: ResourceType | None,
    words: Sequence[str],
) -> Select[ResourceRecord]:
    """The same page of the records of each of these integrations."""
    statement = select(ResourceRecord).where(*_build_conditions(viewer, integration_ids, type, words))
    return paging.select_page_by_parent(
        statement, ResourceRecord, ResourceRecord.integration_id, integration_ids, _ORDER_COLUMNS, page
    )


@prepared
def select_counts(
    viewer: Viewer, integration_ids: Sequence[str], type: ResourceType | None, words: Sequence[str]
) -> Select[str, int]:
    """How many records `listed` has of each of these integrations over all pages; none for one without."""
    return (
        select(ResourceRecord.integration_id, func.count())
        .where(*_build_conditions(viewer, integration_ids, type, words))
        .group_by(ResourceRecord.integration_id)
    )


@prepared
def select_by_logical_ids(team_id: str, integration_id: str, logical_ids: Sequence[str]) -> Select[ResourceRecord]:
    """Those of the integration's records that have these logical ids."""
    return select(ResourceRecord).where(
        ResourceRecord.team_id == team_id,
        ResourceRecord.integration_id == integration_id,
        is_in(ResourceRecord.logical_id, logical_ids),
    )


@prepared
def select_existing_ids(team_id: str, integration_id: str, ids: Sequence[str]) -> Select[str]:
    """Which of these ids the integration has records with."""
    return select(ResourceRecord.id).where(
        ResourceRecord.team_id == team_id,
        ResourceRecord.integration_id == integration_id,
        is_in(ResourceRecord.id, ids),
    )


@prepared
def delete_records(team_id: str, ids: Sequence[str]) -> ReturningDelete[*tuple[Any, ...]]:
    """Deletes the team's records with these ids; gives what they had in `COUNTED`."""
    return (
        delete(ResourceRecord)
        .where(ResourceRecord.team_id == team_id, is_in(ResourceRecord.id, ids))
        .returning(*(getattr(ResourceRecord, name) for name in COUNTED_COLUMNS))
    )
