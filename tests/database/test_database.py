"""Sessions: one snapshot to read, all or nothing to write."""

import asyncio
import socket
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import uvloop
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, StatementError

from gateway.database.database import Database
from gateway.database.tables import Team
from gateway.domain.calendar import instants
from gateway.domain.enums import ErrorCode
from gateway.errors import Refused
from gateway.settings import Settings

COUNT = select(func.count()).select_from(Team)


def team(id: str, created_at: datetime | None = None) -> Team:
    return Team(id=id, name=id, created_at=created_at or instants.now())


async def test_a_read_session_sees_one_snapshot(database: Database) -> None:
    async with database.read() as reader:
        assert await reader.scalar(COUNT) == 0
        async with database.write() as writer:
            writer.add(team("a"))
        assert await reader.scalar(COUNT) == 0
    async with database.read() as reader:
        assert await reader.scalar(COUNT) == 1


async def test_what_raises_is_not_kept_and_neither_is_a_dry_run(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.write() as session:
            session.add(team("a"))
            await session.flush()
            raise RuntimeError
    async with database.write(dry_run=True) as session:
        session.add(team("b"))
    async with database.read() as session:
        assert await session.scalar(COUNT) == 0


async def test_a_key_that_was_taken_meanwhile_is_a_conflict(database: Database) -> None:
    async with database.write() as session:
        session.add(team("a"))
    with pytest.raises(Refused) as refusal:
        async with database.write() as session:
            session.add(team("a"))
    assert [problem.code for problem in refusal.value.problems] == [ErrorCode.CONFLICT]


async def test_writers_take_turns(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.write() as session:
            await session.scalar(COUNT)
            session.add(team(f"team-{number}"))

    await asyncio.gather(*(write(number) for number in range(40)))
    async with database.read() as session:
        assert await session.scalar(COUNT) == 40


async def test_a_read_session_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"):
        async with database.read() as session:
            session.add(team("a"))
            await session.flush()


async def test_instants_come_back_in_utc_to_the_millisecond(database: Database) -> None:
    instant = datetime(2025, 3, 9, 8, 0, 0, 250_000, tzinfo=UTC)
    async with database.write() as session:
        session.add(team("a", instant))
    async with database.read() as session:
        found = await session.scalar(select(Team.created_at))
    assert found == instant
    assert found is not None
    assert found.tzinfo is not None


async def test_naive_instants_are_not_stored(database: Database) -> None:
    with pytest.raises(StatementError, match="naive"):
        async with database.write() as session:
            session.add(team("a", datetime(2025, 3, 9)))  # noqa: DTZ001 (which is the point)


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_unix_socket_holds_more_for_postgresql_than_others_do(
    database_url: str, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def room() -> int:
        database = Database(Settings(database_url=database_url))
        try:
            async with database._write_pool.connect("") as lease:
                found = lease._driver._transport.get_extra_info("socket")
                assert found.family == socket.AF_UNIX
                with socket.fromfd(found.fileno(), found.family, found.type) as same:
                    return same.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        finally:
            await database.dispose()

    ours, theirs = socket.socketpair()
    with ours, theirs, asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(room()) > ours.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
