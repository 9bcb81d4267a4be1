"""Resource records: found, listed, and written many at a time."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from gateway import sql
from gateway.database.reading import Reader
from gateway.database.rows import made, revised
from gateway.database.tables import ResourceRecord
from gateway.database.writing import WriteSession
from gateway.domain.calendar import instants
from gateway.domain.documents.audit_fields import created, touched
from gateway.domain.documents.exports import canonical
from gateway.domain.enums import ErrorCode, Outcome, Permission, ResourceType
from gateway.domain.ids import is_id, new_id, new_logical_id
from gateway.domain.lenient_reading import Document
from gateway.domain.paging import Page
from gateway.domain.records import record_columns
from gateway.domain.records.kind import Kind, same_instant
from gateway.domain.statistics.day_counts import COUNTED, DayCounts, counted
from gateway.domain.text import search_words
from gateway.domain.viewer import Viewer
from gateway.errors import Problems, invalid, not_found, refused
from gateway.services import day_counts
from gateway.services.access import Key, own_ids, require, require_id
from gateway.services.integrations import hold

MAX_RECORDS = 1000
"""How many records one call may write or delete."""

MAX_SEARCH_LENGTH = 500
MAX_LOGICAL_ID_LENGTH = 255


async def get(session: Reader, viewer: Viewer, id: str) -> ResourceRecord:
    """The record with this id.

    Raises Refused: INVALID for what is no id, NOT_FOUND for what does not exist or is not visible.
    """
    require(viewer, Permission.READ_RECORDS)
    require_id(id, "a resource record")
    found = await session.rows(sql.resource_records.by_ids(viewer, [id]))
    if not found:
        raise not_found("There is no resource record with this id.", "id")
    return found[0]


async def by_keys(session: Reader, viewer: Viewer, keys: Sequence[Key]) -> Mapping[Key, ResourceRecord]:
    """Those of these records that the viewer may see; none of them without READ_RECORDS."""
    if not viewer.may(Permission.READ_RECORDS):
        return {}
    rows = await session.rows(sql.resource_records.by_ids(viewer, own_ids(viewer, keys)))
    return {(row.team_id, row.id): row for row in rows}


def words_of(search: str | None) -> tuple[str, ...]:
    """The folded words of a search. Raises Refused (INVALID) as `check_search` finds."""
    problems = Problems()
    check_search(search, problems)
    problems.raise_if_any()
    return search_words(search)


def check_search(search: str | None, problems: Problems) -> None:
    """A search may be so long, and not longer."""
    if search is not None and len(search) > MAX_SEARCH_LENGTH:
        problems.invalid(f"`search` may have at most {MAX_SEARCH_LENGTH} characters.", "search")


async def listed(
    session: Reader,
    viewer: Viewer,
    keys: Sequence[Key],
    page: Page,
    type: ResourceType | None,
    words: tuple[str, ...],
) -> Mapping[Key, Sequence[ResourceRecord]]:
    """The same page of the records of each integration, for `Slice.cut`; none for another team's."""
    require(viewer, Permission.READ_RECORDS)
    found: dict[Key, list[ResourceRecord]] = {key: [] for key in keys}
    ids = own_ids(viewer, keys)
    statement = sql.resource_records.listed(viewer, ids, page, type, words)
    for row in await session.rows(statement, "integration_id"):
        found[row.team_id, row.integration_id].append(row)
    return found


async def counts(
    session: Reader,
    viewer: Viewer,
    keys: Sequence[Key],
    type: ResourceType | None,
    words: tuple[str, ...],
) -> Mapping[Key, int]:
    """How many records each integration has over all pages."""
    require(viewer, Permission.READ_RECORDS)
    ids = own_ids(viewer, keys)
    found = await session.tuples(sql.resource_records.counts(viewer, ids, type, words))
    return dict.fromkeys(keys, 0) | {(viewer.team_id, id): count for id, count in found}


class Given(NamedTuple):
    """A record to create or update: its kind, and its config in the spelling of the graph."""

    kind: Kind
    values: Document
    logical_id: str | None = None
    created_at: str | None = None
    """As `instants.isoformat` writes it."""


class Upserted(NamedTuple):
    """What became of a given record."""

    outcome: Outcome
    before: ResourceRecord | None
    """What it was, if it was there."""
    columns: Mapping[str, object]
    """Those that were written."""

    @property
    def record(self) -> ResourceRecord:
        """What it is."""
        if self.before is None:
            return made(ResourceRecord, self.columns)
        return revised(ResourceRecord, self.before, self.columns) if self.columns else self.before


async def upsert(
    session: WriteSession, viewer: Viewer, integration_id: str, records: Sequence[Given]
) -> Sequence[Upserted]:
    """Create or update records, matched by `logical_id`, all or none; in the order given.

    What is given replaces what the graph knows of a record; keys of its document that the graph does not know
    stay. Raises Refused with everything that is wrong, with paths that begin with `records` and a place.
    """
    require(viewer, Permission.WRITE_RECORDS)
    _check_length(len(records), "records")
    zone = await hold(session, viewer, integration_id, "integrationId")
    logical_ids = [given.logical_id for given in records if given.logical_id is not None]
    statement = sql.resource_records.by_logical_ids(viewer.team_id, integration_id, logical_ids)
    stored = {row.logical_id: row for row in await session.rows(statement)}
    _check(records, stored, session.as_of)
    done: list[Upserted] = []
    added: list[Mapping[str, object]] = []
    changed: list[Mapping[str, object]] = []
    gone = []
    for given in records:
        row = None if given.logical_id is None else stored.get(given.logical_id)
        if row is None:
            added.append(_created(viewer, integration_id, given, session.as_of))
            done.append(Upserted(Outcome.CREATED, None, added[-1]))
        elif (changes := _changed(viewer, row, given, session.as_of)) is not None:
            changed.append({"team_id": row.team_id, "id": row.id, **changes})
            done.append(Upserted(Outcome.UPDATED, row, changes))
            gone.append(counted(row))
        else:
            done.append(Upserted(Outcome.UNCHANGED, row, {}))
    await session.insert(ResourceRecord, added)
    await session.update(ResourceRecord, changed)
    counts = DayCounts(zone)
    counts.remove(gone)
    counts.add(map(itemgetter(*COUNTED), chain(added, changed)))
    await day_counts.keep(session, viewer.team_id, integration_id, counts.blocks())
    return done


def _check_length(length: int, argument: str) -> None:
    if length > MAX_RECORDS:
        message = f"`{argument}` may have at most {MAX_RECORDS} entries, not {length}: send them in parts."
        raise refused(ErrorCode.TOO_MANY, message, argument)
    if length == 0:
        raise invalid(f"`{argument}` must have 1 to {MAX_RECORDS} entries.", argument)


def _check(records: Sequence[Given], stored: Mapping[str, ResourceRecord], at: datetime) -> None:
    problems = Problems()
    again = dict(_repeated([given.logical_id for given in records]))
    for place, given in enumerate(records):
        if place in again:
            message = f"`logicalId` is that of record {again[place]} already; each record is given once."
            problems.add(ErrorCode.DUPLICATE, message, "records", place, "logicalId")
        _check_one(given, stored.get(given.logical_id or ""), at, problems, "records", place)
    problems.raise_if_any()


def _check_one(
    given: Given, row: ResourceRecord | None, at: datetime, problems: Problems, *path: str | int
) -> None:
    if given.logical_id is not None and not (
        given.logical_id.strip() and len(given.logical_id) <= MAX_LOGICAL_ID_LENGTH
    ):
        message = f"`logicalId` must have 1 to {MAX_LOGICAL_ID_LENGTH} characters and not be blank."
        problems.invalid(message, *path, "logicalId")
    config = (*path, "config", given.kind.member)
    faults = [*given.kind.faults(given.values, at)]
    for fault in faults:
        problems.invalid(fault.message, *config, *fault.path)
    if row is not None and not faults and given.kind.config(given.values, {})["type"] != row.type:
        message = (
            f"This record is of type `{row.type}`, which never changes: delete it first, or give another "
            "`logicalId`."
        )
        problems.invalid(message, *config)


def _repeated(values: Sequence[str | None]) -> Iterator[tuple[int, int]]:
    """The place of each value that was there before, and where it was first."""
    first: dict[str, int] = {}
    for place, value in enumerate(values):
        if value is not None and first.setdefault(value, place) != place:
            yield place, first[value]


def _created(viewer: Viewer, integration_id: str, given: Given, at: datetime) -> dict[str, object]:
    """The columns of a new record."""
    id = new_id()
    logical_id = given.logical_id or new_logical_id("resource_record")
    document = created(
        {
            "logicalId": logical_id,
            "integrationId": integration_id,
            "config": given.kind.config(given.values, {}),
        },
        id=id,
        team_id=viewer.team_id,
        user_id=viewer.user_id,
        at=at,
    )
    if given.created_at is not None:
        document["createdAt"] = given.created_at
    key = {"team_id": viewer.team_id, "id": id, "integration_id": integration_id}
    return {**key, "version": 1, "document": document, **record_columns(document, logical_id, at)}


def _changed(viewer: Viewer, row: ResourceRecord, given: Given, at: datetime) -> Mapping[str, object] | None:
    """The columns of a record that change; None where it is as given already."""
    config = row.document.get("config")
    document: Document = {
        **row.document,
        "config": given.kind.config(given.values, config if isinstance(config, dict) else {}),
    }
    if given.created_at is not None and not same_instant(given.created_at, row.document.get("createdAt")):
        document["createdAt"] = given.created_at
    if canonical(document) == canonical(row.document):
        return None
    document = touched(document, user_id=viewer.user_id, at=at)
    columns = record_columns(document, row.logical_id, instants.of(row.created_at))
    return {"version": row.version + 1, "document": document, **columns}


async def delete(session: WriteSession, viewer: Viewer, integration_id: str, ids: Sequence[str]) -> None:
    """Delete these records of one integration, all or none.

    Raises Refused with everything that is wrong: INVALID for what is no id, NOT_FOUND for what the integration
    does not have, DUPLICATE for what was given before, each with the path `ids` and its place.
    """
    require(viewer, Permission.WRITE_RECORDS)
    _check_length(len(ids), "ids")
    zone = await hold(session, viewer, integration_id, "integrationId")
    wanted = [id for id in ids if is_id(id)]
    found = set(await session.scalars(sql.resource_records.existing_ids(viewer.team_id, integration_id, wanted)))
    problems = Problems()
    again = dict(_repeated(ids))
    for place, id in enumerate(ids):
        if place in again:
            message = f"This is the id at place {again[place]} already; each record is deleted once."
            problems.add(ErrorCode.DUPLICATE, message, "ids", place)
        elif not is_id(id):
            problems.invalid("An id has 1 to 64 visible ASCII characters.", "ids", place)
        elif id not in found:
            problems.add(ErrorCode.NOT_FOUND, "The integration has no record with this id.", "ids", place)
    problems.raise_if_any()
    deleted = await session.execute(sql.resource_records.deletion(viewer.team_id, wanted))
    counts = DayCounts(zone)
    counts.remove(deleted.all())
    await day_counts.keep(session, viewer.team_id, integration_id, counts.blocks())
