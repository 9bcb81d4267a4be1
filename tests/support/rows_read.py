"""The rows that a statement reads to find its answer, as the database counts them."""

import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from typing import Any, NamedTuple, Protocol

import asyncpg
import orjson

_STEPS_PER_CALLBACK = 10
_STEPS_PER_ROW = 20
"""Steps of SQLite's virtual machine for one row: from 5, of a count by an index, to 50, of a whole row.

SQLite counts rows only in builds for it, but it counts the steps of its machine in all.
"""


class RowsRead(NamedTuple):
    """The number of rows that a statement reads, and of those that it returns."""

    read: int
    returned: int


class RowCounter(Protocol):
    """Runs a statement, and counts its rows."""

    async def __call__(self, statement: str, parameters: Sequence[object]) -> RowsRead: ...


@asynccontextmanager
async def open_row_counter(url: str) -> AsyncIterator[RowCounter]:
    """Open a connection that counts rows of statements, with the statistics of the tables as they are now."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.partition("///")[2])) as connection:
            yield _SqliteRowCounter(connection)
        return
    server = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await server.execute("VACUUM ANALYZE")
        # PostgreSQL prefers scans of small tables; this disables them where there is an index.
        await server.execute("SET enable_seqscan = off")
        yield _PostgresqlRowCounter(server)
    finally:
        await server.close()


class _SqliteRowCounter:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def __call__(self, statement: str, parameters: Sequence[object]) -> RowsRead:
        steps = 0

        def count() -> int:
            nonlocal steps
            steps += _STEPS_PER_CALLBACK
            return 0

        self._connection.set_progress_handler(count, _STEPS_PER_CALLBACK)
        rows = self._connection.execute(statement, parameters).fetchall()
        self._connection.set_progress_handler(None, 0)
        return RowsRead(steps // _STEPS_PER_ROW, len(rows))


class _PostgresqlRowCounter:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def __call__(self, statement: str, parameters: Sequence[object]) -> RowsRead:
        explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
        plan = orjson.loads(await self._connection.fetchval(explain, *parameters))[0]["Plan"]
        return RowsRead(round(sum(map(_count_scanned, _list_nodes(plan)))), round(plan["Actual Rows"]))


def _list_nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _list_nodes(inner)


def _count_scanned(node: dict[str, Any]) -> float:
    """Return the rows that a node reads from a table or an index, also those that it drops."""
    if "Relation Name" not in node and "Index Name" not in node:
        return 0
    dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float((node["Actual Rows"] + dropped) * node["Actual Loops"])
