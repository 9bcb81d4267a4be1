"""`gateway import` of JSON Lines: many records, batch by batch, each of which refuses only itself."""

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


def test_json_lines_refuse_only_what_is_faulty(run: Run, database_url: str) -> None:
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


def test_records_some_of_which_are_there_are_all_taken_in(run: Run, database_url: str) -> None:
    """Also where the first is new: those after it were written, and are undone."""
    run("import", write("export.json", export(0, 0, teamId=TEAM)))
    there = write_lines("there.jsonl", *(record(place, teamId=TEAM) for place in range(5, 10)))
    assert read_counts(run("import", there), there) == [5, 0, 0, 0]
    odd = "a\\n\tb\r\n\\N é"
    more = [record(place, teamId=TEAM, **({"extra": odd} if place in (3, 7) else {})) for place in range(12)]
    more[11]["_id"] = more[6]["_id"]
    lines = write_lines("more.jsonl", *more)
    result = run("import", lines)
    assert (result.exit_code, read_counts(result, lines)) == (0, [6, 2, 4, 0])
    rows = read_rows(database_url, ResourceRecord)
    assert len(rows) == 11
    assert [row.logical_id for row in rows if row.document.get("extra") == odd] == ["record_3", "record_7"]
    assert run("statistics", "verify").exit_code == 0


def test_new_records_are_looked_for_by_the_id_of_the_first(run: Run) -> None:
    """PostgreSQL might walk through a new integration for a `logicalId` there, once for each batch."""
    run("import", write("export.json", export(0, 0, teamId=TEAM)))
    lines = write_lines("records.jsonl", *(record(place, teamId=TEAM) for place in range(3)))
    with collect_statements() as seen:
        assert read_counts(run("import", lines), lines) == [3, 0, 0, 0]
    reading = [statement for statement in seen if "FROM resource_record" in statement]
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


def test_of_two_lines_about_one_record_the_later_wins(run: Run, database_url: str) -> None:
    run("import", write("export.json", export(0, 0, teamId=TEAM)))
    lines = write_lines("records.jsonl", *(record(0, teamId=TEAM, extra=n) for n in range(3)))
    assert read_counts(run("import", lines), lines) == [1, 2, 0, 0]
    (row,) = read_rows(database_url, ResourceRecord)
    assert (row.version, row.document["extra"]) == (3, 2)


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_20_000_records_go_in_and_out_in_batches(run: Run) -> None:
    run("import", write("export.json", export(1, 0, teamId=TEAM)))
    lines = write_lines("records.jsonl", *(record(number, teamId=TEAM) for number in range(20_000)))
    with collect_statements() as seen:
        result = run("import", lines)
    assert (result.exit_code, read_counts(result, lines)) == (0, [20_000, 0, 0, 0])
    assert len(seen) < 20 * 8
    run("export", INTEGRATION, "--output", "out.json")
    document = json.loads(Path("out.json").read_text())
    assert len(document["resource_records"]) == 20_000
    assert read_counts(run("import", "out.json"), "out.json") == [0, 0, 20_002, 0]


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_postgresql_looks_at_a_new_integration_after_its_first_batch(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH_SIZE", 3)
    run("import", write("export.json", export(1, 0, teamId=TEAM)))
    for length, analyses in ((2, 0), (3, 1), (7, 1)):
        lines = write_lines("records.jsonl", *(record(number, teamId=TEAM) for number in range(length)))
        with collect_statements() as seen:
            assert run("import", lines).exit_code == 0
        assert seen.count("ANALYZE resource_record") == analyses


def test_a_batch_has_so_many_bytes_and_not_many_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.domain.records.lines._MAX_BATCH_BYTES", 10_000)
    lines = [json.dumps(record(place, teamId=TEAM)).encode() for place in range(200)]
    found = [*RecordLineParser(700, None).parse_lines(lines, instants.now())]
    assert sum(batch.record_count for batch in found) == 200
    assert sum(batch.byte_count for batch in found) == sum(map(len, lines))
    assert len(found) > 1
    assert all(batch.byte_count < 11_000 for batch in found)


def test_a_batch_has_so_many_records_and_their_problems() -> None:
    documents = [record(place, teamId=TEAM) for place in range(1_500)]
    for document in documents[::100]:
        del document["_id"]
    lines = [*(json.dumps(document).encode() for document in documents), b"{"]
    found = [*RecordLineParser(700, OTHER_TEAM).parse_lines(lines, instants.now())]
    assert [batch.record_count for batch in found] == [700, 700, 85]
    assert {group.team_id for batch in found for group in batch.integrations} == {OTHER_TEAM}
    problems = [problem for batch in found for problem in batch.problems]
    assert problems[1] == (ErrorCode.REQUIRED, "`_id` is missing.", (101, "_id"))
    assert (len(problems), problems[-1][2]) == (16, (1_501,))


def test_a_file_that_cannot_be_read_on_is_reported(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("import", write("export.json", export(0, 0, teamId=TEAM)))
    lines = write_lines("records.jsonl", *(record(place, teamId=TEAM) for place in range(5)))

    def fail_after(head: Iterable[bytes], _stream: object) -> Iterator[bytes]:
        yield from head
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("gateway.cli.imports.chain", fail_after)
    result = run("import", lines)
    assert result.exit_code == 2
    assert "records.jsonl: Input/output error" in result.stderr


def _visit(place: int, day: int) -> dict[str, object]:
    config = {"type": "appointments", "source": f"source {place % 200}", "bookingStatus": "successful"}
    at = f"2025-03-{day:02}T12:00:00.000Z"
    return record(place, teamId=TEAM, createdAt=at, config=config)


def test_days_are_counted_whether_or_not_anything_was_counted_of_them(run: Run, database_kind: str) -> None:
    """So many counts are copied into PostgreSQL where nothing is there, and not added up."""
    run("import", write("export.json", export(0, 0, teamId=TEAM)))
    for first, days in ((0, range(3, 6)), (1_000, range(5, 8))):
        visits = (_visit(first + place, days[place % 3]) for place in range(600))
        lines = write_lines("visits.jsonl", *visits)
        with collect_statements() as seen:
            assert read_counts(run("import", lines), lines) == [600, 0, 0, 0]
        looked_up = any("looked_up" in statement and "day_count" in statement for statement in seen)
        assert looked_up == (database_kind == "postgresql")
        assert run("statistics", "verify").exit_code == 0
    moved = write_lines("moved.jsonl", *(_visit(place, 7 + place % 3) for place in range(600)))
    assert read_counts(run("import", moved), moved) == [0, 600, 0, 0]
    assert run("statistics", "verify").exit_code == 0
