"""`gateway doctor`: a good gateway is found good, and each problem is found."""

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.assets import Assets, PinnedPackage
from gateway.database.database import Database
from gateway.settings import Settings
from tests.support.commands import UNREACHABLE_URL, run_gateway

pytestmark = pytest.mark.usefixtures("restored_logging")


@pytest.fixture(autouse=True)
def _assets_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Assets, "find_missing", lambda _assets: [])


def test_doctor_finds_a_good_gateway_good(database_url: str) -> None:
    ended = run_gateway("doctor", database_url=database_url)
    assert ended.exit_code == 0, ended.output
    for check in (
        "time zones",
        "assets",
        "settings",
        "trusted documents",
        "disk",
        "schema",
        "tables",
        "references",
        "SQLite",
        "PostgreSQL",
    ):
        assert f"{check} " in ended.stdout or check in {"SQLite", "PostgreSQL"}
    assert "PROBLEM" not in ended.stdout


def test_doctor_says_what_is_wrong(database_url: str) -> None:
    _execute(database_url, "DROP INDEX ix_integration_name")
    ended = run_gateway("doctor", database_url=database_url, prot="1")
    assert ended.exit_code == 1
    assert "unknown: GATEWAY_PROT" in ended.stdout
    assert "ix_integration_name" in ended.stdout
    assert ended.stdout.count("PROBLEM") == 2


def test_doctor_finds_assets_that_were_not_fetched(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Assets, "find_missing", lambda _assets: [PinnedPackage("charts", "1.0.0", "", ())])
    run_gateway("migrate", database_url=empty)
    ended = run_gateway("doctor", database_url=empty)
    assert (ended.exit_code, ended.stdout.count("PROBLEM")) == (1, 1)
    assert "charts@1.0.0 missing: " in ended.stdout
    assert "Run `gateway assets`." in ended.stdout


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (
            "INSERT INTO user VALUES ('gone', 'somebody', NULL, NULL, '2026-01-01T00:00:00.000Z')",
            "user.fk_user_team: 1 row ",
        ),
        ("INSERT INTO day_count VALUES ('t', 7, 1, 1, '', 1, 0, 0)", "day_count: 1 row "),
    ],
)
def test_doctor_finds_rows_that_refer_to_none(empty: str, lost: str, said: str) -> None:
    run_gateway("migrate", database_url=empty)
    _execute(empty, lost, foreign_keys=False)
    ended = run_gateway("doctor", database_url=empty)
    assert ended.exit_code == 1
    assert said in ended.stdout


def test_doctor_finds_what_keeps_the_others_from_starting(empty: str) -> None:
    for settings, said in (
        ({"port": "http"}, "GATEWAY_PORT"),
        ({"database_url": UNREACHABLE_URL}, "Connect call failed"),
        ({"database_url": empty}, "Run `gateway migrate`"),
    ):
        ended = run_gateway("doctor", **settings)
        assert (ended.exit_code, said in ended.stdout) == (1, True), ended.output
        assert "open-sesame" not in ended.output


def test_doctor_reads_the_manifest_of_trusted_documents(database_url: str, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    settings = {"trusted_documents": "only", "document_manifest": str(manifest), "database_url": database_url}
    manifest.write_text(json.dumps({"a": "{ __typename }", "b": "{ viewer { userId } }"}))
    ended = run_gateway("doctor", **settings)
    assert (ended.exit_code, "only, 2 valid documents" in ended.stdout) == (0, True), ended.output
    manifest.write_text(json.dumps({"a": "{ nothing }"}))
    ended = run_gateway("doctor", **settings)
    assert ended.exit_code == 1
    assert "Cannot query field 'nothing'" in ended.stdout
    assert ended.stdout.count("PROBLEM") == 1


def _execute(database_url: str, statement: str, *, foreign_keys: bool = True) -> None:
    async def run() -> None:
        database = Database(Settings(database_url=database_url))
        try:
            if not foreign_keys:
                async with database._engine.connect() as connection:
                    raw = await connection.get_raw_connection()
                    await connection.rollback()
                    assert raw.driver_connection is not None
                    await raw.driver_connection.execute("PRAGMA foreign_keys=OFF")
            await database.run_sync(lambda connection: connection.execute(text(statement)))
        finally:
            await database.dispose()

    asyncio.run(run())
