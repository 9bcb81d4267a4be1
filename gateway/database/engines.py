"""SQLAlchemy's engines, for PostgreSQL's connections, and for migrations and diagnostics on both databases."""

from typing import Any

import asyncpg
import orjson
from sqlalchemy import URL, Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from gateway.database.sqlite_driver import PRAGMAS

READ_ONLY_OPTION = "gateway_read_only"
"""The execution option of a transaction that does not lock SQLite's database."""


def create_postgresql_engine(url: URL, statement_timeout: float | None) -> AsyncEngine:
    """Return an engine whose connections end each statement after `statement_timeout` seconds.

    asyncpg reads the URL itself: it knows the parameters of PostgreSQL's own clients, and several hosts.
    """
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    settings = {} if statement_timeout is None else {"statement_timeout": f"{statement_timeout * 1000:.0f}"}

    async def connect() -> Any:  # noqa: ANN401 (asyncpg has no types)
        return await asyncpg.connect(address, server_settings=settings)

    return _create_engine(URL.create(url.drivername), {"async_creator_fn": connect})


def create_sqlite_engine(url: URL, lock_timeout: float) -> AsyncEngine:
    """Return an engine whose transactions wait `lock_timeout` seconds for the lock of the database."""
    engine = _create_engine(url, {"timeout": lock_timeout})

    @event.listens_for(engine.sync_engine, "connect")
    def prepare_connection(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        # Without an isolation level the driver never begins a transaction itself.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        read_only = connection.get_execution_options().get(READ_ONLY_OPTION, False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _create_engine(url: URL, connect_arguments: dict[str, Any]) -> AsyncEngine:
    return create_async_engine(
        url,
        json_deserializer=orjson.loads,
        hide_parameters=True,
        # `ConnectionPool` bounds the connections that it takes from the engine. One more is kept for the rest.
        pool_size=1,
        max_overflow=-1,
        connect_args=connect_arguments,
    )
