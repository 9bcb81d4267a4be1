"""Inline reads: short SQLite statements run on the event loop, and long ones in a thread."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Integer, Select, func, literal, select
from sqlalchemy.dialects.sqlite.aiosqlite import dialect

from gateway.database import inline_reads
from gateway.database.connections import PooledConnection
from gateway.database.database import Database
from gateway.database.inline_reads import InlineReader
from gateway.database.prepared_statements import PreparedStatement, prepared
from gateway.database.tables import Team
from gateway.settings import Settings
from tests.http.test_reporting import read_log_lines
from tests.support.factories import connected, store
from tests.support.gateway import Client, Gateway, serve_gateway

READ = "query($id: ID!) { integration(id: $id) { name enabled } }"
RENAME = """mutation($name: String!) {
  updateIntegration(id: "i", input: {connected: {name: $name}}) { errors { message } }
}"""
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

CountingStatement = Callable[[int], PreparedStatement[int]]


@pytest.fixture
def file(sqlite_template: Path, tmp_path: Path) -> Path:
    """A migrated SQLite file for one test."""
    found = tmp_path / "gateway.db"
    found.write_bytes(sqlite_template.read_bytes())
    return found


@pytest.fixture
async def database(file: Path) -> AsyncIterator[Database]:
    found = Database(Settings(database_url=f"sqlite:///{file}"))
    yield found
    await found.dispose()


@pytest.fixture
async def gateway(file: Path) -> AsyncIterator[Gateway]:
    async with serve_gateway(f"sqlite+aiosqlite:///{file}", key_memory=60) as found:
        yield found


@pytest.fixture
async def client(gateway: Gateway) -> Client:
    await store(gateway.database, connected("i", name="before"))
    return await gateway.client()


@pytest.fixture
def counting_statement() -> CountingStatement:
    """A new prepared statement, which counts up to a number."""

    @prepared
    def statement(most: int) -> Select[int]:
        numbers = select(literal(1, Integer).label("i")).cte("numbers", recursive=True)
        numbers = numbers.union_all(select(numbers.c.i + 1).where(numbers.c.i < most))
        return select(func.count()).select_from(numbers)

    return statement


@pytest.fixture
def thread_statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that ran in a thread."""
    statements: list[str] = []
    fetch = PooledConnection.fetch

    async def record_fetch(self: PooledConnection, text: str, parameters: Sequence[object] = ()) -> Any:
        statements.append(text)
        return await fetch(self, text, parameters)

    monkeypatch.setattr(PooledConnection, "fetch", record_fetch)
    return statements


@pytest.fixture
def inline_reader(file: Path) -> Iterator[InlineReader]:
    found = InlineReader(str(file), dialect())
    yield found
    found.close()


async def fetch_count(database: Database, statement: PreparedStatement[int]) -> int:
    async with database.read(once=True) as snapshot:
        return (await snapshot.fetch_tuples(statement))[0][0]


async def _wait_for_thread(statements: Sequence[str]) -> None:
    """Let the event loop run until a thread has a statement."""
    while not statements:  # noqa: ASYNC110 (an event would have to be set for one statement of several)
        await asyncio.sleep(0)


async def test_a_single_read_runs_without_a_thread(client: Client, thread_statements: list[str]) -> None:
    for id in ("i", "missing"):
        answers = [await client(READ, id=id) for _ in range(4)]
        assert answers == answers[:1] * 4
        thread_statements.clear()
    await client.data(READ, id="i")
    assert thread_statements == []


async def test_an_inline_read_is_logged_like_any_statement(
    gateway: Gateway, client: Client, thread_statements: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        await client.data(READ, id="i")
    thread_statements.clear()
    await client.data(READ, id="i")
    line = (await read_log_lines(gateway, capsys))[-1]
    assert (thread_statements, line["sql_count"]) == ([], 1)
    assert line["db_ms"] > 0


async def test_an_inline_read_sees_the_latest_commit(client: Client) -> None:
    for name in "abcdef":
        assert not (await client.data(RENAME, name=name))["updateIntegration"]["errors"]
        assert (await client.data(READ, id="i"))["integration"]["name"] == name


async def test_an_inline_read_needs_no_pooled_connection(file: Path) -> None:
    settings = {"database_pool_size": 1, "database_pool_timeout": 0.05}
    async with serve_gateway(f"sqlite+aiosqlite:///{file}", **settings) as gateway:
        await store(gateway.database, connected("i", name="n"))
        client = await gateway.client()
        for _ in range(2):
            await client.data(READ, id="i")
        async with gateway.database._read_pool.connect("x"):
            assert await client.data(READ, id="i") == {"integration": {"name": "n", "enabled": True}}
            assert (await client.send("{ integrations { totalCount nodes { id } } }", {})).status_code == 503


async def test_a_long_value_is_read_in_a_thread(
    gateway: Gateway, client: Client, thread_statements: list[str]
) -> None:
    name = "x" * 20_000
    await store(gateway.database, connected("long", name=name))
    for _ in range(4):
        thread_statements.clear()
        assert (await client.data(READ, id="long"))["integration"]["name"] == name
    assert len(thread_statements) == 1
    # Other values are still read inline.
    await client.data(READ, id="i")
    assert len(thread_statements) == 1


async def test_a_long_statement_is_stopped_and_runs_in_a_thread(
    database: Database,
    counting_statement: CountingStatement,
    thread_statements: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    callbacks: list[bool] = []
    count_steps = InlineReader._count_steps

    def record_callback(self: InlineReader) -> bool:
        callbacks.append(count_steps(self))
        return callbacks[-1]

    monkeypatch.setattr(InlineReader, "_count_steps", record_callback)
    assert await fetch_count(database, counting_statement(40)) == 40
    assert (thread_statements, True in callbacks) == ([], False)
    callbacks.clear()
    task = asyncio.create_task(fetch_count(database, counting_statement(10**12)))
    await _wait_for_thread(thread_statements)
    # The event loop still runs. This ended the inline statement:
    most = inline_reads._MAX_STEPS // inline_reads._STEPS_PER_CALLBACK
    assert (callbacks, task.done()) == ([False] * most + [True], False)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_long_statement_runs_in_a_thread_for_a_while(
    database: Database,
    counting_statement: CountingStatement,
    thread_statements: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inline_statements, fetch = [], InlineReader.fetch

    def record_fetch(self: InlineReader, text: str, parameters: Sequence[object] = ()) -> list[Any] | None:
        inline_statements.append(text)
        return fetch(self, text, parameters)

    monkeypatch.setattr(InlineReader, "fetch", record_fetch)
    for most in (20_000, *[40] * 102):
        assert await fetch_count(database, counting_statement(most)) == most
    assert (len(inline_statements), len(thread_statements)) == (3, 101)


def test_a_short_statement_is_never_stopped(inline_reader: InlineReader) -> None:
    short = ENDLESS.replace("FROM n)", "FROM n LIMIT 40)")
    assert [inline_reader.fetch(short) for _ in range(500)] == [[(40,)]] * 500
    assert inline_reader.fetch(ENDLESS) is None
    assert inline_reader.fetch(short) == [(40,)]


def test_a_statement_with_a_long_text_is_not_run_inline(inline_reader: InlineReader) -> None:
    assert inline_reader.fetch("SELECT 1" + " " * 5_000) is None


def test_inline_reads_cannot_write(file: Path, inline_reader: InlineReader) -> None:
    with sqlite3.connect(file) as writer:
        writer.execute("INSERT INTO team (id, name, created_at) VALUES ('t', 't', '2025-03-09 12:00:00.000')")
    writer.close()
    assert inline_reader.fetch("DELETE FROM team") is None
    assert inline_reader.fetch("SELECT id FROM team") == [("t",)]


async def test_a_read_of_a_locked_database_waits_in_a_thread(
    file: Path, database: Database, thread_statements: list[str]
) -> None:
    @prepared
    def teams(name: str) -> Select[int]:
        return select(func.count()).where(Team.name > name)

    other = sqlite3.connect(file, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    task = asyncio.create_task(fetch_count(database, teams("")))
    try:
        # If the event loop waited, the database could not be unlocked.
        await asyncio.sleep(0.05)
        assert not task.done()
    finally:
        other.close()
    assert await task == 0
    assert len(thread_statements) == 1


async def test_disposing_the_database_closes_all_connections(
    file: Path, counting_statement: CountingStatement
) -> None:
    database = Database(Settings(database_url=f"sqlite:///{file}"))
    for _ in range(2):
        async with database.read() as snapshot:
            await snapshot.fetch_tuples(counting_statement(1))
        assert await fetch_count(database, counting_statement(1)) == 1
        assert file.with_name("gateway.db-wal").exists()
        await database.dispose()
        # The last connection that closes the file deletes it.
        assert not file.with_name("gateway.db-wal").exists()
