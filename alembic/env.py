"""Run migrations on the connection of `gateway migrate`, or else on the database of the settings."""

import asyncio
from typing import Literal

from alembic.autogenerate.api import AutogenContext
from alembic.runtime.environment import NameFilterParentNames, NameFilterType
from alembic.runtime.migration import MigrationInfo
from sqlalchemy import Connection, event

from alembic import context, op
from gateway.database import Base, CollatedText, Database, Instant, migrations, search_index
from gateway.settings import load_settings


def render_type(kind: str, item: object, autogenerate: AutogenContext) -> str | Literal[False]:
    """Return how a generated migration spells a column type; False for Alembic's own spelling.

    Migrations use the types that the database has, not those of the tables: those change with the code.
    """
    if kind != "type":
        return False
    if item is CollatedText or isinstance(item, Instant):
        name = "CollatedText" if item is CollatedText else "Instant"
        autogenerate.imports.add(f"from gateway.database import {name}")
        return name if item is CollatedText else f"{name}()"
    return {"Enum": "sa.String()", "JsonText": "sa.JSON()"}.get(type(item).__name__, False)


def record_compatibility(step: MigrationInfo) -> None:
    """Record after each migration which is the oldest revision whose release can serve the database.

    A migration names it as `oldest_compatible`; without that it is the migration's own revision.
    """
    table = migrations.COMPATIBILITY_TABLE
    if not step.destination_revision_ids:
        op.execute(f"DROP TABLE IF EXISTS {table}")
        return
    (revision,) = step.destination_revision_ids
    script = context.script.get_revision(revision)
    oldest = getattr(script.module, "oldest_compatible", revision)
    # Servers read the row meanwhile, so that the table is not created again.
    op.execute(f"CREATE TABLE IF NOT EXISTS {table} (oldest_revision VARCHAR(32) NOT NULL)")
    op.execute(f"DELETE FROM {table}")  # noqa: S608 (a constant)
    op.execute(f"INSERT INTO {table} VALUES ('{oldest}')")  # noqa: S608 (a constant and a revision)


def is_compared(name: str | None, kind: NameFilterType, parents: NameFilterParentNames) -> bool:
    """Return whether Alembic compares a table, or a part of one, with those of the code."""
    if kind == "table" and name == migrations.COMPATIBILITY_TABLE:
        return False
    return not search_index.is_part(name, kind, parents.get("table_name"))


def limit_waiting(connection: Connection) -> None:
    """Let each transaction wait at most two seconds for a table that is in use.

    Others wait behind it. What runs outside transactions locks nobody out, and may wait longer.
    """
    limit = "SET LOCAL lock_timeout = '2s'"
    if connection.in_transaction():
        connection.exec_driver_sql(limit)
    else:
        event.listen(connection, "begin", lambda begun: begun.exec_driver_sql(limit))


def run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        limit_waiting(connection)
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        compare_server_default=True,
        render_item=render_type,
        include_name=is_compared,
        transaction_per_migration=not connection.in_transaction(),
        on_version_apply=lambda *, step, **_: record_compatibility(step),
    )
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    connection = context.config.attributes.get("connection")
    if connection is not None:
        run(connection)
        return

    async def migrate() -> None:
        database = Database(load_settings())
        context.config.attributes.update(migrations.build_attributes(database))
        try:
            await migrations.run(database, run)
        finally:
            await database.dispose()

    asyncio.run(migrate())


main()
