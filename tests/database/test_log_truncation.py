"""SQLite's write-ahead log becomes small again when those are gone who read an old snapshot."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.database import Database, Team, log_truncation
from gateway.domain.calendar import instants
from gateway.settings import Settings

LIMIT = 100_000
"""Bytes."""


@pytest.fixture
def file(sqlite_template: Path, tmp_path: Path) -> Path:
    file = tmp_path / "gateway.db"
    file.write_bytes(sqlite_template.read_bytes())
    return file


@pytest.fixture
async def database(file: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    monkeypatch.setattr(log_truncation, "LOG_BYTES", LIMIT)
    monkeypatch.setattr(log_truncation, "_PAUSE_SECONDS", 0.01)
    found = Database(Settings(database_url=f"sqlite:///{file}"))
    yield found
    await found.dispose()


async def write(database: Database, count: int) -> None:
    for number in range(count):
        async with database.write() as writer:
            values = {"id": f"{number:064}", "name": "x" * 200, "created_at": instants.now()}
            await writer.insert_row(Team, values)


def get_log_size(file: Path) -> int:
    return file.with_name(f"{file.name}-wal").stat().st_size


async def test_the_log_is_truncated_when_its_readers_are_gone(database: Database, file: Path) -> None:
    with sqlite3.connect(file, isolation_level=None) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM team").fetchone() == (0,)
        await write(database, 50)
        await asyncio.sleep(0.1)
        grown = get_log_size(file)
        assert grown > LIMIT
        assert reader.execute("SELECT count(*) FROM team").fetchone() == (0,)
        reader.execute("ROLLBACK")
        async with asyncio.timeout(10):
            while get_log_size(file) > 0:  # noqa: ASYNC110 (another thread changes it)
                await asyncio.sleep(0.01)
        assert reader.execute("SELECT count(*) FROM team").fetchone() == (50,)
    reader.close()


async def test_a_small_log_is_left_alone(database: Database, file: Path) -> None:
    await write(database, 1)
    assert 0 < get_log_size(file) <= LIMIT
    assert database._log_truncation is not None
    assert database._log_truncation._task is None


async def test_closing_the_database_does_not_wait_for_readers(database: Database, file: Path) -> None:
    with sqlite3.connect(file, isolation_level=None) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM team").fetchone()
        await write(database, 50)
        assert get_log_size(file) > LIMIT
        async with asyncio.timeout(10):
            await database.dispose()
    reader.close()
