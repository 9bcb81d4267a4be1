"""One request and its answer, as far as the house notes it: for the log, for metrics and for traces.

Whoever has something to note finds the exchange in `current`, on whichever floor it happens. Never noted: the text
of a document, and the values of variables or parameters.
"""

from contextvars import ContextVar
from time import perf_counter
from typing import NamedTuple

from msgspec import Struct

from gateway.domain.viewer import Viewer


class RecordedOperation(NamedTuple):
    """What an operation is told by, where its text is not to be."""

    type: str
    """`query` or `mutation`."""

    name: str | None
    digest: str
    """The SHA-256 of its document, in hexadecimal digits."""


class ExecutedStatement(NamedTuple):
    """An SQL statement that ran, without its parameters; when, by `perf_counter`."""

    text: str
    started: float
    ended: float


class RequestRecord(Struct):
    """What is known in the end of who asked what, what came of it, what it took. Instants are `perf_counter`'s."""

    id: str
    """Ours, unless the client gives the request one of its own."""

    started: float
    ended: float = 0.0
    traceparent: str | None = None
    """The trace that the request belongs to, as W3C's Trace Context spells it."""

    viewer: Viewer | None = None
    operation: RecordedOperation | None = None
    """None until it is executed."""

    status: int | None = None
    """None when nobody was there to be answered."""

    error_codes: tuple[str, ...] = ()
    """Of the answer's errors."""

    rejection_reason: str | None = None
    """Which limit kept it from being answered, in the metrics' words; None for most."""

    cost: int | None = None
    """Of the operation, whether or not it was too much; None until that is known."""

    response_bytes: int = 0
    """Bytes of the answer's body."""

    statement_count: int = 0
    """Without those that begin or end a transaction."""

    database_seconds: float = 0.0
    statements: list[ExecutedStatement] | None = None
    """Each statement, where somebody wants to know."""

    transactions: tuple[tuple[str, float], ...] = ()
    """The kind of each transaction, `read` or `write`, and how many seconds it lasted."""

    fallbacks: dict[tuple[str, str], int] = {}
    """How often a compiled query fell back to the normal executor, by root field and reason."""

    def record_fallback(self, field: str, reason: str) -> None:
        """Count a fallback of a root field."""
        self.fallbacks[field, reason] = self.fallbacks.get((field, reason), 0) + 1

    def record_statement(self, text: str, started: float) -> None:
        """Note a statement that is over."""
        ended = perf_counter()
        self.statement_count += 1
        self.database_seconds += ended - started
        if self.statements is not None:
            self.statements.append(ExecutedStatement(text, started, ended))

    def record_wait(self, started: float) -> None:
        """Note that the database has done something else."""
        self.database_seconds += perf_counter() - started

    def record_transaction(self, kind: str, started: float) -> None:
        """Note a transaction that is over."""
        self.transactions += ((kind, perf_counter() - started),)


class _NoRequestRecord(RequestRecord):
    """What is done without a request, such as by a command."""

    def record_fallback(self, field: str, reason: str) -> None:
        pass

    def record_statement(self, text: str, started: float) -> None:
        pass

    def record_wait(self, started: float) -> None:
        pass

    def record_transaction(self, kind: str, started: float) -> None:
        pass


current_request: ContextVar[RequestRecord] = ContextVar("exchange", default=_NoRequestRecord("", 0.0))  # noqa: B039 (it notes nothing)
