"""`gateway doctor`: it finds each problem, and none in a healthy gateway."""

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
def _no_missing_assets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Assets, "find_missing", lambda _assets: [])


def test_doctor_finds_no_problem_in_a_healthy_gateway(database_url: str) -> None:
    result = run_gateway("doctor", database_url=database_url)
    assert result.exit_code == 0, result.output
    for check in (
        "time zones",
        "assets",
        "settings",
        "trusted documents",
        "disk",
        "schema",
        "tables",
        "secret keys",
        "references",
        "SQLite",
        "PostgreSQL",
    ):
        assert f"{check} " in result.stdout or check in {"SQLite", "PostgreSQL"}
    assert "PROBLEM" not in result.stdout


def test_doctor_reports_problems(database_url: str) -> None:
    _execute(database_url, "DROP INDEX ix_integration_name")
    result = run_gateway("doctor", database_url=database_url, prot="1")
    assert result.exit_code == 1
    assert "unknown: GATEWAY_PROT" in result.stdout
    assert "ix_integration_name" in result.stdout
    assert result.stdout.count("PROBLEM") == 2


def test_doctor_finds_missing_assets(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Assets, "find_missing", lambda _assets: [PinnedPackage("charts", "1.0.0", "", ())])
    run_gateway("migrate", database_url=empty)
    result = run_gateway("doctor", database_url=empty)
    assert (result.exit_code, result.stdout.count("PROBLEM")) == (1, 1)
    assert "charts@1.0.0 missing: " in result.stdout
    assert "Run `gateway assets`." in result.stdout


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            "INSERT INTO user VALUES ('gone', 'somebody', NULL, NULL, '2026-01-01T00:00:00.000Z')",
            "user.fk_user_team: 1 row ",
        ),
        ("INSERT INTO day_count VALUES ('t', 7, 1, 1, 1, 0, 0, '{}')", "day_count: 1 row "),
    ],
)
def test_doctor_finds_rows_with_broken_references(empty: str, statement: str, message: str) -> None:
    run_gateway("migrate", database_url=empty)
    _execute(empty, statement, foreign_keys=False)
    result = run_gateway("doctor", database_url=empty)
    assert result.exit_code == 1
    assert message in result.stdout


def test_doctor_finds_errors_that_stop_other_commands(empty: str) -> None:
    for settings, message in (
        ({"port": "http"}, "GATEWAY_PORT"),
        ({"database_url": UNREACHABLE_URL}, "Connect call failed"),
        ({"database_url": empty}, "Run `gateway migrate`"),
    ):
        result = run_gateway("doctor", **settings)
        assert (result.exit_code, message in result.stdout) == (1, True), result.output
        assert "open-sesame" not in result.output


def test_doctor_reads_the_manifest_of_trusted_documents(database_url: str, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    settings = {"trusted_documents": "only", "document_manifest": str(manifest), "database_url": database_url}
    manifest.write_text(json.dumps({"a": "{ __typename }", "b": "{ viewer { userId } }"}))
    result = run_gateway("doctor", **settings)
    assert (result.exit_code, "only, 2 valid documents" in result.stdout) == (0, True), result.output
    manifest.write_text(json.dumps({"a": "{ nothing }"}))
    result = run_gateway("doctor", **settings)
    assert result.exit_code == 1
    assert "Cannot query field 'nothing'" in result.stdout
    assert result.stdout.count("PROBLEM") == 1


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
