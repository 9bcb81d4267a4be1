"""Transactions: snapshots of readers, and commits and rollbacks of writers."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import Select, select

from gateway import services
from gateway.database import Database, Reader, Team, UniqueViolation, Writer, prepared
from gateway.database.fetch_budget import stream_batches
from gateway.database.postgresql_driver import PostgresqlConnection
from gateway.database.sqlite_driver import SqliteConnection
from gateway.domain.calendar import instants
from gateway.domain.enums import ErrorCode
from gateway.errors import Refused, Unavailable
from gateway.settings import Settings


@prepared
def select_teams() -> Select[Team]:
    return select(Team).order_by(Team.id)


@prepared
def select_ids() -> Select[str]:
    return select(Team.id).order_by(Team.id)


def build_team(id: str, created_at: datetime | None = None) -> dict[str, object]:
    return {"id": id, "name": id, "created_at": created_at or instants.now()}


async def fetch_ids(reader: Reader) -> list[str]:
    return [id for (id,) in await reader.fetch_tuples(select_ids())]


async def read_stored_ids(database: Database) -> list[str]:
    async with database.read() as reader:
        return await fetch_ids(reader)


async def test_a_reader_sees_one_snapshot(database: Database) -> None:
    async with database.read() as reader:
        assert await fetch_ids(reader) == []
        async with database.write() as writer:
            await writer.insert_rows(Team, [build_team("a")])
        assert await fetch_ids(reader) == []
    assert await read_stored_ids(database) == ["a"]


async def test_a_writer_reads_what_it_wrote(database: Database) -> None:
    async with database.write() as writer:
        await writer.insert_rows(Team, [build_team("b"), build_team("a")])
        row, _ = await writer.with_columns(frozenset({"name"})).fetch_rows(select_teams())
        whole, _ = await writer.fetch_rows(select_teams())
        renamed = await writer.update_row(Team, whole, {"name": "new"})
        assert (row.name, renamed.name, renamed.id) == ("a", "new", "a")
        assert [row.name for row in await writer.fetch_rows(select_teams())] == ["new", "b"]
        await writer.delete_rows(Team, [{"id": "b"}, {"id": "none"}])
        assert await fetch_ids(writer) == ["a"]
    assert await read_stored_ids(database) == ["a"]


async def test_errors_and_dry_runs_roll_back(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.write() as writer:
            await writer.insert_rows(Team, [build_team("a")])
            raise RuntimeError
    async with database.write(dry_run=True) as writer:
        await writer.insert_rows(Team, [build_team("b")])
    assert await read_stored_ids(database) == []


async def test_a_duplicate_key_is_a_conflict(database: Database) -> None:
    async with database.write() as writer:
        await writer.insert_rows(Team, [build_team("a")])
    with pytest.raises(Refused) as refusal:
        async with database.write() as writer:
            await writer.insert_rows(Team, [build_team("a")])
    assert [problem.code for problem in refusal.value.problems] == [ErrorCode.CONFLICT]


async def test_a_unique_violation_rolls_back_to_the_savepoint(database: Database) -> None:
    async with database.write() as writer:
        await writer.insert_rows(Team, [build_team("a")])
        with pytest.raises(UniqueViolation):
            async with writer.begin_savepoint():
                await writer.insert_rows(Team, [build_team("b"), build_team("a")])
        async with writer.begin_savepoint():
            await writer.insert_rows(Team, [build_team("c")])
    assert await read_stored_ids(database) == ["a", "c"]


async def test_forty_concurrent_writers_all_succeed(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.write() as writer:
            await fetch_ids(writer)
            await writer.insert_rows(Team, [build_team(f"team-{number}")])

    await asyncio.gather(*(write(number) for number in range(40)))
    assert len(await read_stored_ids(database)) == 40


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(Unavailable, match=r"read-?only"):
        async with database.read() as reader:
            await fetch_ids(reader)
            with pytest.raises(AttributeError):
                # The comment is itself a test: mypy reports it if it is not needed.
                await services.teams.create_missing_team(reader, "a")  # type: ignore[arg-type]
            # The database refuses too, for a writer on the reader's connection.
            connection = reader._runner._connection  # type: ignore[attr-defined]  # a snapshot's
            writer = Writer(connection, Settings(), reader.as_of, reader.keyring)
            await writer.insert_rows(Team, [build_team("a")])
    assert await read_stored_ids(database) == []


async def test_rows_are_streamed_in_batches_of_one_snapshot(database: Database) -> None:
    async with database.write() as writer:
        await writer.insert_rows(Team, [build_team(f"{number:03}") for number in range(25)])
    batches: list[Sequence[tuple[str]]] = []
    async with database.read() as reader:
        async for batch in reader.stream_tuples(select_ids(), 10):
            if not batches:
                async with database.write() as writer:
                    await writer.delete_rows(Team, [{"id": "024"}])
            batches.append(batch)
    assert [len(batch) for batch in batches] == [10, 10, 5]
    assert batches[2][-1] == ("024",)


async def test_a_stream_can_be_closed_early(database: Database) -> None:
    async with database.write() as writer:
        await writer.insert_rows(Team, [build_team(f"{number:03}") for number in range(25)])
    with pytest.raises(ZeroDivisionError):
        async with database.read() as reader:
            async for _ in reader.stream_tuples(select_ids(), 10):
                raise ZeroDivisionError
    async with database.read() as reader:
        async for _ in reader.stream_tuples(select_ids(), 10):
            break
    assert len(await read_stored_ids(database)) == 25


async def test_closing_a_stream_closes_that_of_the_driver_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = []

    async def stream(*_: object) -> AsyncGenerator[Sequence[tuple[str]]]:
        try:
            yield [("a",)]
        finally:
            events.append("closed")

    for driver in (SqliteConnection, PostgresqlConnection):
        monkeypatch.setattr(driver, "stream", stream)
    async with database.read() as reader:
        batches = reader.stream_tuples(select_ids(), 10)
        assert await anext(batches) == [("a",)]
        await batches.aclose()
        # An open statement of SQLite would keep its snapshot after the transaction.
        assert events == ["closed"]


@pytest.mark.parametrize(
    ("size", "batches"),
    [(1, [32, 256, 712]), (2**13, [32, 128, 128, 128, 128, 128, 128, 128, 72]), (2**21, [32] + [1] * 968)],
)
async def test_batches_of_large_rows_are_smaller(size: int, batches: list[int]) -> None:
    text, rows = "x" * size, 1_000

    async def fetch(count: int) -> Sequence[tuple[str]]:
        nonlocal rows
        count = min(rows, count)
        rows -= count
        return [(text,)] * count

    assert [len(batch) async for batch in stream_batches(fetch, 1_000)] == batches


async def test_instants_come_back_in_utc_to_the_millisecond(database: Database) -> None:
    instant = datetime(2025, 3, 9, 8, 0, 0, 250_000, tzinfo=UTC)
    async with database.write() as writer:
        await writer.insert_rows(Team, [build_team("a", instant)])
    async with database.read() as reader:
        (row,) = await reader.fetch_rows(select_teams())
    found = instants.to_instant(row.created_at)
    assert found == instant
    assert found.tzinfo is not None


@pytest.mark.parametrize("write", [lambda rows: rows, lambda rows: [*rows, build_team("b")]], ids=["one", "many"])
async def test_naive_instants_are_not_stored(
    database: Database, write: Callable[[list[dict[str, object]]], list[dict[str, object]]]
) -> None:
    naive = datetime(2025, 3, 9)  # noqa: DTZ001 (the test needs a naive one)
    with pytest.raises(ValueError, match="naive"):
        async with database.write() as writer:
            await writer.insert_rows(Team, write([build_team("a", naive)]))
    assert await read_stored_ids(database) == []
