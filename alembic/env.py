"""Run migrations on the connection of `gateway migrate`, or else on the database of the settings."""

import asyncio
from typing import Literal

from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from alembic import context
from gateway.database import Base, CollatedText, Database, Instant
from gateway.settings import load_settings

_LOCK = 7_470_726_411_209
"""The key of the advisory lock that serialises migrations on PostgreSQL."""


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


def run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        # Set after the lock: it limits waiting for a table that is in use, not for another migration.
        connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        compare_server_default=True,
        render_item=render_type,
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
        try:
            await database.run_sync(run)
        finally:
            await database.dispose()

    asyncio.run(migrate())


main()
