"""Short SQLite reads, which run directly on the event loop.

Passing a small statement to a thread and back costs about ten times as much as the statement: requests of one
statement are 1.8 to 2.4 times as fast this way. `python -m tests.benchmarks` measures them (workload `get`);
compare with a `Database` whose `_inline_reader` is None. Other requests do not wait long, since limits bound a
statement: the steps of SQLite's virtual machine, the bytes of a value, and the bytes of the statement's text.
"""

import sqlite3
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from sqlalchemy import Dialect

from gateway.database.prepared_statements import PreparedStatement
from gateway.database.rows import ColumnNames
from gateway.telemetry import current_request

_STEPS_PER_CALLBACK = 100
_MAX_STEPS = 1_000
"""Steps of SQLite's virtual machine that a statement may take: about 0.2 ms. They are counted by the hundred."""

_MAX_BYTES = 4_096
"""Bytes that a value may have, and the text of a statement."""

_SKIPS_AFTER_LIMIT = 100
"""Runs of a statement that go straight to a thread after one run took too many steps."""


class InlineReader:
    """Runs single statements on one read-only connection, which does not wait for locks.

    A statement that exceeds the limits, finds the database locked, or fails returns None. A thread then runs it
    again, and raises its errors.
    """

    def __init__(self, file: str, dialect: Dialect) -> None:
        self._file, self._dialect = file, dialect
        self._connection: sqlite3.Connection | None = None
        self._callbacks_left = 0

    def run(
        self, statement: PreparedStatement[*tuple[Any, ...]], columns: ColumnNames, also: Sequence[str]
    ) -> Sequence[Any] | None:
        """Return the rows of a prepared statement; None when a thread has to run it."""
        compiled, values = statement.compile(self._dialect, columns, also)
        if compiled.inline_skips:
            compiled.inline_skips -= 1
            return None
        records = self.fetch(compiled.text, compiled.bind(values))
        if records is None:
            if self._callbacks_left < 0:
                compiled.inline_skips = _SKIPS_AFTER_LIMIT
            return None
        return compiled.make_rows(records)

    def fetch(self, text: str, parameters: Sequence[object] = ()) -> list[Any] | None:
        """Return the driver's rows of a statement; None when a thread has to run it."""
        started = perf_counter()
        self._callbacks_left = _MAX_STEPS // _STEPS_PER_CALLBACK
        try:
            records = (self._connection or self._open()).execute(text, parameters).fetchall()
        except sqlite3.Error:
            current_request.get().record_wait(started)
            return None
        current_request.get().record_statement(text, started)
        return records

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, timeout=0, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only=ON")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_BYTES)
        connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, _MAX_BYTES)
        connection.set_progress_handler(self._count_steps, _STEPS_PER_CALLBACK)
        self._connection = connection
        return connection

    def _count_steps(self) -> bool:
        """Return whether the statement has taken all its steps, which interrupts it."""
        # The first call does not count: SQLite goes on from where the last run of the statement ended.
        self._callbacks_left -= 1
        return self._callbacks_left < 0

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
