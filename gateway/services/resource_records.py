"""Resource records: found, listed, and written many at a time."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from gateway import sql
from gateway.database import Reader, ResourceRecord, Writer, new_row, with_changes
from gateway.domain.calendar import instants
from gateway.domain.documents import MAX_LOGICAL_ID_LENGTH, encode_canonical, mark_created, mark_updated
from gateway.domain.enums import ErrorCode, Outcome, Permission, ResourceType
from gateway.domain.ids import is_id, new_id, new_logical_id
from gateway.domain.lenient_reading import Document
from gateway.domain.paging import PageArguments
from gateway.domain.records import RecordKind, is_same_instant, read_record_columns
from gateway.domain.statistics import COUNTED_COLUMNS, DayCounts, get_counted_values
from gateway.domain.text import parse_search_words
from gateway.domain.viewer import Viewer
from gateway.errors import ProblemList, invalid_input, not_found, refusal
from gateway.services import day_counts
from gateway.services.access import RowKey, filter_own_ids, require_id, require_permissions
from gateway.services.integrations import lock_integration

MAX_RECORDS = 1000
"""How many records one call may write or delete."""

MAX_SEARCH_LENGTH = 500


async def get_resource_record(reader: Reader, viewer: Viewer, id: str) -> ResourceRecord:
    """The record with this id.

    Raises Refused: INVALID for what is no id, NOT_FOUND for what does not exist or is not visible.
    """
    require_permissions(viewer, Permission.READ_RECORDS)
    require_id(id, "a resource record")
    found = await reader.fetch_rows(sql.resource_records.select_by_ids(viewer, [id]))
    if not found:
        raise not_found("There is no resource record with this id.", "id")
    return found[0]


async def find_by_keys(reader: Reader, viewer: Viewer, keys: Sequence[RowKey]) -> Mapping[RowKey, ResourceRecord]:
    """Those of these records that the viewer may see; none of them without READ_RECORDS."""
    if not viewer.has_permission(Permission.READ_RECORDS):
        return {}
    rows = await reader.fetch_rows(sql.resource_records.select_by_ids(viewer, filter_own_ids(viewer, keys)))
    return {(row.team_id, row.id): row for row in rows}


def parse_search(search: str | None) -> tuple[str, ...]:
    """The folded words of a search. Raises Refused (INVALID) as `check_search` finds."""
    problems = ProblemList()
    check_search(search, problems)
    problems.raise_if_any()
    return parse_search_words(search)


def check_search(search: str | None, problems: ProblemList) -> None:
    """A search may be so long, and not longer."""
    if search is not None and len(search) > MAX_SEARCH_LENGTH:
        problems.add_invalid(f"`search` may have at most {MAX_SEARCH_LENGTH} characters.", "search")


async def list_resource_records(
    reader: Reader,
    viewer: Viewer,
    keys: Sequence[RowKey],
    page: PageArguments,
    type: ResourceType | None,
    words: tuple[str, ...],
) -> Mapping[RowKey, Sequence[ResourceRecord]]:
    """The same page of the records of each integration, for `Slice.cut`; none for another team's."""
    require_permissions(viewer, Permission.READ_RECORDS)
    found: dict[RowKey, list[ResourceRecord]] = {key: [] for key in keys}
    ids = filter_own_ids(viewer, keys)
    statement = sql.resource_records.select_resource_records(viewer, ids, page, type, words)
    for row in await reader.fetch_rows(statement, "integration_id"):
        found[row.team_id, row.integration_id].append(row)
    return found


async def count_resource_records(
    reader: Reader,
    viewer: Viewer,
    keys: Sequence[RowKey],
    type: ResourceType | None,
    words: tuple[str, ...],
) -> Mapping[RowKey, int]:
    """How many records each integration has over all pages."""
    require_permissions(viewer, Permission.READ_RECORDS)
    ids = filter_own_ids(viewer, keys)
    found = await reader.fetch_tuples(sql.resource_records.select_counts(viewer, ids, type, words))
    return dict.fromkeys(keys, 0) | {(viewer.team_id, id): count for id, count in found}


class RecordInput(NamedTuple):
    """A record to create or update: its kind, and its config in the spelling of the graph."""

    kind: RecordKind
    values: Document
    logical_id: str | None = None
    created_at: str | None = None
    """As `instants.isoformat` writes it."""


class UpsertedRecord(NamedTuple):
    """What became of a given record."""

    outcome: Outcome
    previous: ResourceRecord | None
    """What it was, if it was there."""
    columns: Mapping[str, object]
    """Those that were written."""

    @property
    def record(self) -> ResourceRecord:
        """What it is."""
        if self.previous is None:
            return new_row(ResourceRecord, self.columns)
        return with_changes(ResourceRecord, self.previous, self.columns) if self.columns else self.previous


async def upsert_resource_records(
    writer: Writer, viewer: Viewer, integration_id: str, records: Sequence[RecordInput]
) -> Sequence[UpsertedRecord]:
    """Create or update records, matched by `logical_id`, all or none; in the order given.

    What is given replaces what the graph knows of a record; keys of its document that the graph does not know
    stay. Raises Refused with everything that is wrong, with paths that begin with `records` and a place.
    """
    require_permissions(viewer, Permission.WRITE_RECORDS)
    _check_length(len(records), "records")
    zone = await lock_integration(writer, viewer, integration_id, "integrationId")
    logical_ids = [given.logical_id for given in records if given.logical_id is not None]
    statement = sql.resource_records.select_by_logical_ids(viewer.team_id, integration_id, logical_ids)
    stored = {row.logical_id: row for row in await writer.fetch_rows(statement)}
    _check_records(records, stored, writer.as_of)
    results: list[UpsertedRecord] = []
    added: list[Mapping[str, object]] = []
    changed: list[Mapping[str, object]] = []
    replaced = []
    for given in records:
        row = None if given.logical_id is None else stored.get(given.logical_id)
        if row is None:
            added.append(_build_new_row(viewer, integration_id, given, writer.as_of))
            results.append(UpsertedRecord(Outcome.CREATED, None, added[-1]))
        elif (changes := _build_changes(viewer, row, given, writer.as_of)) is not None:
            changed.append({"team_id": row.team_id, "id": row.id, **changes})
            results.append(UpsertedRecord(Outcome.UPDATED, row, changes))
            replaced.append(get_counted_values(row))
        else:
            results.append(UpsertedRecord(Outcome.UNCHANGED, row, {}))
    await writer.insert_rows(ResourceRecord, added)
    await writer.update_rows(ResourceRecord, changed)
    counts = DayCounts(zone)
    counts.remove(replaced)
    counts.add(map(itemgetter(*COUNTED_COLUMNS), chain(added, changed)))
    await day_counts.add_counts(writer, viewer.team_id, integration_id, counts.list_block_counts())
    return results


def _check_length(length: int, argument: str) -> None:
    if length > MAX_RECORDS:
        message = f"`{argument}` may have at most {MAX_RECORDS} entries, not {length}: send them in parts."
        raise refusal(ErrorCode.TOO_MANY, message, argument)
    if length == 0:
        raise invalid_input(f"`{argument}` must have 1 to {MAX_RECORDS} entries.", argument)


def _check_records(records: Sequence[RecordInput], stored: Mapping[str, ResourceRecord], at: datetime) -> None:
    problems = ProblemList()
    repeated = dict(_find_repeated([given.logical_id for given in records]))
    for place, given in enumerate(records):
        if place in repeated:
            message = f"`logicalId` is that of record {repeated[place]} already; each record is given once."
            problems.add(ErrorCode.DUPLICATE, message, "records", place, "logicalId")
        _check_record(given, stored.get(given.logical_id or ""), at, problems, "records", place)
    problems.raise_if_any()


def _check_record(
    record: RecordInput, row: ResourceRecord | None, at: datetime, problems: ProblemList, *path: str | int
) -> None:
    if record.logical_id is not None and not (
        record.logical_id.strip() and len(record.logical_id) <= MAX_LOGICAL_ID_LENGTH
    ):
        message = f"`logicalId` must have 1 to {MAX_LOGICAL_ID_LENGTH} characters and not be blank."
        problems.add_invalid(message, *path, "logicalId")
    config = (*path, "config", record.kind.member)
    faults = [*record.kind.find_faults(record.values, at)]
    for fault in faults:
        problems.add_invalid(fault.message, *config, *fault.path)
    if row is not None and not faults and record.kind.build_config(record.values, {})["type"] != row.type:
        message = (
            f"This record is of type `{row.type}`, which never changes: delete it first, or give another "
            "`logicalId`."
        )
        problems.add_invalid(message, *config)


def _find_repeated(values: Sequence[str | None]) -> Iterator[tuple[int, int]]:
    """The place of each value that was there before, and where it was first."""
    first: dict[str, int] = {}
    for place, value in enumerate(values):
        if value is not None and first.setdefault(value, place) != place:
            yield place, first[value]


def _build_new_row(viewer: Viewer, integration_id: str, record: RecordInput, at: datetime) -> dict[str, object]:
    """The columns of a new record."""
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
    """The columns of a record that change; None where it is as given already."""
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
    """Delete these records of one integration, all or none.

    Raises Refused with everything that is wrong: INVALID for what is no id, NOT_FOUND for what the integration
    does not have, DUPLICATE for what was given before, each with the path `ids` and its place.
    """
    require_permissions(viewer, Permission.WRITE_RECORDS)
    _check_length(len(ids), "ids")
    zone = await lock_integration(writer, viewer, integration_id, "integrationId")
    wanted = [id for id in ids if is_id(id)]
    existing = sql.resource_records.select_existing_ids(viewer.team_id, integration_id, wanted)
    found = {id for (id,) in await writer.fetch_tuples(existing)}
    problems = ProblemList()
    repeated = dict(_find_repeated(ids))
    for place, id in enumerate(ids):
        if place in repeated:
            message = f"This is the id at place {repeated[place]} already; each record is deleted once."
            problems.add(ErrorCode.DUPLICATE, message, "ids", place)
        elif not is_id(id):
            problems.add_invalid("An id has 1 to 64 visible ASCII characters.", "ids", place)
        elif id not in found:
            problems.add(ErrorCode.NOT_FOUND, "The integration has no record with this id.", "ids", place)
    problems.raise_if_any()
    deleted = await writer.execute(sql.resource_records.delete_records(viewer.team_id, wanted))
    counts = DayCounts(zone)
    counts.remove(deleted)
    await day_counts.add_counts(writer, viewer.team_id, integration_id, counts.list_block_counts())
