"""Erases what SQLite's file and its log still have of rows that a migration changed."""

import sqlite3
from contextlib import closing

from gateway.domain.enums import ErrorCode
from gateway.errors import refusal

_PENDING = 11
"""The `user_version` that the migration 0011 sets: it encrypted tokens, whose plain text is still in the file."""


def erase_free_pages(file: str) -> None:
    """Write the file anew and truncate its log, if a migration asks for it and until that succeeds.

    Raises Refused (CONFLICT) if another process reads the database meanwhile.
    """
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        ((version,),) = connection.execute("PRAGMA user_version")
        if version != _PENDING:
            return
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("VACUUM")
        ((is_busy, *_),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if is_busy:
            raise refusal(
                ErrorCode.CONFLICT,
                "Tokens are encrypted now, but the log of SQLite still has them in plain text. Stop the processes "
                "that use the database, and run `gateway migrate` again.",
            )
        connection.execute("PRAGMA user_version = 0")
