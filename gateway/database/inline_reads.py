"""Statements of SQLite that are over before a thread would have begun them: on the event loop itself.

The way to a thread and back costs about ten times what the statement of a small query does.
Nobody is kept waiting meanwhile, for what runs here is bounded: by the steps that it takes, none of which is long
where no value is, and by the length of its text, which has to be compiled.
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
"""Steps that a statement may take, of which so many are counted at once: 0.2 ms, most of it for rows."""

_MAX_BYTES = 4_096
"""Bytes that a value may have, and the text of a statement."""

_SKIPS_AFTER_LIMIT = 100
"""Times that a statement is run without a try here after it took too many steps."""


class InlineReader:
    """Runs statements that read, each by itself, on one connection that waits for nothing.

    What is too much, finds the database locked or fails is nobody's business here: a thread runs it again, which
    does no harm and tells what is wrong.
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
        """The rows of a statement, as the driver gives them; None where they are not to be had at a glance."""
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
        """Whether a statement has taken all its steps."""
        # Not the first time: SQLite counts on from where the same statement ended before.
        self._callbacks_left -= 1
        return self._callbacks_left < 0

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
