"""The database: connections, reading, writing, tables, migrations.

One read:

1. `database`: `Database.read()` opens a `Snapshot`, which yields a `Reader`.
2. `prepared_statements`: a function of `gateway.sql` returns a `PreparedStatement`: a builder and its arguments.
3. `reading`: `Reader.fetch_rows(statement)` passes it to the snapshot, with the reader's columns.
4. `inline_reads`: on SQLite, the only statement of an operation runs on the event loop if it is short.
5. `fair_queue`, `connection_pool`: otherwise the snapshot takes a `PooledConnection` and begins a transaction.
6. `prepared_statements`: the statement is compiled, or found in the cache, and its values are bound.
7. `sqlite_driver`, `postgresql_driver`: the driver runs it.
8. `connections`, `failures`: an error of the driver that ends the operation becomes one of `gateway.errors`.
9. `availability`: failures are counted, and requests are refused while the database does not answer.
10. `rows`: the driver's records become rows with the attributes of their class in `tables`.

One write:

1. `database`: `Database.write()` takes a connection, begins a transaction, and yields a `Writer`.
2. `writing`: `Writer.insert_rows`, `update_rows`, `replace_rows`, `delete_rows` and `increment_rows` take many
   rows at once; `execute` runs a prepared statement. A `Writer` is also a `Reader`, of the same transaction.
3. `bulk_statements`: the statement for many rows is compiled once for each table and set of columns.
4. `database`: after the block the transaction is committed; if the block raised, it is rolled back.
"""

from gateway.database import diagnostics, migrations, search_index
from gateway.database.column_types import CollatedText, Instant, TextList
from gateway.database.database import Database
from gateway.database.failures import DATABASE_ERRORS
from gateway.database.fair_queue import TeamId
from gateway.database.fetch_budget import FetchBudget
from gateway.database.keyring import KEY_ID_LENGTH, Keyring, describe_source
from gateway.database.poolers import Pooler
from gateway.database.prepared_statements import prepared, prepared_by_dialect
from gateway.database.reading import Reader, Snapshot
from gateway.database.rows import ColumnNames, get_values, new_row, with_changes
from gateway.database.tables import (
    ApiKey,
    AuditEntry,
    Base,
    BrowserSession,
    CursorKey,
    DayCount,
    DaySeries,
    HasDocument,
    IdempotencyEntry,
    Integration,
    ResourceRecord,
    SecretKey,
    Team,
    TypeCount,
    UseCase,
    UseCaseGroup,
    User,
)
from gateway.database.writing import UniqueViolation, Writer, repeat_on_conflict

__all__ = [
    "DATABASE_ERRORS",
    "KEY_ID_LENGTH",
    "ApiKey",
    "AuditEntry",
    "Base",
    "BrowserSession",
    "CollatedText",
    "ColumnNames",
    "CursorKey",
    "Database",
    "DayCount",
    "DaySeries",
    "FetchBudget",
    "HasDocument",
    "IdempotencyEntry",
    "Instant",
    "Integration",
    "Keyring",
    "Pooler",
    "Reader",
    "ResourceRecord",
    "SecretKey",
    "Snapshot",
    "Team",
    "TeamId",
    "TextList",
    "TypeCount",
    "UniqueViolation",
    "UseCase",
    "UseCaseGroup",
    "User",
    "Writer",
    "describe_source",
    "diagnostics",
    "get_values",
    "migrations",
    "new_row",
    "prepared",
    "prepared_by_dialect",
    "repeat_on_conflict",
    "search_index",
    "with_changes",
]
