"""Statements about resource records."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, String, delete, func, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningDelete

from gateway.database import Integration, ResourceRecord, TypeCount, prepared, prepared_by_dialect
from gateway.domain.enums import ResourceType
from gateway.domain.paging import PageArguments
from gateway.domain.record_filters import RecordFilter
from gateway.domain.record_search import RecordSearch
from gateway.domain.records import KINDS_BY_TYPE
from gateway.domain.statistics import COUNTED_COLUMNS
from gateway.domain.viewer import Viewer
from gateway.sql import json_rows, paging, record_filters, record_search
from gateway.sql.text_lists import is_in
from gateway.sql.visibility import (
    build_child_conditions,
    build_visible_conditions,
    has_visible_integration,
    is_integration_visible,
)


@prepared
def select_by_ids(viewer: Viewer, ids: Sequence[str]) -> Select[ResourceRecord]:
    """Select the records with these ids that the viewer may see."""
    return select(ResourceRecord).where(
        is_in(ResourceRecord.id, ids), has_visible_integration(viewer, ResourceRecord)
    )


def _build_type_conditions(
    entity: type[ResourceRecord] | type[TypeCount], filter: RecordFilter
) -> list[ColumnElement[bool]]:
    types = filter.types
    if types is None:
        return []
    if ResourceType.OTHER in types:
        return [entity.type.not_in([*KINDS_BY_TYPE])]
    return [entity.type.in_([type_.value for type_ in types])]


@prepared_by_dialect
def select_resource_records(
    dialect: str,
    viewer: Viewer,
    integration_ids: Sequence[str],
    page: PageArguments,
    filter: RecordFilter,
    search: RecordSearch,
) -> Select[ResourceRecord]:
    """Select the same page of the records of each integration."""
    has_many_types = filter.types is not None and (ResourceType.OTHER in filter.types or len(filter.types) > 1)
    if has_many_types and search.reads_all:
        of_one = _select_from_types(dialect, page, filter, search.words)
    else:
        records = aliased(ResourceRecord)
        conditions = [
            *record_search.build_child_conditions(dialect, records, search),
            *_build_type_conditions(records, filter),
            *record_filters.build_conditions(records, filter),
        ]
        of_one = paging.select_page_of(records, conditions, page)
    visible = build_visible_conditions(viewer, integration_ids)
    return paging.select_pages(dialect, Integration, visible, of_one, page)


def _select_from_types(
    dialect: str, page: PageArguments, filter: RecordFilter, words: Sequence[str]
) -> Select[ResourceRecord]:
    """Select a page of an integration's records of several types: the first page of each type, merged.

    An index has the records of one type in order. `TypeCount` lists the types that an integration has.
    """
    records = aliased(ResourceRecord)
    of_type = [
        records.team_id == TypeCount.team_id,
        records.integration_id == TypeCount.integration_id,
        records.type == TypeCount.type,
        *record_search.contain_words(records, words),
        *record_filters.build_conditions(records, filter),
    ]
    of_one_type = paging.select_page_of(records, of_type, paging.build_first_page(page))
    types = [*build_child_conditions(TypeCount), *_build_type_conditions(TypeCount, filter)]
    merged = paging.select_pages(dialect, TypeCount, types, of_one_type, page)
    return paging.limit_to_page(merged, page)


@prepared_by_dialect
def select_counts(
    dialect: str, viewer: Viewer, integration_ids: Sequence[str], filter: RecordFilter, search: RecordSearch
) -> Select[str, int]:
    """Select integration id and number of records on all pages of `select_resource_records`.

    One row per integration with records. Without words and other conditions than a type, the numbers are stored.
    """
    if filter.has_conditions and not search.words:
        return _select_filtered_counts(viewer, integration_ids, filter)
    entity, number = (
        (ResourceRecord, func.count()) if search.words else (TypeCount, func.sum(TypeCount.record_count))
    )
    conditions = (
        [
            *record_search.build_conditions(dialect, viewer.team_id, integration_ids, search),
            *record_filters.build_conditions(ResourceRecord, filter),
        ]
        if search.words
        else [TypeCount.team_id == viewer.team_id]
    )
    return (
        select(entity.integration_id, number)
        .where(
            *conditions,
            is_in(entity.integration_id, integration_ids),
            is_integration_visible(viewer, entity),
            *_build_type_conditions(entity, filter),
        )
        .group_by(entity.integration_id)
    )


def _select_filtered_counts(
    viewer: Viewer, integration_ids: Sequence[str], filter: RecordFilter
) -> Select[str, int]:
    """Select the numbers of `select_counts`, with a subquery for each integration: no record is checked for it."""
    counts = select(func.count()).where(
        *build_child_conditions(ResourceRecord),
        *_build_type_conditions(ResourceRecord, filter),
        *record_filters.build_conditions(ResourceRecord, filter),
    )
    visible = build_visible_conditions(viewer, integration_ids)
    return select(Integration.id, counts.correlate(Integration).scalar_subquery()).where(*visible)


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
