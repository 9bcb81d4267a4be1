"""Statements that never end, and clients that disconnect."""

import asyncio
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import orjson
from sqlalchemy import Connection, event
from sqlalchemy import text as sql
from sqlalchemy.engine import Engine

from gateway.database.connections import PooledConnection
from gateway.database.database import Database
from gateway.database.inline_reads import InlineReader
from tests.support.gateway import Client, Gateway
from tests.support.sessions import open_session

_ENDLESS = {
    "sqlite": "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c",
    "postgresql": "SELECT pg_sleep(60)",
}
_TIMEOUT = 30.0
"""Seconds; half the duration of the endless statement of PostgreSQL."""
_RUNNING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND query LIKE '%pg_sleep(60)'
"""


@contextmanager
def disable_inline_reads(text: str = "") -> Iterator[None]:
    """Disable inline reads during the block for statements that contain a text."""
    run = InlineReader.run

    def run_others(self: InlineReader, statement: Any, *columns: Any) -> Sequence[Any] | None:
        compiled, _ = statement.compile(self._dialect, *columns)
        return None if text in compiled.text else run(self, statement, *columns)

    with patch.object(InlineReader, "run", run_others):
        yield


@contextmanager
def stall_statements(text: str) -> Iterator[asyncio.Event]:
    """Replace each statement that contains a text by one that never ends. The first one sets the event."""
    fetch, run, copy, began = (
        PooledConnection.fetch,
        PooledConnection.execute_many,
        PooledConnection.copy_rows,
        asyncio.Event(),
    )

    def stall_cursor(
        connection: Connection, _cursor: object, statement: str, parameters: object, *_: object
    ) -> tuple[str, object]:
        if text not in statement:
            return statement, parameters
        began.set()
        return _ENDLESS[connection.dialect.name], ()

    async def stall(self: PooledConnection, statement: str, parameters: Sequence[object] = ()) -> object:
        if text not in statement:
            return await fetch(self, statement, parameters)
        began.set()
        return await fetch(self, _ENDLESS[self.dialect.name])

    async def stall_execute_many(
        self: PooledConnection, statement: str, parameters: Sequence[Sequence[object]]
    ) -> None:
        await (self.fetch(statement) if text in statement else run(self, statement, parameters))

    async def stall_copy(self: PooledConnection, table: str, *columns_and_records: Any) -> None:
        # Rows are copied into a table where they would be inserted otherwise.
        copied = f"INSERT INTO {table} "
        await (self.fetch(copied) if text in copied else copy(self, table, *columns_and_records))

    event.listen(Engine, "before_cursor_execute", stall_cursor, retval=True)
    try:
        with (
            patch.multiple(PooledConnection, fetch=stall, execute_many=stall_execute_many, copy_rows=stall_copy),
            disable_inline_reads(text),
        ):
            yield began
    finally:
        event.remove(Engine, "before_cursor_execute", stall_cursor)


async def assert_idle(database: Database) -> None:
    """Require that no operation has a connection or waits for one, and that no statement runs.

    SQLite's connections are free when their threads are.
    """
    for pool in (database._read_pool, database._write_pool):
        while pool._tasks:
            await asyncio.wait(pool._tasks)
        assert (pool.queue.used_slots, pool.queue.waiting_count) == (0, 0)
    if not database.is_sqlite:
        # PostgreSQL ends a cancelled statement a little later.
        async with asyncio.timeout(_TIMEOUT):
            while await _is_running(database):
                pass


async def _is_running(database: Database) -> bool:
    async with open_session(database) as session:
        return bool(await session.scalar(sql(_RUNNING)))


async def expire_requests(gateway: Gateway, began: asyncio.Event) -> None:
    """Wait for an event, and then let all requests reach their timeout."""
    async with asyncio.timeout(_TIMEOUT):
        await began.wait()
    deadlines = gateway.app.state.deadlines
    assert deadlines.blocks
    for block in deadlines.blocks:
        block.ends_at = 0.0
    deadlines.timer.cancel()
    deadlines.check(asyncio.get_running_loop())


class CancellableRequest:
    """A request by a client that can disconnect."""

    def __init__(
        self, gateway: Gateway, client: Client, query: str, *, method: str = "POST", **variables: object
    ) -> None:
        self.leaves = asyncio.Event()
        self.sent: list[Any] = []
        self._received = 0
        self._body = orjson.dumps({"query": query, "variables": variables}) if method == "POST" else b""
        scope = {
            "type": "http",
            "method": method,
            "path": "/graphql",
            "query_string": b"" if method == "POST" else urlencode({"query": query}).encode(),
            "headers": [
                (b"authorization", f"Bearer {client.key}".encode()),
                (b"content-type", b"application/json"),
            ],
        }
        self.task = asyncio.create_task(self._run(gateway, scope))

    async def _run(self, gateway: Gateway, scope: dict[str, Any]) -> None:
        await gateway.app(scope, self._receive, self._send)

    async def leave(self, began: asyncio.Event) -> None:
        """Disconnect after an event, and wait until the gateway has finished the request."""
        async with asyncio.timeout(_TIMEOUT):
            await began.wait()
            self.leaves.set()
            await self.task

    async def _receive(self) -> dict[str, Any]:
        self._received += 1
        if self._received == 1:
            return {"type": "http.request", "body": self._body, "more_body": False}
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self.sent.append(message)
