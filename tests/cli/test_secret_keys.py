"""The keys that encrypt tokens: where they come from, what is refused at the start, and their rotation."""

import asyncio
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.database import Database
from gateway.settings import Settings
from tests import SECRET_KEY
from tests.support.commands import ENVIRONMENT, run_gateway, start_server
from tests.support.examples import DOCUMENTS
from tests.support.factories import connected, store, webhook
from tests.support.gateway import TEAM

pytestmark = pytest.mark.usefixtures("restored_logging")

EXAMPLE = str(DOCUMENTS / "export.response.json")


def generate() -> str:
    return run_gateway("secrets", "new-key").stdout.strip()


def import_example(url: str) -> int:
    return run_gateway("import", EXAMPLE, "--team", TEAM, database_url=url, secret_keys="").exit_code


def fill(url: str, count: int) -> None:
    async def run() -> None:
        database = Database(Settings(database_url=url))
        rows = [connected(f"c{n}", config={"accessToken": f"a{n}", "refreshToken": "r"}) for n in range(count)]
        await store(database, *rows, webhook({"_id": "h", "token": "t"}), webhook({"_id": "without"}))
        await database.dispose()

    asyncio.run(run())


def test_sqlite_creates_a_key_beside_the_database(empty: str, tmp_path: Path) -> None:
    assert run_gateway("migrate", database_url=empty, secret_keys="").exit_code == 0
    file = tmp_path / "empty.db.keys"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_text()
    assert import_example(empty) == 0
    assert run_gateway("migrate", database_url=empty, secret_keys="").exit_code == 0
    assert file.read_text() == content
    exported = run_gateway("export", "5eb7cf5a86d9755df3a6c593", "--secrets", database_url=empty, secret_keys="")
    assert '"accessToken": "<string>"' in exported.stdout
    doctor = run_gateway("doctor", database_url=empty, secret_keys="")
    assert re.search(r"integrations: 1 with [0-9a-f]{16}; keys from", doctor.stdout)
    assert content.strip() not in doctor.output + exported.output


def test_a_key_that_is_set_needs_no_file(empty: str, tmp_path: Path) -> None:
    assert run_gateway("migrate", database_url=empty).exit_code == 0
    assert [path.name for path in tmp_path.glob("*.keys")] == []


def test_two_first_starts_create_one_key(empty: str, tmp_path: Path) -> None:
    environment = {**ENVIRONMENT, "GATEWAY_DATABASE_URL": empty, "GATEWAY_SECRET_KEYS": ""}
    command = [sys.executable, "-m", "gateway", "migrate"]
    started = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) for _ in range(3)]
    assert [(process.communicate()[1], process.returncode) for process in started] == [(b"", 0)] * 3
    assert len((tmp_path / "empty.db.keys").read_text().split()) == 1
    assert run_gateway("doctor", database_url=empty, secret_keys="").exit_code in (0, 1)
    assert import_example(empty) == 0


def test_a_lost_key_file_is_not_replaced(empty: str, tmp_path: Path) -> None:
    run_gateway("migrate", database_url=empty, secret_keys="")
    (tmp_path / "empty.db.keys").unlink()
    for command in (["migrate"], ["serve", "--port", "0"], ["import", EXAMPLE], ["secrets", "rotate"]):
        ended = run_gateway(*command, database_url=empty, secret_keys="")
        assert ended.exit_code == 2, ended.output
        assert ended.stderr == (
            f"error: {tmp_path / 'empty.db.keys'} cannot be read: No such file or directory. It has the keys that "
            "encrypt tokens: restore it from a backup.\n"
        )
    assert not (tmp_path / "empty.db.keys").exists()


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.parametrize("command", [["migrate"], ["serve", "--port", "0"], ["import", EXAMPLE]])
def test_postgresql_needs_a_key(database_url: str, command: list[str]) -> None:
    ended = run_gateway(*command, database_url=database_url, secret_keys="")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr == (
        "error: GATEWAY_SECRET_KEYS has no key that encrypts tokens. Set one; `gateway secrets new-key` prints "
        "it.\n"
    )


@pytest.mark.parametrize("is_filled", [False, True])
def test_a_wrong_key_ends_the_start(database_url: str, is_filled: bool) -> None:
    if is_filled:
        fill(database_url, 1)
    wrong = generate()
    for command in (["migrate"], ["serve", "--port", "0"], ["import", EXAMPLE], ["export", "c0", "--secrets"]):
        ended = run_gateway(*command, database_url=database_url, secret_keys=wrong)
        assert (ended.exit_code, ended.stdout) == (2, ""), ended.output
        assert re.fullmatch(
            "error: GATEWAY_SECRET_KEYS has not the key [0-9a-f]{16}, which encrypts tokens of this database. Add "
            "it, or restore it from a backup.\n",
            ended.stderr,
        )
        assert wrong not in ended.stderr
    doctor = run_gateway("doctor", database_url=database_url, secret_keys=wrong)
    assert (doctor.exit_code, "Add the missing key" in doctor.stdout) == (1, True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"secret_keys": "secret-and-wrong"},
            "GATEWAY_SECRET_KEYS: key 1 is not one that `gateway secrets new-key`",
        ),
        (
            {"secret_keys": SECRET_KEY, "secret_keys_file": "any"},
            "GATEWAY_SECRET_KEYS and GATEWAY_SECRET_KEYS_FILE are both set",
        ),
        (
            {"secret_keys": "", "secret_keys_file": "/none"},
            "GATEWAY_SECRET_KEYS_FILE (/none) cannot be read: No such",
        ),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_wrong_settings_of_keys_end_the_start(database_url: str, settings: dict[str, str], message: str) -> None:
    ended = run_gateway("migrate", database_url=database_url, **settings)
    assert (ended.exit_code, ended.stderr.startswith(f"error: {message}")) == (2, True), ended.stderr
    assert "secret-and-wrong" not in ended.output


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "has no key that encrypts tokens. Set one"),
        ("secret-and-wrong", "key 1 is not one that"),
        (SECRET_KEY, None),
    ],
)
def test_keys_come_from_a_file(database_url: str, tmp_path: Path, content: str, message: str | None) -> None:
    file = tmp_path / "keys"
    file.write_text(f"\n{content}\n")
    ended = run_gateway("migrate", database_url=database_url, secret_keys="", secret_keys_file=str(file))
    assert ended.exit_code == (0 if message is None else 2)
    assert message is None or message in ended.stderr
    assert "secret-and-wrong" not in ended.output


def test_settings_do_not_print_keys() -> None:
    ended = run_gateway("settings")
    assert "GATEWAY_SECRET_KEYS = set; keys are not printed (default )" in " ".join(ended.stdout.split())
    assert SECRET_KEY not in ended.output
    assert SECRET_KEY not in repr(Settings(secret_keys=SECRET_KEY))


def test_a_rotation_encrypts_all_tokens_with_the_newest_key(database_url: str) -> None:
    fill(database_url, 450)
    newer = generate()
    both = {"database_url": database_url, "secret_keys": f"{newer}\n{SECRET_KEY}"}
    before = run_gateway("export", "c7", "--secrets", **both).stdout
    rotated = run_gateway("secrets", "rotate", **both)
    words = "Encrypted the tokens of {} integrations with the newest key; 0 left under older keys.\n"
    assert (rotated.exit_code, rotated.stdout, rotated.stderr) == (0, words.format(451), "")
    alone = {**both, "secret_keys": newer}
    assert run_gateway("secrets", "rotate", **alone).stdout == words.format(0)
    assert run_gateway("export", "c7", "--secrets", **alone).stdout == before
    assert '"accessToken": "a7"' in before
    assert re.search(
        r"integrations: 451 with [0-9a-f]{16}; keys from GATEWAY_SECRET_KEYS",
        run_gateway("doctor", **alone).stdout,
    )
    # The old key is not needed any more, and does not suffice.
    assert run_gateway("migrate", **alone).exit_code == 0
    assert run_gateway("migrate", database_url=database_url).exit_code == 2


def test_a_key_that_a_process_writes_with_is_needed_from_its_start_on(database_url: str, tmp_path: Path) -> None:
    newer = generate()
    both = f"{newer} {SECRET_KEY}"
    with start_server("serve", "--port", "0", folder=tmp_path, database_url=database_url, secret_keys=both):
        ended = run_gateway("migrate", database_url=database_url)
    assert (ended.exit_code, "has not the key" in ended.stderr) == (2, True)


def test_a_downgrade_says_that_it_decrypts_tokens(database_url: str) -> None:
    fill(database_url, 1)
    ended = run_gateway("migrate", "--down-to", "0010", database_url=database_url)
    assert (ended.exit_code, ended.stderr) == (
        0,
        "The downgrade decrypts tokens: the database and its backups then have them in plain text.\n",
    )
