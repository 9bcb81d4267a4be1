"""Each command that writes leaves its entries in the audit log, and the others leave none."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import typer
from sqlalchemy import update

from gateway import services
from gateway.cli.app import app
from gateway.database import migrations
from gateway.database.database import Database
from gateway.database.tables import DayCount
from gateway.domain.failure_causes import FailureCause
from gateway.domain.secret_keys import generate_key
from gateway.errors import Unavailable
from gateway.settings import Settings
from tests import SECRET_KEY
from tests.audit.deeds import OTHER_COMMANDS, WRITING_COMMANDS
from tests.support.audit_log import describe, read_entries
from tests.support.examples import example
from tests.support.gateway import OTHER_TEAM, TEAM, USER
from tests.support.import_command import Run, write, write_lines
from tests.support.sessions import open_session

pytestmark = pytest.mark.usefixtures("restored_logging")

ID = "5eb7cf5a86d9755df3a6c593"
KEY = ("keys", "create", "--team", TEAM, "--user", USER, "--name", "n", "--permission", "ADMIN")
SUBJECT = f"integration {ID}"


def _list_commands(command: Any, name: str = "") -> Iterator[str]:
    below = getattr(command, "commands", None)
    if below is None:
        yield name
        return
    for word in below:
        yield from _list_commands(below[word], f"{name} {word}".strip())


def test_each_command_is_in_a_table() -> None:
    commands = {*_list_commands(typer.main.get_command(app))}
    assert commands == {*WRITING_COMMANDS, *OTHER_COMMANDS}


def list_entries(url: str) -> list[tuple[str, str, list[str]]]:
    """Return action, subject and paths of each entry, all of which must be of commands."""

    async def read() -> list[tuple[str, str, list[str]]]:
        database = Database(Settings(database_url=url))
        try:
            entries = await read_entries(database)
        finally:
            await database.dispose()
        assert {(entry.user_id, entry.key_id, entry.request_id) for entry in entries} <= {("", "", None)}
        return [describe(entry)[1:] for entry in entries]

    return asyncio.run(read())


def get_actions(entries: Sequence[tuple[str, str, list[str]]]) -> list[str]:
    return [action for action, _, _ in entries]


def test_a_created_and_a_revoked_key_leave_an_entry_each(run: Run, database_url: str) -> None:
    prefix = run(*KEY).stdout.split("_")[1]
    for _ in range(2):
        assert run("keys", "revoke", prefix).exit_code == 0
    (_, subject, _), *_ = entries = list_entries(database_url)
    assert subject.startswith("key ")
    assert entries == [("key.create", subject, []), ("key.revoke", subject, [])]


@pytest.mark.parametrize("kind", ["document", "webhooks", "lines"])
def test_an_import_leaves_an_entry_at_its_begin_and_one_at_its_end(run: Run, database_url: str, kind: str) -> None:
    files = {
        "document": (write("document.json", example("export.response")), ID),
        "webhooks": (
            write("webhooks.json", [{"_id": "w" * 17, "type": "webhook-incoming", "name": "n", "teamId": TEAM}]),
            "w" * 17,
        ),
        "lines": (write_lines("lines.jsonl", *example("export.response")["resource_records"]), ID),
    }
    file, id = files[kind]
    expected = [("import.begin", f"team {TEAM}", []), ("import.end", f"team {TEAM}", [f"integrations.{id}"])]
    if kind == "lines":
        assert run("import", files["document"][0]).exit_code == 0
    before = list_entries(database_url)
    assert run("import", file).exit_code == 0
    assert list_entries(database_url)[len(before) :] == expected


def test_an_import_that_is_refused_leaves_no_entry(run: Run, database_url: str) -> None:
    assert run("import", write("wrong.json", {**example("export.response"), "use_cases": 1})).exit_code == 1
    assert (
        run("import", write_lines("lines.jsonl", *example("export.response")["resource_records"])).exit_code == 1
    )
    assert list_entries(database_url) == []


def test_an_interrupted_import_leaves_no_entry_of_its_end(
    run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("import", write("document.json", example("export.response"))).exit_code == 0

    async def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(services.imports.records, "import_records", interrupt)
    run("import", write_lines("lines.jsonl", *example("export.response")["resource_records"]))
    assert get_actions(list_entries(database_url)) == ["import.begin", "import.end", "import.begin"]


def test_an_export_leaves_an_entry(run: Run, database_url: str) -> None:
    assert run("import", write("document.json", example("export.response"))).exit_code == 0
    for arguments in ((), ("--secrets",)):
        assert run("export", ID, *arguments).exit_code == 0
    exports = list_entries(database_url)[2:]
    assert exports == [("integration.export", SUBJECT, []), ("secret.export", SUBJECT, [])]
    assert run("export", "missing").exit_code == 1
    assert len(list_entries(database_url)) == 4


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_read_only_database_is_exported_without_an_entry_but_not_its_secrets(
    run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("import", write("document.json", example("export.response"))).exit_code == 0
    monkeypatch.setattr(Database, "write", _refuse_to_write)
    exported = run("export", ID)
    assert (exported.exit_code, json.loads(exported.stdout)["integration"]["_id"]) == (0, ID)
    assert exported.stderr.startswith("The export is not in the audit log. The database cannot be used:")
    refused = run("export", ID, "--secrets")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert database_url


def _refuse_to_write(*_arguments: object, **_named: object) -> None:
    raise Unavailable(FailureCause.READ_ONLY)


def _execute(url: str, *statements: Any) -> None:
    async def execute() -> None:
        database = Database(Settings(database_url=url))
        async with open_session(database) as session:
            for statement in statements:
                await session.execute(statement)
        await database.dispose()

    asyncio.run(execute())


def test_a_repair_of_counts_leaves_one_entry_for_each_integration(run: Run, database_url: str) -> None:
    document = example("export.response")
    (record,) = document["resource_records"]
    document["resource_records"] = [
        {
            **record,
            "_id": f"{number:024}",
            "logicalId": f"r{number}",
            "createdAt": f"2025-{number:02}-01T00:00:00.000Z",
            "config": {"type": "appointments"},
        }
        for number in (1, 6)
    ]
    assert run("import", write("document.json", document)).exit_code == 0
    _execute(database_url, update(DayCount).values(pending=9))
    assert run("statistics", "verify").exit_code == 1
    assert len(list_entries(database_url)) == 2
    repaired = run("statistics", "verify", "--repair")
    assert int(repaired.stdout.splitlines()[-2].split("│")[-2]) > 1
    assert list_entries(database_url)[2:] == [("statistics.repair", SUBJECT, [])]
    assert run("statistics", "verify", "--repair").exit_code == 0
    assert len(list_entries(database_url)) == 3


def test_a_downgrade_with_loss_leaves_an_entry_in_the_log_of_each_team(run: Run, database_url: str) -> None:
    run(*KEY)
    run(*(OTHER_TEAM if each == TEAM else each for each in KEY))
    assert run("import", write("document.json", example("export.response"))).exit_code == 0
    # An audit entry with paths would be lost.
    below = migrations.list_known()[-2]
    assert run("migrate", "--down-to", below).exit_code == 1
    assert run("migrate", "--down-to", below, "--yes").exit_code == 0
    # Again from a revision whose table has fewer columns.
    assert run("migrate", "--down-to", "0001", "--yes").exit_code == 0
    assert run("migrate").exit_code == 0
    found = [entry for entry in list_entries(database_url) if entry[0] == "migration.downgrade"]
    assert sorted(found) == sorted(
        ("migration.downgrade", f"revision {revision}", []) for revision in (below, "0001") for _ in range(2)
    )


def test_a_downgrade_without_loss_leaves_no_entry(run: Run, database_url: str) -> None:
    run(*KEY)
    assert run("migrate", "--down-to", migrations.list_known()[-2]).exit_code == 0
    assert run("migrate").exit_code == 0
    assert get_actions(list_entries(database_url)) == ["key.create"]


def test_a_rotation_of_secrets_leaves_an_entry_for_each_team(
    run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*KEY)
    document = example("export.response")
    document["integration"]["config"]["accessToken"] = "a"
    assert run("import", write("document.json", document)).exit_code == 0
    before = list_entries(database_url)
    assert run("secrets", "rotate").exit_code == 0
    assert list_entries(database_url) == before
    monkeypatch.setenv("GATEWAY_SECRET_KEYS", f"{generate_key()} {SECRET_KEY}")
    assert run("secrets", "rotate").exit_code == 0
    assert list_entries(database_url)[len(before) :] == [("secret.rotate", "database", [])]


@pytest.mark.parametrize(
    "command", ["keys list", "secrets new-key", "audit", "schema", "openapi", "errors", "settings", "doctor"]
)
def test_a_command_that_reads_leaves_no_entry(run: Run, database_url: str, command: str) -> None:
    run(*KEY)
    run(*command.split())
    assert get_actions(list_entries(database_url)) == ["key.create"]
