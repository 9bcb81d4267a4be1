"""Reading: a `Reader` fetches rows from the one snapshot of an operation.

**Columns.** A list of the graph needs few of a table's columns, and fetching and decoding the others would cost
more than the rest of the request. So:

1. A GraphQL field declares the columns that it reads (`reads=` of the fields in `gateway.schema.fields`).
2. The compiler collects them: the `columns` of a list are what the fields that are selected below it read.
3. The operation's context reads each list with its columns. A reader has the same `columns` from its beginning to
   its end; `with_columns` returns another reader of the same snapshot.
4. `fetch_rows(statement, *also)` fetches them, the primary key, and the columns in `also`: those that the service
   itself reads, such as `integration_id` to group rows by.
5. Reading any other column of such a row raises `gateway.errors.ColumnNotFetched`.

A reader without `columns` (None) fetches all of them, as do commands and mutations.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from datetime import datetime
from typing import Any, Protocol, TypeVar, TypeVarTuple

from gateway.database.connection_pool import ConnectionPool
from gateway.database.connections import PooledConnection
from gateway.database.fair_queue import TeamId
from gateway.database.fetch_budget import FetchBudget, FetchLimitReached
from gateway.database.inline_reads import InlineReader
from gateway.database.keyring import Keyring
from gateway.database.prepared_statements import PreparedStatement
from gateway.database.rows import ColumnNames
from gateway.domain.calendar import instants
from gateway.errors import Exceeded, OperationAborted, Overloaded, Unavailable

E = TypeVar("E")
Ts = TypeVarTuple("Ts")


class StatementRunner(Protocol):
    """Runs the statements of a reader: a snapshot, or the connection of a transaction."""

    async def run(
        self, statement: PreparedStatement[*tuple[Any, ...]], columns: ColumnNames = None, also: Sequence[str] = ()
    ) -> Sequence[Any]: ...

    def stream(
        self, statement: PreparedStatement[*tuple[Any, ...]], batch_size: int
    ) -> AsyncGenerator[list[Any]]: ...


class Reader:
    """Fetches rows from one snapshot; see the module's docstring for its `columns`."""

    def __init__(
        self, runner: StatementRunner, as_of: datetime, keyring: Keyring, columns: ColumnNames = None
    ) -> None:
        self._runner, self.columns = runner, columns
        self.keyring = keyring
        """The keys of the secrets that its rows have."""
        self.as_of = as_of
        """When the snapshot was taken."""

    def with_columns(self, columns: ColumnNames) -> "Reader":
        """Return a reader of the same snapshot that fetches these columns."""
        return Reader(self._runner, self.as_of, self.keyring, columns)

    async def fetch_rows(self, statement: PreparedStatement[E], *also: str) -> Sequence[E]:
        """Fetch rows of a table with the reader's columns, the primary key, and those of `also`.

        Rows have the attributes of their class and cannot be changed. Raises Overloaded when no connection becomes
        free in time.
        """
        return await self._runner.run(statement, self.columns, also)

    async def fetch_tuples(self, statement: PreparedStatement[*Ts]) -> Sequence[tuple[*Ts]]:
        """Fetch the rows of a statement that selects expressions. Raises Overloaded as `fetch_rows` does."""
        return await self._runner.run(statement)

    def stream_tuples(
        self, statement: PreparedStatement[*Ts], batch_size: int
    ) -> AsyncGenerator[list[tuple[*Ts]]]:
        """Yield the rows of a statement in batches, so that they need not fit into memory.

        A batch has about a mebibyte, and at most `batch_size` rows. Nothing refers to a batch that was yielded.
        """
        return self._runner.stream(statement, batch_size)


class SecondRead(Exception):
    """A second statement read from a snapshot that was opened for one."""


class Snapshot:
    """The snapshot of one operation, opened by `Database.read`.

    It takes a connection, and begins a transaction, when something is first read. With `once` it runs a single
    statement, which needs no transaction; a second one raises SecondRead. On SQLite such a statement runs on the
    event loop if it is short.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        team: TeamId,
        keyring: Keyring,
        *,
        once: bool,
        inline_reader: InlineReader | None,
        budget: FetchBudget | None = None,
    ) -> None:
        self._as_of, self._keyring = instants.now(), keyring
        self._pool, self._team, self._once, self._budget = pool, team, once, budget
        self._inline_reader = inline_reader if once else None
        self._connection: PooledConnection | None = None
        self.statement_count = 0
        """How many statements have read from it."""

    async def run(
        self, statement: PreparedStatement[*tuple[Any, ...]], columns: ColumnNames = None, also: Sequence[str] = ()
    ) -> Sequence[Any]:
        """Run a statement; see `Reader`."""
        self._count_statement()
        if self._inline_reader is not None:
            found = self._inline_reader.run(statement, columns, also)
            if found is not None:
                return found
        try:
            return await self._run(statement, columns, also)
        except Unavailable:
            if self.statement_count > 1:
                raise
            # The connection was closed, perhaps by a restart. The snapshot was not read: another one will do.
            return await self._run(statement, columns, also)

    async def _run(
        self, statement: PreparedStatement[*tuple[Any, ...]], columns: ColumnNames, also: Sequence[str]
    ) -> Sequence[Any]:
        connection = self._connection or await self._connect()
        connection.set_budget(self._budget)
        try:
            try:
                return await connection.run(statement, columns, also)
            except FetchLimitReached:
                return await self._run_with_slot(connection, statement, columns, also)
            finally:
                connection.set_budget(None)
        except (Exceeded, Overloaded):
            raise  # The connection is good: the rows are too many.
        except BaseException:
            await self._discard(connection)
            raise

    async def _run_with_slot(
        self,
        connection: PooledConnection,
        statement: PreparedStatement[*tuple[Any, ...]],
        columns: ColumnNames,
        also: Sequence[str],
    ) -> Sequence[Any]:
        """Run a statement that fetches more than most operations do, again."""
        budget = self._budget
        assert budget is not None  # noqa: S101 (it raised)
        await budget.grow()
        budget.byte_count = budget.row_count = 0
        try:
            return await connection.run(statement, columns, also)
        except FetchLimitReached:
            await budget.grow()
            raise

    async def stream(
        self, statement: PreparedStatement[*tuple[Any, ...]], batch_size: int
    ) -> AsyncGenerator[list[Any]]:
        """Yield the rows of a statement in batches."""
        self._count_statement()
        connection = self._connection or await self._connect()
        try:
            async with aclosing(connection.stream(statement, batch_size)) as batches:
                with suppress(StopAsyncIteration):
                    while True:
                        yield await anext(batches)
        except GeneratorExit:
            raise  # The caller wants no more rows: the connection is good, and may be in use again by now.
        except BaseException:
            await self._discard(connection)
            raise

    def _count_statement(self) -> None:
        self.statement_count += 1
        if self._once and self.statement_count > 1:
            raise SecondRead

    async def _connect(self) -> PooledConnection:
        connection = self._connection = await self._pool.acquire(self._team)
        if not self._once:
            await self._execute(connection, connection.begin_statement)
        return connection

    async def _execute(self, connection: PooledConnection, text: str) -> None:
        try:
            await connection.execute(text)
        except BaseException:
            await self._discard(connection)
            raise

    async def _discard(self, connection: PooledConnection) -> None:
        """Close a connection whose statement failed or was cancelled: its state is not known."""
        self._connection = None
        await self._pool.discard(connection)

    async def __aenter__(self) -> Reader:
        return Reader(self, self._as_of, self._keyring)

    async def __aexit__(self, *_error: object) -> None:
        """End the transaction and release the connection."""
        connection = self._connection
        if connection is None:
            return
        if connection.is_in_transaction:
            try:
                await self._execute(connection, "ROLLBACK")
            except OperationAborted:
                return  # All has been read, and the connection is closed.
        self._connection = None
        self._pool.release(connection)
