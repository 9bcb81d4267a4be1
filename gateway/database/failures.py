"""What the errors of the drivers mean for the operation that meets them."""

import sqlite3

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

from gateway.domain.failure_causes import FailureCause
from gateway.errors import (
    DeadlineExceeded,
    OperationAborted,
    Overloaded,
    TransactionConflict,
    Unavailable,
)

DATABASE_ERRORS = (
    SQLAlchemyError,
    sqlite3.Error,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
"""The errors of a database that cannot be used: SQLAlchemy's, the drivers', and the network's (`OSError`)."""

_SQLITE_CAUSES = {
    sqlite3.SQLITE_FULL: FailureCause.STORAGE,
    sqlite3.SQLITE_IOERR: FailureCause.STORAGE,
    sqlite3.SQLITE_CANTOPEN: FailureCause.STORAGE,
    sqlite3.SQLITE_READONLY: FailureCause.READ_ONLY,
    sqlite3.SQLITE_CORRUPT: FailureCause.DAMAGE,
    sqlite3.SQLITE_NOTADB: FailureCause.DAMAGE,
}
"""Causes by SQLite's primary result code, which is the lowest byte of an error's code."""

_POSTGRESQL_CAUSES = {
    "08": FailureCause.DATABASE,  # connection exceptions
    "57P": FailureCause.DATABASE,  # it shuts down, crashed, or does not accept connections yet
    "25P03": FailureCause.DATABASE,  # it closed a connection whose transaction was idle
    "53300": FailureCause.SLOTS,
    "53100": FailureCause.STORAGE,  # disk full
    "53": FailureCause.DATABASE,  # out of memory and other resources
    "58": FailureCause.STORAGE,  # input and output errors
    "XX001": FailureCause.STORAGE,  # damaged data
    "XX002": FailureCause.STORAGE,  # damaged index
    "25006": FailureCause.READ_ONLY,
}
"""Causes by the beginning of PostgreSQL's error code; the longest one counts."""

_MAX_DETAIL = 200


def translate_error(error: BaseException, *, is_connected: bool) -> OperationAborted | None:
    """Return what a driver's error means; None if it is an error of the statement.

    `is_connected` tells whether the connection is still open after the error.
    """
    found = _find_driver_error(error)
    if isinstance(found, sqlite3.Error):
        return _translate_sqlite_error(found)
    code = found.sqlstate if isinstance(found, asyncpg.PostgresError) else None
    if code == "57014":
        return DeadlineExceeded("The database cancelled a statement that took too long")
    if code == "55P03":
        return Overloaded("Another change of the same data takes too long")
    if code in ("40001", "40P01"):
        return TransactionConflict()
    cause = _find_postgresql_cause(code or "")
    if cause is None and (isinstance(found, OSError) or not is_connected):
        cause = FailureCause.DATABASE
    return None if cause is None else Unavailable(cause, describe_error(found))


def _translate_sqlite_error(error: sqlite3.Error) -> OperationAborted | None:
    # Errors of the module itself have no code.
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    if code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Overloaded("Another program writes to the database")
    cause = _SQLITE_CAUSES.get(code & 0xFF)
    return None if cause is None else Unavailable(cause, describe_error(error))


def _find_postgresql_cause(code: str) -> FailureCause | None:
    for length in (5, 3, 2):
        if (cause := _POSTGRESQL_CAUSES.get(code[:length])) is not None:
            return cause
    return None


def _find_driver_error(error: BaseException) -> BaseException:
    """Return the driver's error in one of SQLAlchemy's."""
    while isinstance(error, SQLAlchemyError):
        inner = getattr(error, "orig", None) or error.__cause__
        if inner is None:
            break
        # SQLAlchemy wraps asyncpg's errors once more.
        error = inner.__cause__ or inner
    return error


def describe_error(error: BaseException) -> str:
    """Return the first line of an error's message: later ones can hold values of rows."""
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    line = str(_find_driver_error(error)).partition("\n")[0][:_MAX_DETAIL]
    return line or type(error).__name__
