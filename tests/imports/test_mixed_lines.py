"""Lines of many integrations in any order: batches have many records of few integrations."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import and_, select

from gateway import services
from gateway.database.database import Database
from gateway.database.tables import DayCount, DaySeries, ResourceRecord, TypeCount
from gateway.domain.calendar import instants
from gateway.domain.documents import ImportCounts
from gateway.domain.enums import ErrorCode
from gateway.domain.ids import new_id
from gateway.domain.lenient_reading import Document
from gateway.domain.records import RecordLineParser, lines
from gateway.domain.records.lines import RecordBatch
from tests.support import recounts
from tests.support.examples import export, record
from tests.support.factories import connected, store
from tests.support.gateway import TEAM
from tests.support.import_command import Run, read_counts, read_rows, write, write_lines
from tests.support.sessions import open_session
from tests.support.verifying import find_differences

AT = datetime(2025, 3, 9, tzinfo=UTC)


def _build_record(number: int, integration: int, **keys: object) -> dict[str, Any]:
    return record(number, teamId=TEAM, integrationId=f"clinic-{integration}", **keys)


def _parse(
    documents: Iterable[dict[str, Any]], max_records: int, on_read: Callable[[], None] = lambda: None
) -> Iterator[RecordBatch]:
    def build_lines() -> Iterator[bytes]:
        for document in documents:
            on_read()
            yield json.dumps(document).encode()

    return RecordLineParser(max_records, None).parse_lines(build_lines(), AT)


def _list_lines(batch: RecordBatch) -> list[tuple[str, list[int]]]:
    return [(each.integration_id, each.line_numbers) for each in batch.integrations]


def test_a_batch_has_all_pending_records_of_the_largest_integrations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_MAX_PENDING_RECORDS", 12)
    integrations = (0, 0, 1, 1, 2, 3, 0, 0, 1, 2, 4, 0, 5, 6)
    documents = [_build_record(number, integration) for number, integration in enumerate(integrations)]
    assert [_list_lines(batch) for batch in _parse(documents, 8)] == [
        [("clinic-0", [1, 2, 7, 8, 12]), ("clinic-1", [3, 4, 9])],
        [
            ("clinic-2", [5, 10]),
            ("clinic-3", [6]),
            ("clinic-4", [11]),
            ("clinic-5", [13]),
            ("clinic-6", [14]),
        ],
    ]


def test_an_integration_with_a_full_batch_waits_for_no_other_line() -> None:
    documents = [_build_record(number, number % 2 * number) for number in range(9)]
    read: list[int] = []
    batches = _parse(documents, 3, lambda: read.append(1))
    assert _list_lines(next(batches))[0] == ("clinic-0", [1, 3, 5])
    assert len(read) == 7


def test_pending_records_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_MAX_PENDING_RECORDS", 20)
    read: list[int] = []
    written = 0
    for batch in _parse((_build_record(number, number) for number in range(100)), 8, lambda: read.append(1)):
        assert len(read) - written <= 21
        written += batch.record_count
    assert written == len(read) == 100


def test_pending_bytes_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [_build_record(number, number) for number in range(100)]
    monkeypatch.setattr(lines, "_MAX_PENDING_BYTES", 10 * len(json.dumps(documents[0])))
    read: list[int] = []
    written = 0
    for batch in _parse(documents, 4, lambda: read.append(1)):
        assert len(read) - written <= 12
        written += batch.record_count
    assert written == len(read) == 100


@given(
    entries=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(0, 4)), max_size=60),
    max_records=st.integers(1, 12),
)
def test_batches_have_each_record_once_and_in_order(entries: list[tuple[int, int, int]], max_records: int) -> None:
    """Entries have a number for the `_id`, one for the `logicalId`, and one for the integration."""
    documents = [
        _build_record(id, integration, logicalId=f"record_{logical}") for id, logical, integration in entries
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_MAX_PENDING_RECORDS", 25)
        batches = [*_parse(documents, max_records)]
    positions: dict[object, list[int]] = defaultdict(list)
    for batch in batches:
        assert 0 < batch.record_count <= max_records
        found = [number for each in batch.integrations for number in each.line_numbers]
        assert len({entries[number - 1][0] for number in found}) == len(found) == batch.record_count
        assert len({entries[number - 1][1:] for number in found}) == len(found)
        for number in found:
            id, _, integration = entries[number - 1]
            positions["id", id].append(number)
            positions["integration", integration].append(number)
    assert sum(batch.record_count for batch in batches) == len(entries)
    assert all(numbers == sorted(set(numbers)) for numbers in positions.values())


def _import_clinics(run: Run, number: int) -> None:
    for clinic in range(number):
        ids = {"_id": f"clinic-{clinic}", "logicalId": f"clinic-{clinic}"}
        assert run("import", write("clinic.json", export(0, 0, teamId=TEAM, **ids))).exit_code == 0


def test_new_changed_and_faulty_lines_of_many_integrations_are_imported(run: Run, database_url: str) -> None:
    _import_clinics(run, 5)
    config = {"type": "appointments", "id": "1", "bookingStatus": "successful"}
    documents = [_build_record(number, number % 5, config=config) for number in range(60)]
    existing = write_lines("existing.jsonl", *documents[:40:3])
    assert read_counts(run("import", existing), existing) == [14, 0, 0, 0]
    changed = {**documents[9], "config": {**config, "bookingStatus": "failed"}}
    missing, taken = _build_record(70, 9), {**documents[6], "integrationId": "clinic-2", "logicalId": "record_71"}
    mixed = [*documents[:20], "{", missing, *documents[20:], changed, taken]
    file = write_lines("mixed.jsonl", *mixed)
    result = run("import", file)
    assert (result.exit_code, read_counts(result, file)) == (1, [46, 1, 14, 3])
    refused = sorted(line.split(": ", 1)[0] for line in result.stderr.splitlines())
    assert refused == [f"mixed.jsonl:{number}" for number in (21, 22, 64)]
    rows = read_rows(database_url, ResourceRecord)
    assert [row.document for row in rows] == [
        changed if number == 9 else documents[number] for number in range(60)
    ]
    assert run("statistics", "verify").exit_code == 0
    again = run("import", write_lines("again.jsonl", *documents[:9], *documents[10:], changed))
    assert read_counts(again, "again.jsonl") == [0, 0, 60, 0]


def test_the_last_line_of_a_record_wins_among_other_integrations(run: Run, database_url: str) -> None:
    _import_clinics(run, 3)
    versions = [_build_record(number % 3, number % 3, extra=number) for number in range(12)]
    file = write_lines("versions.jsonl", *versions)
    assert read_counts(run("import", file), file) == [3, 9, 0, 0]
    rows = read_rows(database_url, ResourceRecord)
    assert [(row.version, row.document["extra"]) for row in rows] == [(4, 9), (4, 10), (4, 11)]


def test_a_warning_names_its_line_among_other_integrations(run: Run) -> None:
    _import_clinics(run, 2)
    odd = {"type": "appointments", "id": "1", "start": "never"}
    documents = [
        _build_record(number, number % 2, **({"config": odd} if number == 3 else {})) for number in range(5)
    ]
    result = run("import", write_lines("records.jsonl", *documents))
    assert result.exit_code == 0
    assert [line.split(": ", 1)[0] for line in result.stderr.splitlines()] == ["records.jsonl:4"]


_ZONES = ("America/Chicago", "Asia/Kathmandu", "UTC")

_Entry: TypeAlias = tuple[int, int, str, Document]
"""The index of an integration, the number of a record in it, `createdAt`, and `config`."""

_entries = st.lists(
    st.tuples(
        st.integers(0, len(_ZONES) - 1),
        st.integers(0, 8),
        recounts.instants.map(instants.format_instant),
        recounts.configs,
    ),
    max_size=40,
)


def _build_appointment(entry: _Entry) -> Document:
    integration, number, at, config = entry
    config = {"type": "appointments", "id": str(number), **config}
    return _build_record(10 * integration + number, integration, createdAt=at, config=config)


async def _import(database: Database, documents: Iterable[Document], team_id: str) -> ImportCounts:
    def fail(code: ErrorCode, message: str, *path: str | int) -> None:
        pytest.fail(f"{code} {message} {path}")

    tally = ImportCounts()
    encoded = [json.dumps(document).encode() for document in documents]
    for batch in RecordLineParser(10, team_id).parse_lines(encoded, AT):
        async with database.write() as writer:
            tally += await services.imports.records.import_records(writer, batch.integrations, team_id, fail)
    return tally


async def _read_team(database: Database, team_id: str) -> list[list[Any]]:
    """Return the records of a team and its counts, without documents, times of updates, and ids of series."""
    left_out = ("team_id", "document", "updated_at")
    record_columns = [column for column in ResourceRecord.__table__.c if column.name not in left_out]
    count_columns = [column for column in DayCount.__table__.c if column.name not in ("team_id", "series_id")]
    series_columns = (DaySeries.integration_id, DaySeries.type, DaySeries.date_field, DaySeries.appointment_type)
    of_series = and_(DaySeries.team_id == DayCount.team_id, DaySeries.id == DayCount.series_id)
    statements = (
        select(*record_columns).where(ResourceRecord.team_id == team_id),
        select(*series_columns, *count_columns).join(DayCount, of_series).where(DaySeries.team_id == team_id),
        select(TypeCount.integration_id, TypeCount.type, TypeCount.record_count).where(
            TypeCount.team_id == team_id
        ),
    )
    async with open_session(database) as session:
        return [sorted(map(repr, (await session.execute(statement)).all())) for statement in statements]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stored=_entries, entries=_entries)
async def test_mixed_lines_are_stored_as_sorted_ones(
    database: Database, stored: list[_Entry], entries: list[_Entry]
) -> None:
    """The same lines in both orders, each into a team of its own; some records exist before."""
    orders = {"mixed": entries, "sorted": sorted(entries, key=itemgetter(0))}
    found = []
    for order, sorted_entries in orders.items():
        team_id = f"{order}-{new_id()}"
        rows = (connected(f"clinic-{at}", team_id=team_id, timezone=zone) for at, zone in enumerate(_ZONES))
        await store(database, *rows)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lines, "_MAX_PENDING_RECORDS", 15)
            tallies = [
                await _import(database, map(_build_appointment, each), team_id)
                for each in (stored, sorted_entries)
            ]
        found.append((tallies, await _read_team(database, team_id)))
    assert found[0] == found[1]
    assert await find_differences(database) == []
