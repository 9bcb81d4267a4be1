"""What `gateway import` stores although a mutation would refuse it, with a warning."""

import json

from gateway.database.tables import Integration, ResourceRecord
from gateway.domain.bounds import MAX_DOCUMENT_BYTES
from tests.support.examples import export, record
from tests.support.gateway import TEAM
from tests.support.import_command import Run, read_counts, read_rows, write, write_lines

LONG_LINK = "https://a.example/".ljust(2049, "a")


def test_a_webhook_that_is_too_large_is_stored_with_a_warning(run: Run, database_url: str) -> None:
    webhook = {
        "_id": "w",
        "type": "webhook-outgoing",
        "teamId": TEAM,
        "name": "n" * 257,
        "urls": [LONG_LINK],
        "channel": ["#a"] * 60_000,
        "script": "s" * 65_537,
    }
    imported = run("import", write("webhooks.json", [webhook]))
    assert imported.exit_code == 0
    assert read_counts(imported, "webhooks.json") == [1, 0, 0, 0]
    size = len(json.dumps(webhook, separators=(",", ":")))
    assert sorted(imported.stderr.splitlines()) == sorted(
        f"webhooks.json: 0{path}: {problem} It was stored nevertheless."
        for path, problem in (
            ("", f"The document of one row may have at most {MAX_DOCUMENT_BYTES} bytes, not {size}."),
            (".name", "`name` must have at most 256 characters, not 257."),
            (".urls.0", "`urls` must have at most 2048 characters, not 2049."),
            (".channel", "`channel` may have at most 200 entries, not 60000."),
            (".script", "`script` must have at most 65536 characters, not 65537."),
        )
    )
    (row,) = read_rows(database_url, Integration)
    assert row.document == webhook


def test_the_path_of_a_warning_names_the_row_of_an_export(run: Run) -> None:
    document = export(1, 1)
    document["integration"]["teamId"] = TEAM
    document["use_cases"][0]["config"] = {"actions": [{"reportEmails": ["a@b"] * 201}], "sheetLink": LONG_LINK}
    document["resource_records"][0]["note"] = "x" * MAX_DOCUMENT_BYTES
    imported = run("import", write("export.json", document))
    assert imported.exit_code == 0
    assert [line.split(": ")[1] for line in imported.stderr.splitlines()] == [
        "use_cases.0.config.sheetLink",
        "use_cases.0.config.actions.0.reportEmails",
        "resource_records.0",
    ]


def test_a_line_that_is_too_large_is_stored_with_a_warning(run: Run, database_url: str) -> None:
    document = export(0, 0)
    document["integration"] |= {"_id": "i", "teamId": TEAM}
    assert run("import", write("export.json", document)).exit_code == 0
    rows = [{**record(number), "integrationId": "i", "teamId": TEAM} for number in range(2)]
    rows[1]["note"] = "x" * MAX_DOCUMENT_BYTES
    imported = run("import", write_lines("records.jsonl", *rows))
    assert imported.exit_code == 0
    assert len(imported.stderr.splitlines()) == 1
    assert imported.stderr.startswith("records.jsonl:2: The document of one row may have at most")
    assert len(read_rows(database_url, ResourceRecord)) == 2


def test_a_name_of_a_key_is_bounded(run: Run) -> None:
    invisible = [(name, 2) for name in "\u200b\u202e\u3164\u00ad\u2060\ufeff"]
    for name, exit_code in (("n" * 256, 0), ("n" * 257, 2), *invisible):
        arguments = ("--team", TEAM, "--user", "u", "--name", name, "--permission", "ADMIN")
        assert run("keys", "create", *arguments).exit_code == exit_code
