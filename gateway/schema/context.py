"""Context of an operation: the viewer, the snapshot, batches, transactions and disclosed secrets."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from hmac import HMAC
from typing import Self, TypeVar, TypeVarTuple, cast

from strawberry.dataloader import DataLoader
from strawberry.types.info import Info as StrawberryInfo

from gateway import services
from gateway.database import (
    ColumnNames,
    Database,
    Reader,
    Snapshot,
    TeamId,
    Writer,
    repeat_on_conflict,
)
from gateway.domain.lenient_reading import Json
from gateway.domain.viewer import Viewer
from gateway.errors import OperationAborted, UnknownOutcome
from gateway.execution import ExecutableDocument, RootFieldCall
from gateway.schema.answer_budget import AnswerBudget
from gateway.schema.disclosures import Disclosures
from gateway.schema.inputs import to_document_value
from gateway.schema.operation_limits import OperationBudget
from gateway.schema.reader_lock import ReaderLock

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
K = TypeVar("K", bound=Hashable)

BatchFunction = Callable[[Reader, Viewer, Sequence[K], *Ts], Awaitable[Mapping[K, T]]]


class Context:
    """Context of one operation.

    The first field that reads opens the snapshot, and the end of the operation closes it. Sibling fields read from
    it one after the other. A mutation closes it, so that the fields below the mutation read what it wrote. After a
    dry run these fields read from its transaction, which is rolled back at the end of the operation.
    """

    document: ExecutableDocument
    """Document of the operation; set when it is parsed."""

    def __init__(
        self,
        database: Database,
        viewer: Viewer,
        budget: OperationBudget,
        cursor_key: HMAC,
        idempotency_key: str | None = None,
    ) -> None:
        self.database = database
        self.viewer = viewer
        self.budget = budget
        self.cursor_key = cursor_key
        """Key that signs cursors."""
        self._idempotency_key = idempotency_key
        self.keyed_request: services.idempotency.KeyedRequest | None = None
        """The mutations of the operation, if it has an idempotency key."""
        self._lock = asyncio.Lock()
        self._reader: Reader | None = None
        self._reader_scope: AbstractAsyncContextManager[Reader] | None = None
        """Scope that closes the reader: the snapshot, or the transaction of a dry run."""
        self._expected_columns: ColumnNames = None
        self._reads_once = False
        self._is_finished = False
        self._team: TeamId = viewer.team_id
        """Team whose share of the connection pool the operation reads with."""
        self._abortion: OperationAborted | None = None
        self.answer = AnswerBudget(budget.limits, database, viewer.team_id)
        self.disclosures = Disclosures(viewer, database.keyring)
        self._batch_tasks: set[asyncio.Task[object]] = set()
        self._batch_results: dict[Hashable, dict[Hashable, object]] = {}
        self._loaders: dict[Hashable, DataLoader[Hashable, object]] = {}

    def check_cost(self, cost: int) -> None:
        """Check a part of the operation's cost before the rest is known. Raises Exceeded above the limit."""
        self.budget.check(cost)

    def charge(self, cost: int) -> None:
        """Charge the cost of the operation before execution. Raises Exceeded above a limit."""
        self.budget.charge(cost)

    def begin_mutations(self, list_fields: Callable[[], Mapping[str, RootFieldCall]]) -> None:
        """Identify the mutations of the operation by their names and arguments, if it has an idempotency key."""
        if self._idempotency_key is not None:
            mutations: dict[str, Json] = {
                response_key: [field.name, to_document_value(field.arguments)]
                for response_key, field in list_fields().items()
            }
            self.keyed_request = services.idempotency.KeyedRequest(self._idempotency_key, mutations)

    def read(self) -> AbstractAsyncContextManager[Reader]:
        """Lock the operation's snapshot for one field or batch."""
        return self._lock_reader(self._expected_columns)

    def _lock_reader(self, columns: ColumnNames) -> ReaderLock:
        return ReaderLock(self._lock, self._open_reader, self.abort, columns)

    async def _open_reader(self) -> Reader:
        if self._is_finished:
            # Only a batch whose field was cancelled can read after the end of the operation.
            raise asyncio.CancelledError
        self.raise_if_aborted()
        if self._reader is None:
            self._reader_scope = self.database.read(team=self._team, once=self._reads_once, budget=self.answer)
            self._reader = await self._reader_scope.__aenter__()
        return self._reader

    def expect_columns(self, columns: ColumnNames, *, once: bool) -> None:
        """Set the columns that the next reads need, and whether they are a single statement."""
        self._expected_columns, self._reads_once = columns, once

    @property
    def reads(self) -> int:
        """Number of statements that read the snapshot."""
        return self._reader_scope.statement_count if isinstance(self._reader_scope, Snapshot) else 0

    async def load(self, batch: BatchFunction[K, *Ts, T], key: K, *arguments: *Ts) -> T | None:
        """Return the result of `batch` for `key`, or None. Calls of sibling fields share one call of `batch`.

        `batch` is a service that takes many keys and returns a mapping. The arguments must be hashable: calls with
        different arguments are separate batches.
        """
        batch_key = (batch, arguments)
        loader = self._loaders.get(batch_key)
        if loader is None:

            async def load_all(keys: list[K]) -> list[T | None]:
                found = await self.load_many(batch, keys, arguments, self._expected_columns)
                return [found.get(key) for key in keys]

            loader = self._loaders[batch_key] = DataLoader(load_fn=load_all)  # type: ignore[arg-type]  # typed by its key
        # Other fields wait for the same future: a cancelled field must not cancel it for them.
        return await _wait_shielded(cast("asyncio.Future[T | None]", loader.load(key)))

    async def load_many(
        self, batch: BatchFunction[K, *Ts, T], keys: Sequence[K], arguments: tuple[*Ts], columns: ColumnNames
    ) -> Mapping[K, T | None]:
        """Return the results of `batch` for these keys; it runs only for keys without a result from before.

        Rows among the results have these columns.
        """
        batch_key = (batch, arguments, columns)
        known: dict[K, T | None] = self._batch_results.setdefault(batch_key, {})  # type: ignore[assignment]  # typed by its key

        async def load_missing() -> Mapping[K, T | None]:
            async with self._lock_reader(columns) as session:
                new = [key for key in keys if key not in known]
                if new:
                    found = await batch(session, self.viewer, new, *arguments)
                    known.update((key, found.get(key)) for key in new)
            return known

        # A failing field cancels its siblings. Cancelling a statement closes its connection, and so the snapshot
        # that the other fields read. Therefore the statement runs on, at most until the operation ends.
        task = asyncio.create_task(load_missing())
        self._batch_tasks.add(task)
        task.add_done_callback(self._batch_tasks.discard)
        return await _wait_shielded(task)

    def abort(self, error: BaseException | None) -> None:
        """Have the whole operation end, and execute no later mutation, if this is an OperationAborted."""
        if isinstance(error, OperationAborted) and self._abortion is None:
            self._abortion = error

    def raise_if_aborted(self) -> None:
        """Raise the first OperationAborted that a field met."""
        if self._abortion is not None:
            raise self._abortion

    async def write(
        self, work: Callable[[Writer], Awaitable[T]], result_type: type[T], mutation: str, *, dry_run: bool = False
    ) -> T:
        """Run `work` in one transaction, which is committed unless `work` raises or this is a dry run.

        `mutation` is the response key. If it was done before with the idempotency key of the request, the result
        of then is returned. Later reads of the operation use a new snapshot. After a dry run they use its
        transaction, which is rolled back when the operation ends.
        """
        self.raise_if_aborted()
        try:
            await self.close_snapshot()
            if dry_run:
                return await self._try_out(work)
            keyed = None if self.keyed_request is None else self.keyed_request.get_mutation(mutation)

            async def run(writer: Writer) -> T:
                return await services.idempotency.run_once(writer, self.viewer, keyed, result_type, work)

            with services.idempotency.watch_repetitions(self.viewer, keyed):
                return await repeat_on_conflict(lambda: self._commit(run, mutation))
        except OperationAborted as error:
            if isinstance(error, UnknownOutcome):
                error.mutation = mutation
            self.abort(error)
            raise

    async def _try_out(self, work: Callable[[Writer], Awaitable[T]]) -> T:
        scope = self.database.write(team=self.viewer.team_id, dry_run=True)
        writer = await scope.__aenter__()
        try:
            result = await work(writer)
        except BaseException as error:
            # The scope translates a constraint violation, as it does for a committed transaction.
            await scope.__aexit__(type(error), error, error.__traceback__)
            raise
        self._reader_scope, self._reader = scope, writer
        return result

    async def _commit(self, work: Callable[[Writer], Awaitable[T]], mutation: str) -> T:
        writer = None
        try:
            async with services.audit.write(self.database, self.viewer) as writer:
                return await work(writer)
        finally:
            if writer is not None and writer.is_committed:
                self.answer.committed.append(mutation)
                # Reading the payload of a committed mutation must not fail for lack of a connection.
                self._team = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        is_cut_off = kind is not None and issubclass(kind, asyncio.CancelledError)
        await (self.cancel() if is_cut_off else self.finish())

    async def finish(self) -> None:
        """End the operation, and write the audit entries of its secrets. Without them it fails."""
        self._is_finished = True
        self.answer.end_operation()
        try:
            await self._close_reader(None)
            if secrets := self.disclosures.secrets:
                await services.audit.record_disclosures(self.database, self.viewer, secrets)
        except asyncio.CancelledError:
            await self.cancel()
            raise

    async def cancel(self) -> None:
        """End a cancelled operation: stop its statements and roll back its open transaction."""
        self._is_finished = True
        self.answer.end_operation()
        # A second cancellation must not interrupt the clean-up.
        await asyncio.shield(self._cancel())

    async def _cancel(self) -> None:
        if self._batch_tasks:
            for batch in self._batch_tasks:
                batch.cancel()
            await asyncio.wait(self._batch_tasks)
        await self._close_reader(asyncio.CancelledError())

    async def close_snapshot(self) -> None:
        """Close the snapshot, or roll back the transaction of a dry run."""
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
    """Wait for `work` without cancelling it when the waiting field is cancelled."""
    # Retrieve the exception, which asyncio would otherwise report when no field waits any more.
    work.add_done_callback(lambda done: done.cancelled() or done.exception())
    return await asyncio.shield(work)


Info = StrawberryInfo[Context, None]
