"""Resource records. A viewer sees those of the team's integrations, except personal ones of other users."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from gateway import sql
from gateway.database import Reader, ResourceRecord, Writer, new_row, with_changes
from gateway.domain.audit import AuditAction
from gateway.domain.bounds import find_document_excess, find_excesses, is_blank
from gateway.domain.calendar import instants
from gateway.domain.documents import MAX_LOGICAL_ID_LENGTH, encode_canonical, mark_created, mark_updated
from gateway.domain.enums import ErrorCode, Outcome, Permission
from gateway.domain.ids import is_id, new_id, new_logical_id
from gateway.domain.lenient_reading import Document
from gateway.domain.paging import PageArguments
from gateway.domain.record_filters import RecordFilter
from gateway.domain.records import RecordKind, is_same_instant, read_record_columns
from gateway.domain.statistics import COUNTED_COLUMNS, DayCounts, get_counted_values
from gateway.domain.viewer import Viewer
from gateway.errors import ProblemList, invalid_input, not_found, refusal
from gateway.services import audit, day_counts, record_search
from gateway.services.access import RowKey, filter_own_ids, require_id, require_permissions
from gateway.services.integrations import lock_integration

MAX_RECORDS = 1000
"""The maximum number of records of one upsert or deletion."""


async def get_resource_record(reader: Reader, viewer: Viewer, id: str) -> ResourceRecord:
    """Return the record with this id.

    The viewer needs READ_RECORDS. Raises Refused: FORBIDDEN without it, INVALID for an impossible id, NOT_FOUND if
    the record does not exist or the viewer may not see its integration.
    """
    require_permissions(viewer, Permission.READ_RECORDS)
    require_id(id, "a resource record")
    rows = await reader.fetch_rows(sql.resource_records.select_by_ids(viewer, [id]))
    if not rows:
        raise not_found("There is no resource record with this id.", "id")
    return rows[0]


async def find_by_keys(reader: Reader, viewer: Viewer, keys: Sequence[RowKey]) -> Mapping[RowKey, ResourceRecord]:
    """Return the records with these keys that the viewer may see; none without READ_RECORDS."""
    if not viewer.has_permission(Permission.READ_RECORDS):
        return {}
    rows = await reader.fetch_rows(sql.resource_records.select_by_ids(viewer, filter_own_ids(viewer, keys)))
    return {(row.team_id, row.id): row for row in rows}


async def list_resource_records(
    reader: Reader,
    viewer: Viewer,
    keys: Sequence[RowKey],
    page: PageArguments,
    filter: RecordFilter,
    words: tuple[str, ...],
) -> Mapping[RowKey, Sequence[ResourceRecord]]:
    """Return the same page of the records of each integration; another team's integrations have none.

    `filter` and the case-folded `words` select the records; an empty tuple matches all. Raises Refused (FORBIDDEN)
    without READ_RECORDS.
    """
    require_permissions(viewer, Permission.READ_RECORDS)
    records: dict[RowKey, list[ResourceRecord]] = {key: [] for key in keys}
    ids = _list_searched_ids(viewer, keys, filter)
    parts = await record_search.plan_list(reader, viewer, ids, page, filter, words) if ids else ()
    for part in parts:
        statement = sql.resource_records.select_resource_records(
            viewer, part.integration_ids, page, filter, part.search
        )
        for row in await reader.fetch_rows(statement, "integration_id"):
            records[row.team_id, row.integration_id].append(row)
    return records


async def count_resource_records(
    reader: Reader,
    viewer: Viewer,
    keys: Sequence[RowKey],
    filter: RecordFilter,
    words: tuple[str, ...],
) -> Mapping[RowKey, int]:
    """Return the number of records of each integration on all pages of `list_resource_records`.

    Raises Refused (FORBIDDEN) without READ_RECORDS.
    """
    require_permissions(viewer, Permission.READ_RECORDS)
    counts = dict.fromkeys(keys, 0)
    ids = _list_searched_ids(viewer, keys, filter)
    for part in await record_search.plan_count(reader, viewer, ids, filter, words) if ids else ():
        statement = sql.resource_records.select_counts(viewer, part.integration_ids, filter, part.search)
        counts |= {(viewer.team_id, id): count for id, count in await reader.fetch_tuples(statement)}
    return counts


def _list_searched_ids(viewer: Viewer, keys: Sequence[RowKey], filter: RecordFilter) -> list[str]:
    """Return the ids of the team's integrations among these; none if no record can meet the filter."""
    return [] if filter.matches_nothing else filter_own_ids(viewer, keys)


class RecordInput(NamedTuple):
    """A record to create or update: its kind, and the values of its `config` by their GraphQL names."""

    kind: RecordKind
    values: Document
    logical_id: str | None = None
    created_at: str | None = None
    """In the format of `instants.format_instant`; None keeps the stored instant, or is now for a new record."""


class UpsertedRecord(NamedTuple):
    """The result of the upsert of one record."""

    outcome: Outcome
    previous: ResourceRecord | None
    """The stored record before the upsert; None for a new one."""
    columns: Mapping[str, object]
    """The written columns; none for an unchanged record."""

    @property
    def record(self) -> ResourceRecord:
        """The record after the upsert."""
        if self.previous is None:
            return new_row(ResourceRecord, self.columns)
        return with_changes(ResourceRecord, self.previous, self.columns) if self.columns else self.previous


async def upsert_resource_records(
    writer: Writer, viewer: Viewer, integration_id: str, records: Sequence[RecordInput]
) -> Sequence[UpsertedRecord]:
    """Create or update records of an integration, matched by `logical_id`; return results in the input's order.

    The input replaces the values that the schema knows; other keys of the document stay. Day counts are updated.
    The viewer needs WRITE_RECORDS. Raises Refused, and writes nothing: FORBIDDEN without it, NOT_FOUND at
    `integrationId`, TOO_MANY or INVALID for the number of records; else all problems of the records (INVALID,
    DUPLICATE) at `records` and an index.
    """
    require_permissions(viewer, Permission.WRITE_RECORDS)
    _check_length(len(records), "records")
    zone = await lock_integration(writer, viewer, integration_id, "integrationId")
    logical_ids = [record.logical_id for record in records if record.logical_id is not None]
    statement = sql.resource_records.select_by_logical_ids(viewer.team_id, integration_id, logical_ids)
    stored = {row.logical_id: row for row in await writer.fetch_rows(statement)}
    _check_records(records, stored, writer.as_of)
    results = [
        _apply_input(viewer, integration_id, stored.get(record.logical_id or ""), record, writer.as_of)
        for record in records
    ]
    await writer.insert_rows(ResourceRecord, [result.columns for result in results if result.previous is None])
    updates = [
        (result.previous, result.columns) for result in results if result.previous is not None and result.columns
    ]
    await writer.update_rows(
        ResourceRecord, [{"team_id": row.team_id, "id": row.id, **columns} for row, columns in updates]
    )
    counts = DayCounts(zone)
    counts.remove(get_counted_values(row) for row, _ in updates)
    counts.add(map(itemgetter(*COUNTED_COLUMNS), (result.columns for result in results if result.columns)))
    await day_counts.add_changes(writer, viewer.team_id, integration_id, counts)
    written = [each.record.id for each in results if each.columns]
    await audit.record_records(writer, viewer, AuditAction.RECORDS_UPSERT, integration_id, written)
    return results


def _check_length(length: int, argument: str) -> None:
    if length > MAX_RECORDS:
        message = f"`{argument}` may have at most {MAX_RECORDS} entries, not {length}. Send several mutations."
        raise refusal(ErrorCode.TOO_MANY, message, argument)
    if length == 0:
        raise invalid_input(f"`{argument}` must have 1 to {MAX_RECORDS} entries.", argument)


def _check_records(records: Sequence[RecordInput], stored: Mapping[str, ResourceRecord], at: datetime) -> None:
    problems = ProblemList()
    repeated = dict(_find_repeated([record.logical_id for record in records]))
    for index, record in enumerate(records):
        if index in repeated:
            message = f"`logicalId` is the same as in record {repeated[index]}; list each record once."
            problems.add(ErrorCode.DUPLICATE, message, "records", index, "logicalId")
        _check_record(record, stored.get(record.logical_id or ""), at, problems, "records", index)
    problems.raise_if_any()


def _check_record(
    record: RecordInput, row: ResourceRecord | None, at: datetime, problems: ProblemList, *path: str | int
) -> None:
    if record.logical_id is not None and (
        is_blank(record.logical_id) or len(record.logical_id) > MAX_LOGICAL_ID_LENGTH
    ):
        message = f"`logicalId` must have 1 to {MAX_LOGICAL_ID_LENGTH} characters and not be blank."
        problems.add_invalid(message, *path, "logicalId")
    config = (*path, "config", record.kind.member)
    faults = [*record.kind.find_faults(record.values, at)]
    for fault in faults:
        problems.add_invalid(fault.message, *config, *fault.path)
    problems.extend(find_excesses({k: v for k, v in record.values.items() if k != "raw"}, *config))
    if not faults:
        stored = None if row is None else row.document
        problems.extend(find_document_excess(record.values, *config, stored=stored))
    if row is not None and not faults and record.kind.build_config(record.values, {})["type"] != row.type:
        message = (
            f"The type of this record is `{row.type}` and cannot change. Delete the record first, or use another "
            "`logicalId`."
        )
        problems.add_invalid(message, *config)


def _find_repeated(values: Sequence[str | None]) -> Iterator[tuple[int, int]]:
    """Yield the index of each repeated value, and the index of its first occurrence; None never repeats."""
    first_indexes: dict[str, int] = {}
    for index, value in enumerate(values):
        if value is not None and first_indexes.setdefault(value, index) != index:
            yield index, first_indexes[value]


def _apply_input(
    viewer: Viewer, integration_id: str, row: ResourceRecord | None, record: RecordInput, at: datetime
) -> UpsertedRecord:
    """Return the result of an upsert, which is not yet written. `row` is None for a new record."""
    if row is None:
        return UpsertedRecord(Outcome.CREATED, None, _build_new_row(viewer, integration_id, record, at))
    changes = _build_changes(viewer, row, record, at)
    return UpsertedRecord(Outcome.UNCHANGED if changes is None else Outcome.UPDATED, row, changes or {})


def _build_new_row(viewer: Viewer, integration_id: str, record: RecordInput, at: datetime) -> dict[str, object]:
    """Return the columns of a new record."""
    id = new_id()
    logical_id = record.logical_id or new_logical_id("resource_record")
    document = mark_created(
        {
            "logicalId": logical_id,
            "integrationId": integration_id,
            "config": record.kind.build_config(record.values, {}),
        },
        id=id,
        team_id=viewer.team_id,
        user_id=viewer.user_id,
        at=at,
    )
    if record.created_at is not None:
        document["createdAt"] = record.created_at
    key = {"team_id": viewer.team_id, "id": id, "integration_id": integration_id}
    return {**key, "version": 1, "document": document, **read_record_columns(document, logical_id, at)}


def _build_changes(
    viewer: Viewer, row: ResourceRecord, record: RecordInput, at: datetime
) -> Mapping[str, object] | None:
    """Return the columns to update of a stored record, or None if its document stays the same."""
    config = row.document.get("config")
    document: Document = {
        **row.document,
        "config": record.kind.build_config(record.values, config if isinstance(config, dict) else {}),
    }
    if record.created_at is not None and not is_same_instant(record.created_at, row.document.get("createdAt")):
        document["createdAt"] = record.created_at
    if encode_canonical(document) == encode_canonical(row.document):
        return None
    document = mark_updated(document, user_id=viewer.user_id, at=at)
    columns = read_record_columns(document, row.logical_id, instants.to_instant(row.created_at))
    return {"version": row.version + 1, "document": document, **columns}


async def delete_resource_records(writer: Writer, viewer: Viewer, integration_id: str, ids: Sequence[str]) -> None:
    """Delete these records of one integration, and subtract them from its day counts.

    The viewer needs WRITE_RECORDS. Raises Refused, and deletes nothing: FORBIDDEN without it, NOT_FOUND at
    `integrationId`, TOO_MANY or INVALID for the number of ids; else all problems at `ids` and an index: INVALID
    for an impossible id, NOT_FOUND if the integration has no such record, DUPLICATE for a repeated id.
    """
    require_permissions(viewer, Permission.WRITE_RECORDS)
    _check_length(len(ids), "ids")
    zone = await lock_integration(writer, viewer, integration_id, "integrationId")
    valid_ids = [id for id in ids if is_id(id)]
    statement = sql.resource_records.select_existing_ids(viewer.team_id, integration_id, valid_ids)
    existing_ids = {id for (id,) in await writer.fetch_tuples(statement)}
    problems = ProblemList()
    repeated = dict(_find_repeated(ids))
    for index, id in enumerate(ids):
        if index in repeated:
            message = f"The id is the same as at index {repeated[index]}; list each record once."
            problems.add(ErrorCode.DUPLICATE, message, "ids", index)
        elif not is_id(id):
            problems.add_invalid("An id has 1 to 64 visible ASCII characters.", "ids", index)
        elif id not in existing_ids:
            problems.add(ErrorCode.NOT_FOUND, "The integration has no record with this id.", "ids", index)
    problems.raise_if_any()
    deleted = await writer.execute(sql.resource_records.delete_records(viewer.team_id, valid_ids))
    counts = DayCounts(zone)
    counts.remove(deleted)
    await day_counts.add_changes(writer, viewer.team_id, integration_id, counts)
    await audit.record_records(writer, viewer, AuditAction.RECORDS_DELETE, integration_id, ids)
