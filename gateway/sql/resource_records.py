"""Statements over resource records."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select, type_coerce
from sqlalchemy.sql.dml import ReturningDelete

from gateway.database.prepared import query
from gateway.database.tables import ResourceRecord
from gateway.domain.enums import ResourceType
from gateway.domain.paging import Page
from gateway.domain.records import MODELLED, wire_types
from gateway.domain.statistics.day_counts import COUNTED
from gateway.domain.text import LIKE_ESCAPE
from gateway.domain.viewer import Viewer
from gateway.sql import paging
from gateway.sql.texts import Pattern, among
from gateway.sql.visibility import hangs_below_own

_COLUMNS: paging.Columns = {"created_at": ResourceRecord.created_at, "id": ResourceRecord.id}
_CONTAINING = Pattern("%", "%")


@query
def by_ids(viewer: Viewer, ids: Sequence[str]) -> Select[ResourceRecord]:
    """Those of these records that the viewer may see."""
    return select(ResourceRecord).where(among(ResourceRecord.id, ids), hangs_below_own(viewer, ResourceRecord))


def mentions(words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Records in whose searched text each of these folded words occurs."""
    return [ResourceRecord.search_text.like(type_coerce(word, _CONTAINING), escape=LIKE_ESCAPE) for word in words]


def _matching(
    viewer: Viewer, integration_ids: Sequence[str], type: ResourceType | None, words: Sequence[str]
) -> list[ColumnElement[bool]]:
    conditions = [
        among(ResourceRecord.integration_id, integration_ids),
        hangs_below_own(viewer, ResourceRecord),
        *mentions(words),
    ]
    if type is not None:
        types = wire_types(type)
        conditions.append(
            ResourceRecord.type.not_in([*MODELLED]) if types is None else ResourceRecord.type.in_(types)
        )
    return conditions


@query
def listed(
    viewer: Viewer,
    integration_ids: Sequence[str],
    page: Page,
    type: ResourceType | None,
    words: Sequence[str],
) -> Select[ResourceRecord]:
    """The same page of the records of each of these integrations."""
    statement = select(ResourceRecord).where(*_matching(viewer, integration_ids, type, words))
    return paging.paged_by_parent(
        statement, ResourceRecord, ResourceRecord.integration_id, integration_ids, _COLUMNS, page
    )


@query
def counts(
    viewer: Viewer, integration_ids: Sequence[str], type: ResourceType | None, words: Sequence[str]
) -> Select[str, int]:
    """How many records `listed` has of each of these integrations over all pages; none for one without."""
    return (
        select(ResourceRecord.integration_id, func.count())
        .where(*_matching(viewer, integration_ids, type, words))
        .group_by(ResourceRecord.integration_id)
    )


@query
def by_logical_ids(team_id: str, integration_id: str, logical_ids: Sequence[str]) -> Select[ResourceRecord]:
    """Those of the integration's records that have these logical ids."""
    return select(ResourceRecord).where(
        ResourceRecord.team_id == team_id,
        ResourceRecord.integration_id == integration_id,
        among(ResourceRecord.logical_id, logical_ids),
    )


def existing_ids(team_id: str, integration_id: str, ids: Sequence[str]) -> Select[str]:
    """Which of these ids the integration has records with."""
    return select(ResourceRecord.id).where(
        ResourceRecord.team_id == team_id,
        ResourceRecord.integration_id == integration_id,
        ResourceRecord.id.in_(ids),
    )


def deletion(team_id: str, ids: Sequence[str]) -> ReturningDelete[*tuple[Any, ...]]:
    """Deletes the team's records with these ids; gives what they had in `COUNTED`."""
    return (
        delete(ResourceRecord)
        .where(ResourceRecord.team_id == team_id, ResourceRecord.id.in_(ids))
        .returning(*(getattr(ResourceRecord, name) for name in COUNTED))
    )
