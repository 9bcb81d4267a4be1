"""`gateway import` of JSON Lines: records in batches, of which only invalid ones are refused."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from gateway.database.tables import ResourceRecord
from gateway.domain.calendar import instants
from gateway.domain.enums import ErrorCode
from gateway.domain.records import RecordLineParser
from gateway.services import batches
from tests.support.examples import INTEGRATION, export, record
from tests.support.gateway import OTHER_TEAM, TEAM, collect_statements
from tests.support.import_command import Run, read_counts, read_rows, write, write_lines


def test_only_invalid_lines_are_refused(run: Run, database_url: str) -> None:
    run("import", write("export.json", export(0, 2, teamId=TEAM)))
    lines = write_lines(
        "records.jsonl",
        "{not json",
        record(0, teamId=TEAM),
        "",
        record(1, teamId=TEAM, extra=1),
        {**record(2), "_id": None},
        record(3, teamId=TEAM, integrationId="elsewhere"),
        {key: value for key, value in record(4).items() if key != "integrationId"},
        record(5),
        record(6, teamId=TEAM, text="\x00"),
        record(7, teamId=TEAM),
    )
    result = run("import", lines)
    assert (result.exit_code, read_counts(result, lines)) == (1, [1, 2, 0, 6])
    assert sorted(line.split(": ", 1)[0] for line in result.stderr.splitlines()) == [
        f"records.jsonl:{number}" for number in (1, 5, 6, 7, 8, 9)
    ]
    assert "records.jsonl:6: integrationId: There is no connected integration elsewhere" in result.stderr
    rows = read_rows(database_url, ResourceRecord)
    assert [row.logical_id for row in rows] == ["record_0", "record_1", "record_7"]
    assert rows[1].document == record(1, teamId=TEAM, extra=1)
    again = run("import", write_lines("again.jsonl", record(5), record(7, teamId=TEAM)), "--team", TEAM)
    assert (again.exit_code, read_counts(again, "again.jsonl")) == (0, [1, 0, 1, 0])


def test_new_and_existing_records_are_imported_together(run: Run, database_url: str) -> None:
    """The first record is new, so the batch is inserted first, rolled back, and then merged."""
    run("import", write("export.json", export(0, 0, teamId=TEAM)))
    existing = write_lines("existing.jsonl", *(record(index, teamId=TEAM) for index in range(5, 10)))
    assert read_counts(run("import", existing), existing) == [5, 0, 0, 0]
    odd = "a\\n\tb\r\n\\N é"
    more = [record(index, teamId=TEAM, **({"extra": odd} if index in (3, 7) else {})) for index in range(12)]
    more[11]["_id"] = more[6]["_id"]
    lines = write_lines("more.jsonl", *more)
    result = run("import", lines)
    assert (result.exit_code, read_counts(result, lines)) == (0, [6, 2, 4, 0])
    rows = read_rows(database_url, ResourceRecord)
    assert len(rows) == 11
    assert [row.logical_id for row in rows if row.document.get("extra") == odd] == ["record_3", "record_7"]
    assert run("statistics", "verify").exit_code == 0


def test_new_records_are_looked_up_by_the_id_of_the_first(run: Run) -> None:
    """For a `logicalId` of a new integration, PostgreSQL might scan the integration once for each batch."""
    run("import", write("export.json", export(0, 0, teamId=TEAM)))
    lines = write_lines("records.jsonl", *(record(index, teamId=TEAM) for index in range(3)))
    with collect_statements() as statements:
        assert read_counts(run("import", lines), lines) == [3, 0, 0, 0]
    reading = [statement for statement in statements if "FROM resource_record" in statement]
    assert len(reading) == 1
    assert "logical_id" not in reading[0]


def test_an_id_of_another_integration_is_found_among_new_ones(run: Run, database_url: str) -> None:
    run("import", write("a.json", export(0, 1, teamId=TEAM)))
    run("import", write("b.json", export(0, 0, teamId=TEAM, _id="b", logicalId="b")))
    lines = write_lines("records.jsonl", *(record(n, teamId=TEAM, integrationId="b") for n in (2, 1, 0)))
    result = run("import", lines)
    assert (result.exit_code, read_counts(result, lines)) == (1, [2, 0, 0, 1])
    message = "Another resource record of the team already has this `_id`."
    assert f"records.jsonl:3: _id: {message} (CONFLICT)" in result.stderr
    assert [row.integration_id for row in read_rows(database_url, ResourceRecord)] == [INTEGRATION, "b", "b"]


def test_the_last_line_of_a_record_wins(run: Run, database_url: str) -> None:
    run("import", write("export.json", export(0, 0, teamId=TEAM)))
    lines = write_lines("records.jsonl", *(record(0, teamId=TEAM, extra=n) for n in range(3)))
    assert read_counts(run("import", lines), lines) == [1, 2, 0, 0]
    (row,) = read_rows(database_url, ResourceRecord)
    assert (row.version, row.document["extra"]) == (3, 2)


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_20_000_records_are_imported_and_exported_in_batches(run: Run) -> None:
    run("import", write("export.json", export(1, 0, teamId=TEAM)))
    lines = write_lines("records.jsonl", *(record(number, teamId=TEAM) for number in range(20_000)))
    with collect_statements() as statements:
        result = run("import", lines)
    assert (result.exit_code, read_counts(result, lines)) == (0, [20_000, 0, 0, 0])
    assert len(statements) < 20 * 8
    run("export", INTEGRATION, "--output", "out.json")
    document = json.loads(Path("out.json").read_text())
    assert len(document["resource_records"]) == 20_000
    assert read_counts(run("import", "out.json"), "out.json") == [0, 0, 20_002, 0]


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_postgresql_analyzes_a_new_integration_after_its_first_batch(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH_SIZE", 3)
    run("import", write("export.json", export(1, 0, teamId=TEAM)))
    for length, analyses in ((2, 0), (3, 1), (7, 1)):
        lines = write_lines("records.jsonl", *(record(number, teamId=TEAM) for number in range(length)))
        with collect_statements() as statements:
            assert run("import", lines).exit_code == 0
        assert statements.count("ANALYZE resource_record") == analyses


def test_a_batch_is_limited_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.domain.records.lines._MAX_PENDING_BYTES", 10_000)
    lines = [json.dumps(record(index, teamId=TEAM)).encode() for index in range(200)]
    found = [*RecordLineParser(700, None).parse_lines(lines, instants.now())]
    assert sum(batch.record_count for batch in found) == 200
    assert sum(batch.byte_count for batch in found) == sum(map(len, lines))
    assert len(found) > 1
    assert all(batch.byte_count < 11_000 for batch in found)


def test_a_batch_is_limited_in_records_and_has_their_problems() -> None:
    documents = [record(index, teamId=TEAM) for index in range(1_500)]
    for document in documents[::100]:
        del document["_id"]
    lines = [*(json.dumps(document).encode() for document in documents), b"{"]
    found = [*RecordLineParser(700, OTHER_TEAM).parse_lines(lines, instants.now())]
    assert [batch.record_count for batch in found] == [700, 700, 85]
    assert {group.team_id for batch in found for group in batch.integrations} == {OTHER_TEAM}
    problems = [problem for batch in found for problem in batch.problems]
    assert problems[1] == (ErrorCode.REQUIRED, "`_id` is missing.", (101, "_id"))
    assert (len(problems), problems[-1][2]) == (16, (1_501,))


def test_a_read_error_in_a_file_is_reported(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("import", write("export.json", export(0, 0, teamId=TEAM)))
    lines = write_lines("records.jsonl", *(record(index, teamId=TEAM) for index in range(5)))

    def fail_after(head: Iterable[bytes], _stream: object) -> Iterator[bytes]:
        yield from head
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("gateway.cli.imports.chain", fail_after)
    result = run("import", lines)
    assert result.exit_code == 2
    assert "records.jsonl: Input/output error" in result.stderr


def _build_visit(index: int, day: int) -> dict[str, object]:
    config = {"type": "appointments", "source": f"source {index % 200}", "bookingStatus": "successful"}
    at = f"2025-03-{day:02}T12:00:00.000Z"
    return record(index, teamId=TEAM, createdAt=at, config=config)


def test_counts_are_written_for_new_and_for_existing_days(run: Run) -> None:
    run("import", write("export.json", export(0, 0, teamId=TEAM)))
    for first, days in ((0, range(3, 6)), (1_000, range(5, 8))):
        visits = (_build_visit(first + index, days[index % 3]) for index in range(600))
        lines = write_lines("visits.jsonl", *visits)
        assert read_counts(run("import", lines), lines) == [600, 0, 0, 0]
        assert run("statistics", "verify").exit_code == 0
    moved = write_lines("moved.jsonl", *(_build_visit(index, 7 + index % 3) for index in range(600)))
    assert read_counts(run("import", moved), moved) == [0, 600, 0, 0]
    assert run("statistics", "verify").exit_code == 0
