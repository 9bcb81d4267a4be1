"""What the fields of one operation share: who asks, and the snapshot that everything is read from."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Self, TypeVar, TypeVarTuple, cast

from strawberry.dataloader import DataLoader
from strawberry.types.info import Info as StrawberryInfo

from gateway import services
from gateway.database import (
    ColumnNames,
    Database,
    Integration,
    Reader,
    Snapshot,
    TeamId,
    Writer,
)
from gateway.domain.enums import Permission
from gateway.domain.lenient_reading import Document
from gateway.domain.viewer import Viewer
from gateway.execution import ExecutableDocument
from gateway.schema.allowances import OperationBudget

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
K = TypeVar("K", bound=Hashable)

BatchFunction = Callable[[Reader, Viewer, Sequence[K], *Ts], Awaitable[Mapping[K, T]]]


class Context:
    """One operation: its viewer, its one snapshot, its batches.

    The snapshot is opened by the first field that reads and closed with the operation; sibling fields take
    turns on it. A mutation ends it, so that what is read below the mutation is what it wrote. A dry run lends
    its own transaction for that and undoes it afterwards.
    """

    document: ExecutableDocument
    """What the operation stands in, from when it was read."""

    def __init__(
        self, database: Database, viewer: Viewer, budget: OperationBudget, *, compiles_selections: bool = True
    ) -> None:
        self.database = database
        self.compiles_selections = compiles_selections
        self.viewer = viewer
        self.budget = budget
        self._lock = asyncio.Lock()
        self._reader: Reader | None = None
        self._reader_scope: AbstractAsyncContextManager[Reader] | None = None
        """What ends with the reader: its snapshot, or the transaction of a dry run."""
        self._expected_columns: ColumnNames = None
        self._reads_once = False
        self._is_finished = False
        self._team: TeamId = viewer.team_id
        """Whose share of the connections the operation reads by."""
        self.commit_count = 0
        """How many transactions were committed."""
        self._batch_tasks: set[asyncio.Task[object]] = set()
        self._disclosed_secrets: set[str] = set()
        self._batch_results: dict[Hashable, dict[Hashable, object]] = {}
        self._loaders: dict[Hashable, DataLoader[Hashable, object]] = {}

    def charge(self, cost: int) -> None:
        """Take what the operation costs before it is executed. Raises Exceeded where that is too much."""
        self.budget.charge(cost)

    def read(self) -> AbstractAsyncContextManager[Reader]:
        """The operation's snapshot, for one field or batch at a time."""
        return self._lock_reader(self._expected_columns)

    def _lock_reader(self, columns: ColumnNames) -> "_ReaderLock":
        return _ReaderLock(self._lock, self._open_reader, columns)

    async def _open_reader(self) -> Reader:
        if self._is_finished:
            # Only a batch that nobody waits for any more comes so late.
            raise asyncio.CancelledError
        if self._reader is None:
            self._reader_scope = self.database.read(team=self._team, once=self._reads_once)
            self._reader = await self._reader_scope.__aenter__()
        return self._reader

    def expect(self, columns: ColumnNames, *, once: bool) -> None:
        """What is read next needs only these columns of a row, and maybe one statement is all there is."""
        self._expected_columns, self._reads_once = columns, once

    @property
    def reads(self) -> int:
        """How many statements the snapshot was read by."""
        return self._reader_scope.statement_count if isinstance(self._reader_scope, Snapshot) else 0

    async def load(self, batch: BatchFunction[K, *Ts, T], key: K, *arguments: *Ts) -> T | None:
        """What `batch` finds for `key`, in one statement together with what its sibling fields ask.

        `batch` is a service that takes many keys and gives a mapping; None for a key that it leaves out.
        Further arguments must be hashable: calls that differ in them are separate batches.
        """
        batch_key = (batch, arguments)
        loader = self._loaders.get(batch_key)
        if loader is None:

            async def load_all(keys: list[K]) -> list[T | None]:
                found = await self.load_many(batch, keys, arguments, self._expected_columns)
                return [found.get(key) for key in keys]

            loader = self._loaders[batch_key] = DataLoader(load_fn=load_all)  # type: ignore[arg-type]  # kept by name
        # Others wait for the same: a field that is cancelled must not cancel it for them.
        return await _wait_shielded(cast("asyncio.Future[T | None]", loader.load(key)))

    async def load_many(
        self, batch: BatchFunction[K, *Ts, T], keys: Sequence[K], arguments: tuple[*Ts], columns: ColumnNames
    ) -> Mapping[K, T | None]:
        """What `batch` finds for all these keys, but for those that it was asked for before.

        Where it finds rows, they have these columns.
        """
        batch_key = (batch, arguments, columns)
        known: dict[K, T | None] = self._batch_results.setdefault(batch_key, {})  # type: ignore[assignment]  # kept by name

        async def load_missing() -> Mapping[K, T | None]:
            async with self._lock_reader(columns) as session:
                new = [key for key in keys if key not in known]
                if new:
                    found = await batch(session, self.viewer, new, *arguments)
                    known.update((key, found.get(key)) for key in new)
            return known

        # A field that fails cancels its siblings. A statement that is cut off takes the connection with it, and
        # with that the snapshot that the rest of the operation reads: so it runs on until the operation ends.
        task = asyncio.create_task(load_missing())
        self._batch_tasks.add(task)
        task.add_done_callback(self._batch_tasks.discard)
        return await _wait_shielded(task)

    async def write(self, work: Callable[[Writer], Awaitable[T]], *, dry_run: bool = False) -> T:
        """Do `work` in one transaction: all of it is kept, or nothing when it raises or is a dry run.

        What the operation reads from then on, it reads from a snapshot taken after this; after a dry run, from
        the dry run's own transaction, which is undone when the operation ends.
        """
        await self.close_snapshot()
        team = self.viewer.team_id
        if not dry_run:
            return await self._commit(self.database.write(team=team), work)
        scope = self.database.write(team=team, dry_run=True)
        writer = await scope.__aenter__()
        try:
            result = await work(writer)
        except BaseException as error:
            # It says what a clash means, as it does of a transaction that is kept.
            await scope.__aexit__(type(error), error, error.__traceback__)
            raise
        self._reader_scope, self._reader = scope, writer
        return result

    async def _commit(
        self, scope: AbstractAsyncContextManager[Writer], work: Callable[[Writer], Awaitable[T]]
    ) -> T:
        writer = None
        try:
            async with scope as writer:
                return await work(writer)
        finally:
            if writer is not None and writer.is_committed:
                self.commit_count += 1
                # What tells of it must not be refused for want of a connection.
                self._team = None

    def read_secret(self, row: Integration, name: str) -> str | None:
        """A secret of an integration, for a viewer who may read it; it is audited before the answer leaves."""
        value = self._disclose_secrets(row, name).get(name)
        return value if isinstance(value, str) else None

    def read_secrets(self, row: Integration) -> Document:
        """All secrets of an integration, on the same terms."""
        return self._disclose_secrets(row, *row.secrets)

    def _disclose_secrets(self, row: Integration, *names: str) -> Document:
        if row.team_id != self.viewer.team_id or not self.viewer.has_permission(Permission.READ_SECRETS):
            return {}
        self._disclosed_secrets.update(f"integration {row.id} {name}" for name in names)
        return row.secrets

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        is_cut_off = kind is not None and issubclass(kind, asyncio.CancelledError)
        await (self.cancel() if is_cut_off else self.finish())

    async def finish(self) -> None:
        """End the operation: write down which secrets it disclosed, or fail it."""
        self._is_finished = True
        try:
            await self._close_reader(None)
            if self._disclosed_secrets:
                async with self.database.write(team=self.viewer.team_id) as session:
                    await services.audit.record_action(
                        session, self.viewer, "read-secret", sorted(self._disclosed_secrets)
                    )
        except asyncio.CancelledError:
            await self.cancel()
            raise

    async def cancel(self) -> None:
        """End an operation that was cut off: no statement of it runs on, and nothing of it is kept from now on."""
        self._is_finished = True
        # Whoever is cut off once more in the middle of it leaves nothing behind either.
        await asyncio.shield(self._cancel())

    async def _cancel(self) -> None:
        if self._batch_tasks:
            for batch in self._batch_tasks:
                batch.cancel()
            await asyncio.wait(self._batch_tasks)
        await self._close_reader(asyncio.CancelledError())

    async def close_snapshot(self) -> None:
        """End the snapshot, and with it a dry run's transaction."""
        await self._close_reader(None)

    async def _close_reader(self, error: asyncio.CancelledError | None) -> None:
        async with self._lock:
            scope, self._reader_scope = self._reader_scope, None
            self._reader, self._expected_columns, self._reads_once = None, None, False
            self._loaders.clear()
            self._batch_results.clear()
            if scope is not None:
                await scope.__aexit__(type(error) if error else None, error, None)


async def _wait_shielded(work: asyncio.Future[T]) -> T:
    """What the work gives, which goes on when nobody waits for it any more."""
    # Should it fail then, that is nobody's concern: asyncio would report an exception that was never retrieved.
    work.add_done_callback(lambda done: done.cancelled() or done.exception())
    return await asyncio.shield(work)


class _ReaderLock:
    """One field's or batch's turn on the operation's snapshot."""

    __slots__ = ("_columns", "_lock", "_open_reader")

    def __init__(
        self, lock: asyncio.Lock, open_reader: Callable[[], Awaitable[Reader]], columns: ColumnNames
    ) -> None:
        self._lock, self._open_reader, self._columns = lock, open_reader, columns

    async def __aenter__(self) -> Reader:
        await self._lock.acquire()
        try:
            reader = await self._open_reader()
        except BaseException:
            self._lock.release()
            raise
        return reader if self._columns is None else reader.with_columns(self._columns)

    async def __aexit__(self, *_error: object) -> None:
        self._lock.release()


Info = StrawberryInfo[Context, None]
