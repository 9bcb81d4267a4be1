"""What the fields of one operation share: who asks, and the snapshot that everything is read from."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Self, TypeVar, TypeVarTuple, cast

from strawberry.dataloader import DataLoader
from strawberry.types.info import Info as StrawberryInfo

from gateway import services
from gateway.database.database import Database
from gateway.database.fair_queue import Team
from gateway.database.reading import Narrow, Reader, Snapshot, Wide
from gateway.database.rows import Columns
from gateway.database.tables import Integration
from gateway.database.writing import WriteSession
from gateway.domain.enums import Permission
from gateway.domain.lenient_reading import Document
from gateway.domain.viewer import Viewer
from gateway.execution import ExecutableDocument
from gateway.schema.allowances import Allowance

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
K = TypeVar("K", bound=Hashable)

Batch = Callable[[Reader, Viewer, Sequence[K], *Ts], Awaitable[Mapping[K, T]]]


class Context:
    """One operation: its viewer, its one snapshot, its batches.

    The snapshot is opened by the first field that reads and closed with the operation; sibling fields take
    turns on it. A mutation ends it, so that what is read below the mutation is what it wrote. A dry run lends
    its own transaction for that and undoes it afterwards.
    """

    document: ExecutableDocument
    """What the operation stands in, from when it was read."""

    def __init__(
        self, database: Database, viewer: Viewer, allowance: Allowance, *, compiles_selections: bool = True
    ) -> None:
        self.database = database
        self.compiles_selections = compiles_selections
        self.viewer = viewer
        self.allowance = allowance
        self._lock = asyncio.Lock()
        self._reader: Wide | None = None
        self._scope: AbstractAsyncContextManager[Wide] | None = None
        """What ends with the reader: its snapshot, or the transaction of a dry run."""
        self._columns: Columns = None
        self._reads_once = False
        self._finished = False
        self._team: Team = viewer.team_id
        """Whose share of the connections the operation reads by."""
        self.kept = 0
        """How many transactions were committed."""
        self._batches: set[asyncio.Task[object]] = set()
        self._disclosed: set[str] = set()
        self._found: dict[Hashable, dict[Hashable, object]] = {}
        self._loaders: dict[Hashable, DataLoader[Hashable, object]] = {}

    def charge(self, cost: int) -> None:
        """Take what the operation costs before it is executed. Raises Exceeded where that is too much."""
        self.allowance.charge(cost)

    def read(self) -> AbstractAsyncContextManager[Reader]:
        """The operation's snapshot, for one field or batch at a time."""
        return self._turn(self._columns)

    def _turn(self, columns: Columns) -> "_Turn":
        return _Turn(self._lock, self._open, columns)

    def _open(self) -> Wide:
        if self._finished:
            # Only a batch that nobody waits for any more comes so late.
            raise asyncio.CancelledError
        if self._reader is None:
            self._scope = self._reader = self.database.snapshot(team=self._team, once=self._reads_once)
        return self._reader

    def expect(self, columns: Columns, *, once: bool) -> None:
        """What is read next needs only these columns of a row, and maybe one statement is all there is."""
        self._columns, self._reads_once = columns, once

    @property
    def reads(self) -> int:
        """How many statements the snapshot was read by."""
        return self._reader.reads if isinstance(self._reader, Snapshot) else 0

    async def load(self, batch: Batch[K, *Ts, T], key: K, *arguments: *Ts) -> T | None:
        """What `batch` finds for `key`, in one statement together with what its sibling fields ask.

        `batch` is a service that takes many keys and gives a mapping; None for a key that it leaves out.
        Further arguments must be hashable: calls that differ in them are separate batches.
        """
        name = (batch, arguments)
        loader = self._loaders.get(name)
        if loader is None:

            async def load_all(keys: list[K]) -> list[T | None]:
                found = await self.load_many(batch, keys, arguments, self._columns)
                return [found.get(key) for key in keys]

            loader = self._loaders[name] = DataLoader(load_fn=load_all)  # type: ignore[arg-type]  # kept by name
        # Others wait for the same: a field that is cancelled must not cancel it for them.
        return await _to_its_end(cast("asyncio.Future[T | None]", loader.load(key)))

    async def load_many(
        self, batch: Batch[K, *Ts, T], keys: Sequence[K], arguments: tuple[*Ts], columns: Columns
    ) -> Mapping[K, T | None]:
        """What `batch` finds for all these keys, but for those that it was asked for before.

        Where it finds rows, they have these columns.
        """
        name = (batch, arguments, columns)
        known: dict[K, T | None] = self._found.setdefault(name, {})  # type: ignore[assignment]  # kept by name

        async def read() -> Mapping[K, T | None]:
            async with self._turn(columns) as session:
                new = [key for key in keys if key not in known]
                if new:
                    found = await batch(session, self.viewer, new, *arguments)
                    known.update((key, found.get(key)) for key in new)
            return known

        # A field that fails cancels its siblings. A statement that is cut off takes the connection with it, and
        # with that the snapshot that the rest of the operation reads: so it runs on until the operation ends.
        reading = asyncio.create_task(read())
        self._batches.add(reading)
        reading.add_done_callback(self._batches.discard)
        return await _to_its_end(reading)

    async def write(self, work: Callable[[WriteSession], Awaitable[T]], *, dry_run: bool = False) -> T:
        """Do `work` in one transaction: all of it is kept, or nothing when it raises or is a dry run.

        What the operation reads from then on, it reads from a snapshot taken after this; after a dry run, from
        the dry run's own transaction, which is undone when the operation ends.
        """
        await self.close()
        team = self.viewer.team_id
        if not dry_run:
            return await self._kept(self.database.write(team=team), work)
        scope = self.database.write(team=team, dry_run=True)
        session = await scope.__aenter__()
        try:
            result = await work(session)
            await session.settle()
        except BaseException as error:
            # It says what a clash means, as it does of a transaction that is kept.
            await scope.__aexit__(type(error), error, error.__traceback__)
            raise
        self._scope, self._reader = scope, session
        return result

    async def _kept(
        self, scope: AbstractAsyncContextManager[WriteSession], work: Callable[[WriteSession], Awaitable[T]]
    ) -> T:
        session = None
        try:
            async with scope as session:
                return await work(session)
        finally:
            if session is not None and session.is_kept:
                self.kept += 1
                # What tells of it must not be refused for want of a connection.
                self._team = None

    def secret(self, row: Integration, name: str) -> str | None:
        """A secret of an integration, for a viewer who may read it; it is audited before the answer leaves."""
        value = self._secrets(row, name).get(name)
        return value if isinstance(value, str) else None

    def secrets(self, row: Integration) -> Document:
        """All secrets of an integration, on the same terms."""
        return self._secrets(row, *row.secrets)

    def _secrets(self, row: Integration, *names: str) -> Document:
        if row.team_id != self.viewer.team_id or not self.viewer.may(Permission.READ_SECRETS):
            return {}
        self._disclosed.update(f"integration {row.id} {name}" for name in names)
        return row.secrets

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        is_cut_off = kind is not None and issubclass(kind, asyncio.CancelledError)
        await (self.abandon() if is_cut_off else self.finish())

    async def finish(self) -> None:
        """End the operation: write down which secrets it disclosed, or fail it."""
        self._finished = True
        try:
            await self._close(None)
            if self._disclosed:
                async with self.database.write(team=self.viewer.team_id) as session:
                    services.audit.record(session, self.viewer, "read-secret", sorted(self._disclosed))
        except asyncio.CancelledError:
            await self.abandon()
            raise

    async def abandon(self) -> None:
        """End an operation that was cut off: no statement of it runs on, and nothing of it is kept from now on."""
        self._finished = True
        # Whoever is cut off once more in the middle of it leaves nothing behind either.
        await asyncio.shield(self._abandon())

    async def _abandon(self) -> None:
        if self._batches:
            for batch in self._batches:
                batch.cancel()
            await asyncio.wait(self._batches)
        await self._close(asyncio.CancelledError())

    async def close(self) -> None:
        """End the snapshot, and with it a dry run's transaction."""
        await self._close(None)

    async def _close(self, error: asyncio.CancelledError | None) -> None:
        async with self._lock:
            scope, self._scope = self._scope, None
            self._reader, self._columns, self._reads_once = None, None, False
            self._loaders.clear()
            self._found.clear()
            if scope is not None:
                await scope.__aexit__(type(error) if error else None, error, None)


async def _to_its_end(work: asyncio.Future[T]) -> T:
    """What the work gives, which goes on when nobody waits for it any more."""
    # Should it fail then, that is nobody's concern: asyncio would report an exception that was never retrieved.
    work.add_done_callback(lambda done: done.cancelled() or done.exception())
    return await asyncio.shield(work)


class _Turn:
    """One field's or batch's turn on the operation's snapshot."""

    __slots__ = ("_columns", "_lock", "_open")

    def __init__(self, lock: asyncio.Lock, open: Callable[[], Wide], columns: Columns) -> None:
        self._lock, self._open, self._columns = lock, open, columns

    async def __aenter__(self) -> Reader:
        await self._lock.acquire()
        try:
            reader = self._open()
        except BaseException:
            self._lock.release()
            raise
        return reader if self._columns is None else Narrow(reader, self._columns)

    async def __aexit__(self, *_error: object) -> None:
        self._lock.release()


Info = StrawberryInfo[Context, None]
