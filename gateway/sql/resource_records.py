"""Statements about resource records."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, String, delete, func, select, type_coerce
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningDelete

from gateway.database import ResourceRecord, prepared
from gateway.domain.enums import ResourceType
from gateway.domain.paging import PageArguments
from gateway.domain.records import KINDS_BY_TYPE, list_config_types
from gateway.domain.statistics import COUNTED_COLUMNS
from gateway.domain.text import LIKE_ESCAPE
from gateway.domain.viewer import Viewer
from gateway.sql import json_rows, paging
from gateway.sql.text_lists import LikePattern, is_in
from gateway.sql.visibility import has_visible_integration

_ORDER_COLUMNS: paging.OrderColumns = {"created_at": ResourceRecord.created_at, "id": ResourceRecord.id}
_CONTAINS_PATTERN = LikePattern("%", "%")


@prepared
def select_by_ids(viewer: Viewer, ids: Sequence[str]) -> Select[ResourceRecord]:
    """Select the records with these ids that the viewer may see."""
    return select(ResourceRecord).where(
        is_in(ResourceRecord.id, ids), has_visible_integration(viewer, ResourceRecord)
    )


def build_search_conditions(words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the conditions that a record's search text contains each of these case-folded words."""
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
    """Select the same page of the records of each integration."""
    statement = select(ResourceRecord).where(*_build_conditions(viewer, integration_ids, type, words))
    return paging.select_page_by_parent(
        statement, ResourceRecord, ResourceRecord.integration_id, integration_ids, _ORDER_COLUMNS, page
    )


@prepared
def select_counts(
    viewer: Viewer, integration_ids: Sequence[str], type: ResourceType | None, words: Sequence[str]
) -> Select[str, int]:
    """Select integration id and number of records on all pages of `select_resource_records`.

    One row per integration with records.
    """
    return (
        select(ResourceRecord.integration_id, func.count())
        .where(*_build_conditions(viewer, integration_ids, type, words))
        .group_by(ResourceRecord.integration_id)
    )


@prepared
def select_referenced(viewer: Viewer, references: str) -> Select[ResourceRecord]:
    """Select the records that references find and that the viewer may see, each once.

    `references` is a JSON list of rows: integration id, type and id. Each finds the record with this id, else the
    lowest id among those with this source id.
    """
    requested = json_rows.build_cte(
        "requested_record", references, integration_id=String(), type=String(), id=String()
    )
    # An alias, because the outer SELECT has the same table.
    found = aliased(ResourceRecord, name="found_record")
    of_type = (
        found.team_id == viewer.team_id,
        found.integration_id == requested.c.integration_id,
        found.type == requested.c.type,
    )
    by_id = select(found.id).where(found.id == requested.c.id, *of_type).scalar_subquery()
    by_source_id = select(func.min(found.id)).where(found.source_id == requested.c.id, *of_type).scalar_subquery()
    ids = select(func.coalesce(by_id, by_source_id).label("id")).select_from(requested).distinct()
    # A join: with IN, SQLite reads all records of the team from an index that has the selected columns.
    id_table = ids.cte("referenced").prefix_with("MATERIALIZED")
    return (
        select(ResourceRecord)
        .join(id_table, ResourceRecord.id == id_table.c.id)
        .where(has_visible_integration(viewer, ResourceRecord))
    )


@prepared
def select_by_logical_ids(team_id: str, integration_id: str, logical_ids: Sequence[str]) -> Select[ResourceRecord]:
    """Select the integration's records with these logical ids."""
    return select(ResourceRecord).where(
        ResourceRecord.team_id == team_id,
        ResourceRecord.integration_id == integration_id,
        is_in(ResourceRecord.logical_id, logical_ids),
    )


@prepared
def select_existing_ids(team_id: str, integration_id: str, ids: Sequence[str]) -> Select[str]:
    """Select the ids among these that records of the integration have, one row per id."""
    return select(ResourceRecord.id).where(
        ResourceRecord.team_id == team_id,
        ResourceRecord.integration_id == integration_id,
        is_in(ResourceRecord.id, ids),
    )


@prepared
def delete_records(team_id: str, ids: Sequence[str]) -> ReturningDelete[*tuple[Any, ...]]:
    """Delete the team's records with these ids. Return their `COUNTED_COLUMNS`, one row per record."""
    return (
        delete(ResourceRecord)
        .where(ResourceRecord.team_id == team_id, is_in(ResourceRecord.id, ids))
        .returning(*(getattr(ResourceRecord, name) for name in COUNTED_COLUMNS))
    )
