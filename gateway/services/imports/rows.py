"""Use cases and resource records taken in under an integration: matched, compared and written many at a time."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from operator import itemgetter
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from gateway import sql
from gateway.database.tables import ResourceRecord, UseCase
from gateway.database.writing import WriteSession
from gateway.domain.calendar import instants
from gateway.domain.documents.audit_fields import audit_columns
from gateway.domain.documents.entries import Entry, Report, Tally
from gateway.domain.documents.exports import canonical, is_written
from gateway.domain.documents.import_policy import Parent, Trust
from gateway.domain.enums import ErrorCode, UseCaseKey
from gateway.domain.ids import new_id, new_logical_id
from gateway.domain.lenient_reading import Document
from gateway.domain.records import record_columns
from gateway.domain.statistics.day_counts import COUNTED, DayCounts, counted
from gateway.domain.use_cases import CATALOGUE, use_case_columns
from gateway.services import day_counts

T = TypeVar("T")
Columns = dict[str, object]

BATCH_SIZE = 5_000
"""Entries that are looked up and written at once: more take as much memory as they save time."""

_COMPARED = frozenset({"logical_id", "version", "document", "group_id", "key", *COUNTED})
"""The columns of a row that an import looks at, as far as its entity has them."""


def batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items, at most `BATCH_SIZE` at a time."""
    for start in range(0, len(items), BATCH_SIZE):
        yield items[start : start + BATCH_SIZE]


@dataclass(frozen=True, slots=True)
class Kind:
    """What there is to know of a kind of row that is taken in."""

    entity: type[UseCase | ResourceRecord]
    name: str
    columns: Callable[[Document, str, datetime], Mapping[str, object]]
    is_counted: bool
    """Whether dashboards count them."""


USE_CASES = Kind(UseCase, "use_case", use_case_columns, is_counted=False)
RESOURCE_RECORDS = Kind(ResourceRecord, "resource_record", record_columns, is_counted=True)


@dataclass(frozen=True, slots=True)
class Intake:
    """What entries under one integration, which is held, are taken in with."""

    session: WriteSession
    team_id: str
    parent: Parent
    zone: ZoneInfo
    trust: Trust
    report: Report
    tally: Tally = field(default_factory=Tally)
    advance: Callable[[int], None] = lambda _: None
    """Told how many entries are done, batch by batch."""


@dataclass(frozen=True, slots=True)
class _Places:
    """Where entries belong: the rows they are, by their `_id`, and which of these ids rows have already."""

    rows: Mapping[str, str]
    taken: Collection[str]


async def take(intake: Intake, kind: Kind, entries: Sequence[Entry], *, replace: bool = False) -> None:
    """Create or update a row for each entry, with `replace` also delete the integration's other rows.

    The entries have ids and logical ids of their own. One that cannot be taken in is reported.
    """
    places, changes = await _places(intake, kind, entries), DayCounts(intake.zone)
    if replace:
        gone = await _delete_others(intake, kind, set(places.rows.values()), changes)
        places = _Places(places.rows, set(places.taken) - gone)
    for batch in batches(entries):
        await _write(intake, kind, batch, places, changes)
        intake.advance(len(batch))
    await day_counts.keep(intake.session, intake.team_id, intake.parent.id, changes.blocks())


async def _places(intake: Intake, kind: Kind, entries: Sequence[Entry]) -> _Places:
    """Matched by logical id, then by id what has none (to the letter: what has a new one, too)."""
    by_logical_id: dict[str, str] = {}
    owners: dict[str, str] = {}
    for batch in batches(entries):
        known = [entry.logical_id for entry in batch if entry.logical_id is not None]
        if known:
            alike = sql.imports.by_logical_ids(kind.entity, intake.team_id, intake.parent.id, known)
            by_logical_id.update(await intake.session.tuples(alike))
        there = sql.imports.by_ids(kind.entity, intake.team_id, [entry.id for entry in batch])
        owners.update(await intake.session.tuples(there))
    rows = {entry.id: by_logical_id[entry.logical_id] for entry in entries if entry.logical_id in by_logical_id}
    claimed = set(rows.values())
    for entry in entries:
        may_be = entry.id not in rows and (entry.logical_id is None or intake.trust.to_the_letter)
        if not may_be or owners.get(entry.id) != intake.parent.id:
            continue
        if entry.id in claimed:
            intake.report(
                ErrorCode.DUPLICATE,
                "Another entry is what has this `_id` here, by its `logicalId`.",
                *entry.path,
                "_id",
            )
        else:
            rows[entry.id] = entry.id
    return _Places(rows, owners.keys())


async def _delete_others(intake: Intake, kind: Kind, kept: set[str], changes: DayCounts) -> set[str]:
    found = await intake.session.tuples(sql.imports.ids_under(kind.entity, intake.team_id, intake.parent.id))
    gone = {id for (id,) in found} - kept
    for batch in batches(sorted(gone)):
        deleted = await intake.session.execute(sql.imports.deleted(kind.entity, intake.team_id, batch))
        if kind.is_counted:
            changes.remove(deleted.all())
    intake.tally.deleted += len(gone)
    return gone


async def _write(intake: Intake, kind: Kind, batch: Sequence[Entry], places: _Places, changes: DayCounts) -> None:
    ids = [places.rows[entry.id] for entry in batch if entry.id in places.rows]
    stored = await _stored(intake, kind, ids)
    added: list[Columns] = []
    changed: list[Columns] = []
    for entry in batch:
        id = places.rows.get(entry.id)
        if id is None:
            row = _added(intake, kind, entry, taken=entry.id in places.taken)
            if row is not None:
                added.append(row)
        else:
            row = _changed(intake, kind, entry, stored[id])
            if row is not None:
                changed.append(row)

    async def count() -> None:
        if kind.is_counted:
            changes.remove(counted(stored[str(row["id"])]) for row in changed)
            changes.add(map(itemgetter(*COUNTED), chain(added, changed)))

    # They are counted while the database is at work, and neither goes on without the other.
    await asyncio.gather(intake.session.insert(kind.entity, added), count())
    await intake.session.update(kind.entity, changed)
    intake.tally.created += len(added)
    intake.tally.updated += len(changed)
    intake.tally.unchanged += len(ids) - len(changed)


async def _stored(intake: Intake, kind: Kind, ids: list[str]) -> Mapping[str, Any]:
    """The rows with these ids, as far as entries are compared with them and they are counted."""
    if not ids:
        return {}
    found = await intake.session.rows(sql.imports.stored(kind.entity, intake.team_id, ids), columns=_COMPARED)
    return {row.id: row for row in found}


def _added(intake: Intake, kind: Kind, entry: Entry, *, taken: bool) -> Columns | None:
    if taken and intake.trust.to_the_letter:
        intake.report(ErrorCode.CONFLICT, "Another one of the team has this `_id` already.", *entry.path, "_id")
        return None
    id = new_id() if taken else entry.id
    document = intake.trust.first(entry, id, intake.parent)
    logical_id = entry.logical_id or new_logical_id(kind.name)
    return {
        "team_id": intake.team_id,
        "id": id,
        "integration_id": intake.parent.id,
        "version": 1,
        "document": document,
        **kind.columns(document, logical_id, intake.session.as_of),
    }


def _changed(intake: Intake, kind: Kind, entry: Entry, stored: Any) -> Columns | None:  # noqa: ANN401 (of `_stored`)
    document = intake.trust.next(entry, stored.id, intake.parent, stored)
    if is_written(document, stored.document_json) or canonical(document) == canonical(stored.document):
        return None
    document = intake.trust.signed(document)
    logical_id = entry.logical_id or stored.logical_id
    row: Columns = {
        "team_id": intake.team_id,
        "id": stored.id,
        "version": stored.version + 1,
        "document": document,
        **kind.columns(document, logical_id, intake.session.as_of),
        "created_at": audit_columns(document, instants.of(stored.created_at))["created_at"],
    }
    if kind.entity is UseCase:
        stays = stored.key is None or _is_still(stored.key, document)
        row |= {"group_id": stored.group_id if stays else None, "key": stored.key if stays else None}
    return row


def _is_still(key: UseCaseKey, document: Document) -> bool:
    """Whether a use case is the one that its group holds under this key."""
    config = document.get("config")
    known = CATALOGUE[key]
    return isinstance(config, dict) and (config.get("type"), config.get("name")) == (known.type.value, known.name)
