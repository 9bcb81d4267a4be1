"""What SQLite gives at a glance, on the event loop, and what is left to a thread."""

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
from tests.http.test_reporting import lines
from tests.support.factories import connected, store
from tests.support.gateway import Client, Gateway, serve_gateway

READ = "query($id: ID!) { integration(id: $id) { name enabled } }"
RENAME = """mutation($name: String!) {
  updateIntegration(id: "i", input: {connected: {name: $name}}) { errors { message } }
}"""
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

Counted = Callable[[int], PreparedStatement[int]]


@pytest.fixture
def file(sqlite_template: Path, tmp_path: Path) -> Path:
    """A migrated file of the test's own."""
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
def counted() -> Counted:
    """A statement that nobody knows yet, which counts up to a number."""

    @prepared
    def statement(most: int) -> Select[int]:
        numbers = select(literal(1, Integer).label("i")).cte("numbers", recursive=True)
        numbers = numbers.union_all(select(numbers.c.i + 1).where(numbers.c.i < most))
        return select(func.count()).select_from(numbers)

    return statement


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that a thread was given."""
    given: list[str] = []
    fetch = PooledConnection.fetch

    async def noted(self: PooledConnection, text: str, parameters: Sequence[object] = ()) -> Any:
        given.append(text)
        return await fetch(self, text, parameters)

    monkeypatch.setattr(PooledConnection, "fetch", noted)
    return given


@pytest.fixture
def glances(file: Path) -> Iterator[InlineReader]:
    found = InlineReader(str(file), dialect())
    yield found
    found.close()


async def counts(database: Database, statement: PreparedStatement[int]) -> int:
    async with database.read(once=True) as snapshot:
        return (await snapshot.fetch_tuples(statement))[0][0]


async def _wait_for_thread(statements: Sequence[str]) -> None:
    """Let the event loop run on until a thread has a statement."""
    while not statements:  # noqa: ASYNC110 (an event would have to be set for one statement of several)
        await asyncio.sleep(0)


async def test_what_reads_once_needs_no_thread_and_is_answered_alike(client: Client, threads: list[str]) -> None:
    for id in ("i", "missing"):
        answers = [await client(READ, id=id) for _ in range(4)]
        assert answers == answers[:1] * 4
        threads.clear()
    await client.data(READ, id="i")
    assert threads == []


async def test_a_glance_is_told_of_as_any_statement(
    gateway: Gateway, client: Client, threads: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        await client.data(READ, id="i")
    threads.clear()
    await client.data(READ, id="i")
    line = (await lines(gateway, capsys))[-1]
    assert (threads, line["sql_count"]) == ([], 1)
    assert line["db_ms"] > 0


async def test_a_glance_sees_what_was_just_written(client: Client) -> None:
    for name in "abcdef":
        assert not (await client.data(RENAME, name=name))["updateIntegration"]["errors"]
        assert (await client.data(READ, id="i"))["integration"]["name"] == name


async def test_a_glance_needs_no_place_among_those_who_read(file: Path) -> None:
    settings = {"database_pool_size": 1, "database_pool_timeout": 0.05}
    async with serve_gateway(f"sqlite+aiosqlite:///{file}", **settings) as narrow:
        await store(narrow.database, connected("i", name="n"))
        client = await narrow.client()
        for _ in range(2):
            await client.data(READ, id="i")
        async with narrow.database._read_pool.connect("x"):
            assert await client.data(READ, id="i") == {"integration": {"name": "n", "enabled": True}}
            assert (await client.send("{ integrations { totalCount nodes { id } } }", {})).status_code == 503


async def test_a_long_value_is_read_in_a_thread(gateway: Gateway, client: Client, threads: list[str]) -> None:
    name = "x" * 20_000
    await store(gateway.database, connected("long", name=name))
    for _ in range(4):
        threads.clear()
        assert (await client.data(READ, id="long"))["integration"]["name"] == name
    assert len(threads) == 1
    # Others are not made to pay for it.
    await client.data(READ, id="i")
    assert len(threads) == 1


async def test_a_long_statement_stops_after_its_steps_and_runs_in_a_thread(
    database: Database, counted: Counted, threads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    callbacks: list[bool] = []
    count_steps = InlineReader._count_steps

    def noted(self: InlineReader) -> bool:
        callbacks.append(count_steps(self))
        return callbacks[-1]

    monkeypatch.setattr(InlineReader, "_count_steps", noted)
    assert await counts(database, counted(40)) == 40
    assert (threads, True in callbacks) == ([], False)
    callbacks.clear()
    counting = asyncio.create_task(counts(database, counted(10**12)))
    await _wait_for_thread(threads)
    # The event loop runs on. This ended the statement on it:
    most = inline_reads._MAX_STEPS // inline_reads._STEPS_PER_CALLBACK
    assert (callbacks, counting.done()) == ([False] * most + [True], False)
    counting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await counting


async def test_what_was_long_is_left_alone_for_a_while(
    database: Database, counted: Counted, threads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried, fetch = [], InlineReader.fetch

    def noted(self: InlineReader, text: str, parameters: Sequence[object] = ()) -> list[Any] | None:
        tried.append(text)
        return fetch(self, text, parameters)

    monkeypatch.setattr(InlineReader, "fetch", noted)
    for most in (20_000, *[40] * 102):
        assert await counts(database, counted(most)) == most
    assert (len(tried), len(threads)) == (3, 101)


def test_what_is_short_is_never_stopped_however_often_it_runs(glances: InlineReader) -> None:
    short = ENDLESS.replace("FROM n)", "FROM n LIMIT 40)")
    assert [glances.fetch(short) for _ in range(500)] == [[(40,)]] * 500
    assert glances.fetch(ENDLESS) is None
    assert glances.fetch(short) == [(40,)]


def test_a_long_text_is_not_even_compiled(glances: InlineReader) -> None:
    assert glances.fetch("SELECT 1" + " " * 5_000) is None


def test_nothing_is_written_at_a_glance(file: Path, glances: InlineReader) -> None:
    with sqlite3.connect(file) as writer:
        writer.execute("INSERT INTO team (id, name, created_at) VALUES ('t', 't', '2025-03-09 12:00:00.000')")
    writer.close()
    assert glances.fetch("DELETE FROM team") is None
    assert glances.fetch("SELECT id FROM team") == [("t",)]


async def test_a_locked_database_is_waited_for_in_a_thread(
    file: Path, database: Database, threads: list[str]
) -> None:
    @prepared
    def teams(name: str) -> Select[int]:
        return select(func.count()).where(Team.name > name)

    other = sqlite3.connect(file, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    counting = asyncio.create_task(counts(database, teams("")))
    try:
        # If the event loop waited, nobody could unlock it.
        await asyncio.sleep(0.05)
        assert not counting.done()
    finally:
        other.close()
    assert await counting == 0
    assert len(threads) == 1


async def test_all_is_closed_with_the_database(file: Path, counted: Counted) -> None:
    database = Database(Settings(database_url=f"sqlite:///{file}"))
    for _ in range(2):
        async with database.read() as snapshot:
            await snapshot.fetch_tuples(counted(1))
        assert await counts(database, counted(1)) == 1
        assert file.with_name("gateway.db-wal").exists()
        await database.dispose()
        # Whoever is the last to close the file takes it away.
        assert not file.with_name("gateway.db-wal").exists()
