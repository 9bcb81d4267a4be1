"""The `gateway` command: what it prints where, and its exit codes."""

import asyncio
import json
import socket
from pathlib import Path

import httpx
import pytest
import typer

from gateway import services
from gateway.cli.app import app
from gateway.database import migrations
from gateway.database.database import Database
from gateway.domain.enums import Permission
from gateway.domain.viewer import Viewer
from gateway.errors import Unauthenticated
from gateway.schema import schema
from gateway.settings import Settings
from tests.support.commands import UNREACHABLE_URL, run_gateway, start_server, unbox
from tests.support.gateway import TEAM, USER

pytestmark = pytest.mark.usefixtures("restored_logging")


def authenticate(database_url: str, key: str) -> Viewer:
    async def read_viewer() -> Viewer:
        database = Database(Settings(database_url=database_url))
        try:
            async with database.read() as session:
                return (await services.keys.authenticate_key(session, key)).viewer
        finally:
            await database.dispose()

    return asyncio.run(read_viewer())


def create_key(database_url: str, *more: str) -> str:
    arguments = ("--team", TEAM, "--user", USER, "--name", "a [test]", "--permission", "READ_RECORDS", *more)
    created = run_gateway("keys", "create", *arguments, database_url=database_url)
    assert created.exit_code == 0, created.output
    key, end = created.stdout.split("\n")
    assert end == ""
    return key


def test_every_command_and_option_has_help() -> None:
    group = typer.main.get_command(app)
    found = {}
    todo = [("gateway", group)]
    while todo:
        name, command = todo.pop()
        found[name] = command
        todo += [(f"{name} {word}", below) for word, below in getattr(command, "commands", {}).items()]
    assert {
        *("gateway", "gateway keys", "gateway keys create", "gateway keys list", "gateway keys revoke"),
        *(
            "gateway secrets",
            "gateway secrets new-key",
            "gateway secrets rotate",
            "gateway statistics",
            "gateway statistics verify",
        ),
        *(
            f"gateway {word}"
            for word in (
                "serve",
                "demo",
                "migrate",
                "schema",
                "openapi",
                "errors",
                "import",
                "export",
                "audit",
                "assets",
                "settings",
                "doctor",
            )
        ),
    } == found.keys()
    for name, command in found.items():
        assert command.help, name
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name} {parameter.name}"
        assert run_gateway(*name.split()[1:], "--help").exit_code == 0


def test_bad_usage_exits_with_2() -> None:
    for arguments in (("fly",), ("serve", "--port", "http"), ("serve", "--port", "65536"), ("keys", "revoke")):
        result = run_gateway(*arguments)
        assert (result.exit_code, result.stdout) == (2, ""), arguments


def test_invalid_settings_exit_with_2_and_name_the_variable() -> None:
    for command in (("serve",), ("migrate",), ("keys", "list"), ("settings",)):
        result = run_gateway(*command, port="http")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("error: GATEWAY_PORT: ")
        assert result.stderr.count("\n") == 1


def test_an_unreachable_database_exits_with_1_in_one_line() -> None:
    for command in (("serve",), ("migrate",), ("keys", "list")):
        result = run_gateway(*command, database_url=UNREACHABLE_URL)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("error: The database cannot be used: ")
        assert result.stderr.count("\n") == 1
        assert "open-sesame" not in result.stderr


def test_a_file_that_is_no_database_exits_with_1(tmp_path: Path) -> None:
    file = tmp_path / "text.db"
    file.write_text("This is no database, and long enough to see that.\n" * 100)
    result = run_gateway("migrate", database_url=f"sqlite:///{file}")
    assert (result.exit_code, result.stderr) == (1, "error: The database cannot be used: file is not a database\n")


def test_a_schema_that_is_not_at_head_exits_with_3_and_names_the_command(empty: str, tmp_path: Path) -> None:
    for command in (("serve",), ("keys", "list"), ("export", "5eb7cf5a86d9755df3a6c593")):
        result = run_gateway(*command, database_url=empty)
        assert (result.exit_code, result.stdout) == (3, "")
        assert result.stderr == "error: The database has no tables yet. Run `gateway migrate`.\n"
    assert list(tmp_path.iterdir()) == []


def test_migrate_upgrades_once_and_downgrades_to_a_revision(empty: str) -> None:
    head = migrations.get_head()
    assert (
        run_gateway("migrate", database_url=empty).stdout
        == f"The database is at revision {head}; it was at base.\n"
    )
    assert run_gateway("migrate", database_url=empty).stdout == f"The database is at revision {head}.\n"
    unknown = run_gateway("migrate", "--down-to", "9999", database_url=empty)
    assert unknown.exit_code == 2
    assert "9999 is not a revision; use base, 0001" in unbox(unknown.stderr)
    down = run_gateway("migrate", "--down-to", "base", database_url=empty)
    assert (down.exit_code, down.stdout) == (0, f"The database is at revision base; it was at {head}.\n")


def test_an_unknown_variable_is_logged_as_json(empty: str) -> None:
    result = run_gateway("migrate", database_url=empty, prot="1")
    assert result.exit_code == 0
    line = json.loads(result.stderr)
    assert list(line)[:3] == ["ts", "level", "event"]
    assert (line["level"], line["event"], line["variable"]) == ("warning", "settings.unknown", "GATEWAY_PROT")


def test_schema_prints_what_the_gateway_serves(tmp_path: Path) -> None:
    assert run_gateway("schema").stdout == schema.as_str() + "\n"
    file = tmp_path / "schema.graphql"
    assert run_gateway("schema", "--output", str(file)).stdout == ""
    assert file.read_text() == schema.as_str() + "\n"
    result = run_gateway("schema", "--output", str(tmp_path / "none" / "schema.graphql"))
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)


def test_settings_prints_each_value_and_no_password() -> None:
    shown = run_gateway("settings", database_url=UNREACHABLE_URL, port="9000")
    assert shown.exit_code == 0
    assert "GATEWAY_PORT = 9000 (default 8000)\n    Port to listen on" in shown.stdout
    assert "somebody:***@127.0.0.1" in shown.stdout
    assert "open-sesame" not in shown.output
    for name in Settings.model_fields:
        assert f"GATEWAY_{name.upper()} = " in shown.stdout


def test_settings_prints_a_valid_settings_file(tmp_path: Path) -> None:
    printed = run_gateway("settings", "--toml").stdout
    file = tmp_path / "gateway.toml"
    file.write_text("\n".join(line.removeprefix("# ") if " = " in line else line for line in printed.split("\n")))
    shown = run_gateway("settings", config=str(file))
    assert (shown.exit_code, shown.stdout) == (0, run_gateway("settings").stdout)


def test_a_new_key_is_printed_once_and_authenticates(database_url: str) -> None:
    key = create_key(database_url, "--expires-in", "30")
    viewer = authenticate(database_url, key)
    assert (viewer.team_id, viewer.user_id) == (TEAM, USER)
    assert viewer.permissions == {Permission.READ_RECORDS}

    listed = run_gateway("keys", "list", "--team", TEAM, database_url=database_url).stdout
    _, prefix, secret = key.split("_", 2)
    assert prefix in listed
    assert "a [test]" in listed
    assert "READ_RECORDS" in listed
    assert "valid until" in listed
    assert secret not in listed
    assert prefix not in run_gateway("keys", "list", "--team", "another", database_url=database_url).stdout


def test_a_revoked_key_does_not_authenticate(database_url: str) -> None:
    key = create_key(database_url)
    prefix = key.split("_")[1]
    for given in (prefix, key):
        assert run_gateway("keys", "revoke", given, database_url=database_url).exit_code == 0
    with pytest.raises(Unauthenticated):
        authenticate(database_url, key)
    assert "revoked" in run_gateway("keys", "list", database_url=database_url).stdout

    unknown = run_gateway("keys", "revoke", "gw_nonsense_open-sesame", database_url=database_url)
    message = "error: There is no key with the prefix nonsense; `gateway keys list` shows them.\n"
    assert (unknown.exit_code, unknown.stderr) == (1, message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--permission", "FLY"), "FLY is not a permission; use READ_INTEGRATIONS"),
        ((), "use either --permission or --for-widgets"),
        (("--permission", "ADMIN", "--team", "a b"), "1 to 64 visible ASCII characters"),
        (("--permission", "ADMIN", "--expires-in", "soon"), "a number of days, or a future instant"),
        (("--permission", "ADMIN", "--expires-in", "0"), "a number of days, or a future instant"),
        (("--permission", "ADMIN", "--expires-in", "99999999999"), "a number of days, or a future instant"),
        (("--permission", "ADMIN", "--expires-in", "2020-01-01T00:00:00Z"), "a future instant"),
    ],
)
def test_invalid_options_for_a_key_are_refused(empty: str, arguments: tuple[str, ...], message: str) -> None:
    run_gateway("migrate", database_url=empty)
    needed = ("--team", "t", "--user", "u", "--name", "n")
    result = run_gateway("keys", "create", *needed, *arguments, database_url=empty)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in unbox(result.stderr)
    assert "n" not in run_gateway("keys", "list", database_url=empty).stdout.split("Name")[1].split()


def test_a_port_in_use_exits_with_1_in_one_line(empty: str) -> None:
    run_gateway("migrate", database_url=empty)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run_gateway("serve", "--port", str(port), database_url=empty)
    message = f"error: Cannot listen on 127.0.0.1, port {port}: Address already in use. "
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == message + "Choose others with --host and --port.\n"


def test_serve_migrates_the_embedded_database_and_stops_cleanly(tmp_path: Path) -> None:
    with start_server("serve", "--port", "0", folder=tmp_path) as server:
        key = create_key(f"sqlite:///{tmp_path / 'gateway.db'}")
        answer = httpx.get(
            server.url, params={"query": "{ viewer { teamId } }"}, headers={"Authorization": f"Bearer {key}"}
        )
        assert answer.json() == {"data": {"viewer": {"teamId": TEAM}}}
        assert "server" not in answer.headers
        assert server.stop() == 0
        assert server.process.stderr is not None
        logged = [json.loads(line) for line in server.process.stderr]
    assert [line["event"] for line in logged] == ["request", "serve.stopped"]
    assert not (tmp_path / "gateway.db-wal").exists()
