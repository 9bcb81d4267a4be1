"""The record of a request, from which its log line, its metrics and its trace are made.

Each layer adds to `current_request`. The record never contains the text of a document, or the values of variables
and parameters.
"""

from contextvars import ContextVar
from time import perf_counter
from typing import NamedTuple

from msgspec import Struct

from gateway.domain.viewer import Viewer


class RecordedOperation(NamedTuple):
    """The description of an operation, without its text."""

    type: str
    """`query` or `mutation`."""

    name: str | None
    digest: str | None
    """The SHA-256 of its document, in hexadecimal digits; None for a REST request, which has no document."""

    @property
    def label(self) -> str:
        """The type, or of a REST request the name, because there are few."""
        return self.name if self.digest is None and self.name is not None else self.type


class ExecutedStatement(NamedTuple):
    """An SQL statement that ran, without its parameters. Its times are those of `perf_counter`."""

    text: str
    started: float
    ended: float


class RequestRecord(Struct):
    """What is known of a request: viewer, operation, result and times. Instants are those of `perf_counter`."""

    id: str
    """The client's own id if it sends one, or a new one."""

    started: float
    ended: float = 0.0
    traceparent: str | None = None
    """The trace of the request, in the format of W3C's Trace Context."""

    viewer: Viewer | None = None
    operation: RecordedOperation | None = None
    """None until the operation is known."""

    status: int | None = None
    """The HTTP status; None if the client disconnected before the answer."""

    error_codes: tuple[str, ...] = ()
    """The codes of the answer's errors."""

    rejection_reason: str | None = None
    """The limit that the request exceeded, as metrics name it; None for most requests."""

    cost: int | None = None
    """The cost of the operation, even if it exceeds the limit; None until it is known."""

    response_bytes: int = 0
    """Size of the answer's body."""

    replays: int = 0
    """Mutations that were not done, because they were done before with the same idempotency key."""

    statement_count: int = 0
    """SQL statements, without those that begin or end a transaction."""

    database_seconds: float = 0.0
    statements: list[ExecutedStatement] | None = None
    """Each statement, if traces are sent; else None."""

    transactions: tuple[tuple[str, float], ...] = ()
    """The kind of each transaction, `read` or `write`, and its duration in seconds."""

    fallbacks: dict[tuple[str, str], int] = {}
    """How often a compiled query fell back to the normal executor, by root field and reason."""

    def record_fallback(self, field: str, reason: str) -> None:
        """Count a fallback of a root field."""
        self.fallbacks[field, reason] = self.fallbacks.get((field, reason), 0) + 1

    def record_statement(self, text: str, started: float) -> None:
        """Add a statement that has ended. `started` is by `perf_counter`."""
        ended = perf_counter()
        self.statement_count += 1
        self.database_seconds += ended - started
        if self.statements is not None:
            self.statements.append(ExecutedStatement(text, started, ended))

    def record_wait(self, started: float) -> None:
        """Add time that the database took for something other than a statement, such as a commit."""
        self.database_seconds += perf_counter() - started

    def record_transaction(self, kind: str, started: float) -> None:
        """Add a transaction that has ended."""
        self.transactions += ((kind, perf_counter() - started),)


class _NoRequestRecord(RequestRecord):
    """The record outside of requests, such as in commands. It ignores everything."""

    def record_fallback(self, field: str, reason: str) -> None:
        pass

    def record_statement(self, text: str, started: float) -> None:
        pass

    def record_wait(self, started: float) -> None:
        pass

    def record_transaction(self, kind: str, started: float) -> None:
        pass


current_request: ContextVar[RequestRecord] = ContextVar("current_request", default=_NoRequestRecord("", 0.0))  # noqa: B039 (nothing changes it)
