"""What can be wrong with a database, each as one question to it. Readings, never repairs."""

from collections.abc import Sequence

from sqlalchemy import Connection, ForeignKeyConstraint, Select, exists, func, select

from gateway.database import Database
from gateway.tables import Base


async def orphans(database: Database) -> Sequence[str]:
    """Each foreign key with rows that refer to none, such as `use_case.fk_use_case_integration: 3 rows`."""
    return await database.run_sync(_orphans)


def _orphans(connection: Connection) -> list[str]:
    found = []
    for table in Base.metadata.sorted_tables:
        for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name)):
            count = connection.scalar(_orphans_of(key)) or 0
            if count:
                found.append(f"{table.name}.{key.name}: {count} row{'s'[: count > 1]}")
    return found


def _orphans_of(key: ForeignKeyConstraint) -> Select[int]:
    parent = key.referred_table.alias("parent")
    return (
        select(func.count())
        .select_from(key.table)
        .where(
            *(element.parent.is_not(None) for element in key.elements),
            ~exists().where(*(parent.c[element.column.name] == element.parent for element in key.elements)),
        )
    )


async def sqlite_pragmas(database: Database) -> dict[str, str]:
    """`journal_mode`, `synchronous`, `foreign_keys` and `quick_check` as SQLite says them."""

    def ask(connection: Connection) -> dict[str, str]:
        names = ("journal_mode", "synchronous", "foreign_keys", "quick_check")
        return {name: str(connection.exec_driver_sql(f"PRAGMA {name}").scalar()) for name in names}

    return await database.run_sync(ask)


async def postgresql_settings(database: Database) -> dict[str, str]:
    """`server_version` and `server_encoding` as PostgreSQL says them."""

    def ask(connection: Connection) -> dict[str, str]:
        names = ("server_version", "server_encoding")
        return {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar()) for name in names}

    return await database.run_sync(ask)
