"""The data of the questions: one clinic with most records, eight with fewer, one with few, and webhooks."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from gateway import services
from gateway.database.database import Database
from gateway.database.migrations import upgrade
from gateway.database.tables import AuditEntry, ResourceRecord
from gateway.domain.calendar.instants import format_instant
from gateway.domain.enums import Permission, Provider
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.viewer import Viewer
from gateway.settings import Settings
from tests.benchmarks.appointments import Appointments
from tests.benchmarks.data import GROUP, Group, Loaded
from tests.benchmarks.documents import TEAM, USER, build_export, build_object_id
from tests.benchmarks.servers import PROJECT, build_environment

_FIRST_WEBHOOK = 100
_MATCHING, _SELDOM = 100, 400

WORD = "quixley"
"""Each is in `count_matching` records of the big clinic."""

BIG, FEW, *_SMALL = (build_object_id("integration", number) for number in range(10))
"""Ids of the clinics."""

USE_CASE = build_object_id("use_case", 0)
KEY_ID = "64a3f0ff0000000000000000"
"""The id of a key in some entries of the audit log."""
WEBHOOK = build_object_id("integration", _FIRST_WEBHOOK)

_SMALL_PERCENT = 4
"""The records of a small clinic, of those of the big one."""

_WEBHOOKS = 30
_PRACTITIONERS = 200
_GROUPS = 3
_USE_CASES = 20
_PERCENT = 100
_PATIENTS = range(84, 94)
_OTHERS = {
    94: "practitioners",
    95: "locations",
    96: "organizations",
    97: "visiting_reasons",
    98: "rooms",
    99: "devices",
}
"""The type of a record by the last two digits of its number; all others are appointments."""


@dataclass(frozen=True, slots=True)
class _Records:
    """The records of a clinic, evenly spaced over two years, in the order of their creation."""

    integration_id: str
    series: int
    count: int
    matching: int

    def __iter__(self) -> Iterator[Document]:
        step = self.count // self.matching if self.matching else self.count
        for index, document in enumerate(Appointments(self.integration_id, self.series, self.count)):
            appointment = document["config"]
            assert isinstance(appointment, dict)
            yield {**document, "config": self._build_config(index, appointment, is_marked=index % step == 0)}

    def _build_config(self, index: int, appointment: Document, *, is_marked: bool) -> Document:
        number = index % _PERCENT
        if number in _PATIENTS:
            kept = {key: appointment[key] for key in ("id", "bookingStatus", "source")}
            return {"type": "patients", "firstName": "Ada", "lastName": f"Example-{index}", **kept}
        if number in _OTHERS:
            return {"type": _OTHERS[number], "id": str(index), "name": f"Example {index}"}
        if is_marked and self.matching:
            return {**appointment, "practitionerName": f"Dr. {WORD.title()}"}
        return appointment


def count_matching(records: int) -> int:
    """Return the number of records with each searched word."""
    return min(_MATCHING, records // _SELDOM)


def get_record(records: int) -> str:
    """Return the id of a record of the big clinic."""
    return build_object_id("appointment", records // 2 // _PERCENT * _PERCENT)


async def load(database_url: str, records: int) -> Loaded:
    """Fill an empty database. `records` are those of the big clinic; the small ones together have a third."""
    database = Database(Settings(database_url=database_url))
    try:
        await upgrade(database)
        with tempfile.TemporaryDirectory(prefix="gateway-benchmarks-") as folder:
            files = [*_write_files(Path(folder), records)]
            await _import(files, database_url)
        await database.analyze(ResourceRecord)
        await _add_audit_entries(database, records)
        return await _add_groups(database)
    finally:
        await database.dispose()


async def _import(files: Sequence[Path], database_url: str) -> None:
    """Run `gateway import`. Raises CalledProcessError if it fails."""
    command = [sys.executable, "-m", "gateway", "import", *map(str, files)]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=PROJECT, env=build_environment(database_url), stdout=subprocess.DEVNULL
    )
    if status := await process.wait():
        raise subprocess.CalledProcessError(status, command)


def _write_files(folder: Path, records: int) -> Iterator[Path]:
    """Write the files to import: export documents, webhooks, and JSON Lines of each clinic with many records."""
    for index, id in enumerate((BIG, FEW, *_SMALL)):
        at = datetime(2025, 3, 9, tzinfo=UTC) + index * timedelta(days=1)
        practitioners = _PRACTITIONERS if id == FEW else 0
        yield _write(folder / f"{id}.json", [build_export(id, at, _USE_CASES, 2, practitioners)])
    yield _write(folder / "webhooks.json", [[_build_webhook(number) for number in range(_WEBHOOKS)]])
    small = records * _SMALL_PERCENT // _PERCENT
    for series, id in enumerate((BIG, *_SMALL)):
        is_big = id == BIG
        found = _Records(id, series, records if is_big else small, count_matching(records) if is_big else 0)
        yield _write(folder / f"{id}.jsonl", found)


def _write(file: Path, documents: Iterable[Json]) -> Path:
    with file.open("wb") as stream:
        stream.writelines(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE) for document in documents)
    return file


def _build_webhook(number: int) -> Document:
    when = format_instant(datetime(2025, 1, 1, tzinfo=UTC) + number * timedelta(days=1))
    return {
        "_id": build_object_id("integration", _FIRST_WEBHOOK + number),
        "teamId": TEAM,
        "type": "webhook-incoming" if number % 2 else "webhook-outgoing",
        "name": f"Webhook {number}",
        "enabled": number % 3 > 0,
        "username": "rocket.cat",
        "channel": ["#general"],
        "event": "sendMessage",
        "urls": ["https://hooks.example.org"],
        "_createdAt": when,
        "_updatedAt": when,
    }


async def _add_audit_entries(database: Database, count: int) -> None:
    """Add entries of the audit log: most of one action, user and key; some of another action, key or subject."""
    at = datetime(2025, 1, 1, tzinfo=UTC)
    entries = [
        {
            "team_id": TEAM,
            "id": f"{number:024}",
            "at": at + number * timedelta(minutes=1),
            "user_id": USER,
            "key_id": KEY_ID if number % 50 == 0 else "benchmarks",
            "action": "integration.export" if number % _SELDOM == 0 else "resource_record.upsert",
            "subject": f"integration {FEW if number % _PERCENT == 0 else BIG}",
            "changed_paths": ["resource_records.r"],
            "request_id": "r",
        }
        for number in range(count)
    ]
    async with database.write() as writer:
        await writer.insert_rows(AuditEntry, entries)


async def _add_groups(database: Database) -> Loaded:
    """Add groups of use cases and a key."""
    viewer = Viewer(TEAM, USER, "benchmarks", "benchmarks", frozenset(Permission))
    upsert_group = services.use_case_groups.upsert.upsert_group
    async with database.write() as writer:
        key = await services.keys.create_key(
            writer, team_id=TEAM, user_id=USER, name="benchmarks", permissions=Permission
        )
        groups = [
            Group((await upsert_group(writer, viewer, Provider.MICROSOFT, GROUP, id)).group.id, id)
            for id in (BIG, *_SMALL)
            for _ in range(_GROUPS)
        ]
    return Loaded(key, [BIG, *_SMALL], FEW, FEW, groups, [])
