"""Runs migrations on the connection that `gateway migrate` brings, or on the settings' database."""

import asyncio

from sqlalchemy import Connection

from alembic import context
from gateway.database.database import Database
from gateway.database.tables import Base
from gateway.settings import load_settings

_LOCK = 7_470_726_411_209
"""Names the advisory lock that two `gateway migrate` at once take turns by on PostgreSQL."""


def run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        # Only now: another migration is waited for however long it takes, a table in use is not.
        connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        compare_server_default=True,
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
