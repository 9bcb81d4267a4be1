"""`gateway import` and `gateway export`: documents round-trip exactly."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway import services
from gateway.cli.app import app
from gateway.database.tables import Integration, ResourceRecord, User
from tests.support.examples import DOCUMENTS, INTEGRATION, example, export
from tests.support.factories import KEYRING
from tests.support.gateway import OTHER_TEAM, TEAM
from tests.support.import_command import Run, read_counts, read_rows, write

EXAMPLE = "5eb7cf5a86d9755df3a6c593"


def test_the_export_example_round_trips_exactly(run: Run) -> None:
    file = DOCUMENTS / "export.response.json"
    result = run("import", file)
    assert (result.exit_code, read_counts(result, file.name)) == (0, [3, 0, 0, 0])
    with_secrets = run("export", EXAMPLE, "--secrets", "--no-groups")
    assert with_secrets.stderr == ""
    assert json.loads(with_secrets.stdout) == example("export.response")
    without = run("export", EXAMPLE, "--no-groups")
    expected = example("export.response")
    del expected["integration"]["config"]["accessToken"]
    del expected["integration"]["config"]["refreshToken"]
    assert json.loads(without.stdout) == expected
    left_out = "integration.config.accessToken, integration.config.refreshToken"
    assert without.stderr == f"Omitted: {left_out}. Use `--secrets` to include them.\n"


@pytest.mark.parametrize("name", ["integrations.get.response", "integrations.list.response"])
def test_webhooks_round_trip_exactly(run: Run, database_url: str, name: str) -> None:
    result = run("import", DOCUMENTS / f"{name}.json", "--team", TEAM)
    document = example(name)
    records = document.get("integrations", [document.get("integration")])
    assert (result.exit_code, read_counts(result, name)) == (0, [len(records), 0, 0, 0])
    rows = read_rows(database_url, Integration)
    stored = {row.id: services.secrets.decrypt_document(KEYRING, row) for row in rows}
    assert stored == {one["_id"]: one for one in records}
    for one in records:
        exported = json.loads(run("export", one["_id"], "--secrets").stdout)
        assert exported == {"integration": one, "success": True}
        without = run("export", one["_id"])
        assert json.loads(without.stdout)["integration"] == {k: v for k, v in one.items() if k != "token"}
        assert ("integration.token" in without.stderr) == ("token" in one)
    assert read_counts(run("import", DOCUMENTS / f"{name}.json", "--team", TEAM), name) == [0, 0, len(records), 0]


def test_users_in_documents_are_created(run: Run, database_url: str) -> None:
    run("import", DOCUMENTS / "integrations.list.response.json", "--team", TEAM)
    run("import", DOCUMENTS / "integrations.get.response.json", "--team", TEAM)
    assert [(user.team_id, user.id, user.username) for user in read_rows(database_url, User)] == [
        (TEAM, "CkCPNcvsvCDfmWLqC", "test.cat"),
        (TEAM, "R4jgcQaQhvvK6K3iY", "graywolf336"),
    ]


def test_only_invalid_entries_of_a_list_of_webhooks_are_refused(run: Run, database_url: str) -> None:
    good = example("integrations.list.response")["integrations"]
    file = write(
        "list.json", [good[0], {"_id": "x", "type": "other"}, {"type": "webhook-incoming"}, 1, good[0], good[1]]
    )
    result = run("import", file, "--team", TEAM)
    assert (result.exit_code, read_counts(result, file)) == (1, [2, 0, 0, 4])
    assert sorted(result.stderr.splitlines()) == [
        "list.json: 1.type: `type` must be webhook-incoming or webhook-outgoing. (INVALID)",
        "list.json: 2._id: `_id` is missing. (REQUIRED)",
        "list.json: 3: This must be an object. (INVALID)",
        "list.json: 4._id: Entry 0 has the same `_id`; each entry needs its own. (DUPLICATE)",
    ]
    assert len(read_rows(database_url, Integration)) == 2


def test_webhooks_need_a_team(run: Run, database_url: str) -> None:
    result = run("import", DOCUMENTS / "integrations.get.response.json")
    assert result.exit_code == 1
    assert result.stderr.endswith(
        "integration.teamId: `teamId` is missing or not an id; set the team with --team. (REQUIRED)\n"
    )
    assert read_rows(database_url, Integration) == []


def test_a_webhook_is_updated_by_id_but_keeps_its_type(run: Run, database_url: str) -> None:
    document = example("integrations.get.response")
    run("import", write("get.json", document), "--team", TEAM)
    document["integration"]["name"] = "new"
    assert read_counts(run("import", write("get.json", document), "--team", TEAM), "get.json") == [0, 1, 0, 0]
    document["integration"]["type"] = "webhook-incoming"
    result = run("import", write("get.json", document), "--team", TEAM)
    message = "This `_id` already belongs to a webhook-outgoing."
    assert result.stderr == f"get.json: integration._id: {message} (CONFLICT)\n"
    (row,) = read_rows(database_url, Integration)
    assert (row.name, row.version) == ("new", 2)


def test_the_option_team_replaces_the_team_in_documents(run: Run) -> None:
    assert run("import", DOCUMENTS / "export.response.json", "--team", OTHER_TEAM).exit_code == 0
    expected = example("export.response")
    for one in (expected["integration"], *expected["use_cases"], *expected["resource_records"]):
        one["teamId"] = OTHER_TEAM
    assert json.loads(run("export", EXAMPLE, "--secrets", "--no-groups").stdout) == expected
    run("import", DOCUMENTS / "export.response.json")
    several = run("export", EXAMPLE)
    assert several.exit_code == 1
    assert "--team" in several.stderr or "Name one" in several.stderr
    assert json.loads(run("export", EXAMPLE, "--team", OTHER_TEAM, "--secrets", "--no-groups").stdout) == expected


def test_an_export_can_be_imported_again(run: Run) -> None:
    run("import", DOCUMENTS / "export.response.json")
    assert run("export", EXAMPLE, "--output", "out.json").stdout == ""
    assert read_counts(run("import", "out.json"), "out.json")[3] == 0
    piped = run("import", "-", stdin=run("export", EXAMPLE, "--secrets").stdout)
    assert read_counts(piped, "-") == [0, 0, 3, 0]
    # An import without tokens keeps the stored ones.
    assert json.loads(run("export", EXAMPLE, "--secrets", "--no-groups").stdout) == example("export.response")


def test_an_export_document_is_imported_completely_or_not_at_all(run: Run, database_url: str) -> None:
    document = export(2, 2, teamId=TEAM)
    document["use_cases"][1]["_id"] = ""
    document["resource_records"][1] = "?"
    result = run("import", write("faulty.json", document))
    assert (result.exit_code, read_counts(result, "faulty.json")) == (1, [0, 0, 0, 2])
    assert result.stderr.splitlines() == [
        "faulty.json: use_cases.1._id: `_id` must be 1 to 64 visible ASCII characters. (INVALID)",
        "faulty.json: resource_records.1: This must be an object. (INVALID)",
    ]
    assert read_rows(database_url, Integration, ResourceRecord) == []


def test_an_id_of_another_integration_is_a_conflict(run: Run, database_url: str) -> None:
    run("import", write("a.json", export(1, 1, teamId=TEAM)))
    result = run("import", write("b.json", export(1, 1, teamId=TEAM, _id="b", logicalId="b")))
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "b.json: use_cases.0._id: Another use case of the team already has this `_id`. (CONFLICT)",
        "b.json: resource_records.0._id: Another resource record of the team already has this `_id`. (CONFLICT)",
    ]
    assert len(read_rows(database_url, Integration)) == 1


def test_unreadable_files_exit_with_2_and_other_files_are_imported(run: Run) -> None:
    Path("folder").mkdir()
    Path("text").write_text("nothing of JSON")
    Path("binary").write_bytes(b"\xff\xfe\x00")
    Path("empty").write_text("")
    write("other.json", {"some": "object"})
    good = write("good.json", export(0, 0, teamId=TEAM))
    result = run("import", "missing", "folder", "text", "binary", "empty", "other.json", good)
    assert result.exit_code == 2
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == [
        "missing",
        "folder",
        "text",
        "binary",
        "empty",
        "other.json",
    ]
    assert read_counts(result, good) == [1, 0, 0, 0]


def test_an_empty_file_is_called_empty(run: Run) -> None:
    good = write("good.json", export(0, 0, teamId=TEAM))
    for content in (b"", b"\n \n\n"):
        Path("records.jsonl").write_bytes(content)
        result = run("import", "records.jsonl", good)
        assert (result.exit_code, result.stderr) == (2, "error: records.jsonl: the file is empty\n")
    assert run("import", "-", stdin="").stderr == "error: -: the file is empty\n"


def test_an_invalid_team_id_is_bad_usage(run: Run, database_url: str) -> None:
    for arguments in (["import", DOCUMENTS / "export.response.json"], ["export", EXAMPLE]):
        result = run(*arguments, "--team", "two words")
        assert result.exit_code == 2
        assert "visible ASCII" in result.stderr
    assert read_rows(database_url, Integration) == []


def test_an_integration_that_does_not_exist_cannot_be_exported(run: Run) -> None:
    result = run("export", INTEGRATION)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"error: There is no integration {INTEGRATION}.\n"


def test_an_output_file_that_cannot_be_written_is_an_error(run: Run) -> None:
    run("import", DOCUMENTS / "export.response.json")
    result = run("export", EXAMPLE, "--output", "missing/out.json")
    assert (result.exit_code, result.stderr) == (
        1,
        "error: missing/out.json cannot be written: No such file or directory.\n",
    )


def test_a_database_that_is_not_migrated_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/empty.db")
    for arguments in (["import", str(DOCUMENTS / "export.response.json")], ["export", EXAMPLE]):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 3
        assert "gateway migrate" in result.stderr
