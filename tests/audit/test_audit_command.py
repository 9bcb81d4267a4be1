"""`gateway audit`: JSON Lines of the audit log, its filters, and new entries."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from gateway.cli import audit
from gateway.database.database import Database
from gateway.settings import Settings
from tests.audit.test_audit_log import at, entry
from tests.support.factories import store
from tests.support.gateway import OTHER_TEAM, TEAM, USER
from tests.support.import_command import Run

pytestmark = pytest.mark.usefixtures("restored_logging")


def fill(url: str, *entries: Any) -> None:
    async def write() -> None:
        database = Database(Settings(database_url=url))
        await store(database, *entries)
        await database.dispose()

    asyncio.run(write())


def list_ids(run: Run, *arguments: str) -> list[str]:
    result = run("audit", *arguments)
    assert result.exit_code == 0, result.output
    return [json.loads(line)["id"] for line in result.stdout.splitlines()]


@pytest.fixture
def filled(database_url: str) -> str:
    fill(
        database_url,
        entry(2, action="key.create", user_id="", key_id="", subject="key k", request_id=None),
        entry(0, changed_paths=["name", "config.scope"]),
        entry(1, action="secret.read", user_id="other", key_id="other-key"),
        entry(3, team_id=OTHER_TEAM),
    )
    return database_url


@pytest.mark.usefixtures("filled")
def test_entries_are_json_lines_the_oldest_first(run: Run) -> None:
    first, _, third, _ = [json.loads(line) for line in run("audit").stdout.splitlines()]
    assert first == {
        "team": TEAM,
        "id": "e0",
        "at": "2999-03-09T12:00:00.000Z",
        "by": USER,
        "keyId": "key",
        "action": "integration.update",
        "subject": "integration a",
        "changedPaths": ["name", "config.scope"],
        "requestId": "r",
    }
    assert (third["id"], third["by"], third["keyId"], third["requestId"]) == ("e2", None, None, None)
    assert list_ids(run) == ["e0", "e1", "e2", "e3"]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        (("--team", TEAM), [0, 1, 2]),
        (("--team", "missing"), []),
        (("--action", "secret.read"), [1]),
        (("--action", "secret.read", "--action", "key.create"), [1, 2]),
        (("--subject", "key k"), [2]),
        (("--user", USER), [0, 3]),
        (("--key", "other-key"), [1]),
        (("--since", "2999-03-09T12:02:00Z"), [2, 3]),
        (("--until", "2999-03-09T12:02:00Z"), [0, 1]),
        (("--since", "3"), [0, 1, 2, 3]),
        (("--until", "0"), []),
        (("--user", USER, "--team", OTHER_TEAM), [3]),
    ],
)
def test_each_filter_selects_entries(run: Run, arguments: tuple[str, ...], numbers: list[int]) -> None:
    assert list_ids(run, *arguments) == [f"e{number}" for number in numbers]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--action", "nonsense"), "nonsense is not an action; use integration.create"),
        (("--since", "yesterday"), "use a number of days before now"),
        (("--since", "9" * 30), "use a number of days before now"),
        (("--follow", "--until", "0"), "use either --follow or --until"),
    ],
)
def test_wrong_options_are_refused(run: Run, arguments: tuple[str, ...], message: str) -> None:
    result = run("audit", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in " ".join(result.stderr.replace("│", " ").split())


def test_following_prints_each_new_entry_once(run: Run, filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    polls = 0

    async def wait(_seconds: float) -> None:
        """Write entries between the polls: the third has the time of a transaction that began before."""
        nonlocal polls
        polls += 1
        if polls > 3:
            raise KeyboardInterrupt
        database = Database(Settings(database_url=filled))
        await store(database, entry(10 + polls))
        if polls == 2:
            late = entry(20)
            late.at = at(11) - timedelta(seconds=30)
            await store(database, late)
        await database.dispose()

    monkeypatch.setattr(audit, "_wait", wait)
    result = run("audit", "--follow")
    assert result.exit_code == 130
    ids = [json.loads(line)["id"] for line in result.stdout.splitlines()]
    assert ids == ["e0", "e1", "e2", "e3", "e11", "e20", "e12", "e13"]


def test_following_an_empty_log_begins_with_what_is_new(
    run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    polls = 0

    async def wait(_seconds: float) -> None:
        nonlocal polls
        polls += 1
        if polls > 2:
            raise KeyboardInterrupt
        database = Database(Settings(database_url=database_url))
        await store(database, entry(polls))
        await database.dispose()

    monkeypatch.setattr(audit, "_wait", wait)
    result = run("audit", "--follow", "--action", "integration.update")
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["e1", "e2"]
