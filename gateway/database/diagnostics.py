"""Checks of a database, for `gateway doctor`; they read and never repair."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, exists, func, select

from gateway.database.database import Database
from gateway.database.tables import Base, DayCount, DaySeries


async def find_orphans(database: Database) -> Sequence[str]:
    """Return the foreign keys without a parent row, such as `use_case.fk_use_case_integration: 3 rows`."""
    return await database.run_sync(_list_orphans)


def _list_orphans(connection: Connection) -> list[str]:
    found = []
    for name, columns, parent in _list_references():
        count = connection.scalar(_select_orphan_count(columns, parent)) or 0
        if count:
            found.append(f"{name}: {count} row{'s'[: count > 1]}")
    return found


def _list_references() -> Iterator[tuple[str, Iterable[ColumnElement[Any]], FromClause]]:
    """Yield the name, the columns and the parent table of each foreign key, and of day counts, which have none."""
    for table in Base.metadata.sorted_tables:
        for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name)):
            yield f"{table.name}.{key.name}", key.columns, key.referred_table
    count = DayCount.__table__.c
    yield "day_count", (count.team_id, count.series_id), DaySeries.__table__


def _select_orphan_count(columns: Iterable[ColumnElement[Any]], parent: FromClause) -> Select[int]:
    parents = parent.alias("parent")
    pairs = [*zip(columns, parents.primary_key, strict=True)]
    return select(func.count()).where(
        *(column.is_not(None) for column, _ in pairs), ~exists().where(*(key == column for column, key in pairs))
    )


async def read_sqlite_pragmas(database: Database) -> dict[str, str]:
    """Return the pragmas `journal_mode`, `synchronous`, `foreign_keys` and `quick_check`."""

    def read_pragmas(connection: Connection) -> dict[str, str]:
        names = ("journal_mode", "synchronous", "foreign_keys", "quick_check")
        return {name: str(connection.exec_driver_sql(f"PRAGMA {name}").scalar()) for name in names}

    return await database.run_sync(read_pragmas)


async def read_postgresql_settings(database: Database) -> dict[str, str]:
    """Return the settings `server_version` and `server_encoding`."""

    def read_settings(connection: Connection) -> dict[str, str]:
        names = ("server_version", "server_encoding")
        return {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar()) for name in names}

    return await database.run_sync(read_settings)
