"""SQLAlchemy's engines, for PostgreSQL's connections, and for migrations and diagnostics on both databases."""

from functools import partial
from typing import Any

import asyncpg
from sqlalchemy import URL, Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from gateway.database.sqlite_driver import PRAGMAS
from gateway.domain import exact_json

READ_ONLY_OPTION = "gateway_read_only"
"""The execution option of a transaction that does not lock SQLite's database."""


async def connect_postgresql(url: URL, statement_timeout: float | None, *, shares_connections: bool) -> Any:  # noqa: ANN401 (asyncpg has no types)
    """Return a connection of asyncpg that ends each statement after `statement_timeout` seconds.

    `shares_connections` is for a pooler in transaction mode: its connections have no settings and no statements
    that outlive a transaction. asyncpg reads the URL itself: it knows the parameters of PostgreSQL's own clients,
    and several hosts.
    """
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(address, **({"statement_cache_size": 0} if shares_connections else {}))
    try:
        if statement_timeout is not None and not shares_connections:
            # Poolers refuse this setting while a client connects.
            await connection.execute(f"SET statement_timeout = {statement_timeout * 1000:.0f}")
    except BaseException:
        connection.terminate()
        raise
    return connection


def create_postgresql_engine(
    url: URL, statement_timeout: float | None, *, shares_connections: bool
) -> AsyncEngine:
    """Return an engine whose connections `connect_postgresql` opens."""
    connect = partial(connect_postgresql, url, statement_timeout, shares_connections=shares_connections)
    arguments: dict[str, Any] = {"async_creator_fn": connect}
    if shares_connections:
        arguments["prepared_statement_cache_size"] = 0
    return _create_engine(URL.create(url.drivername), arguments)


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
        json_deserializer=exact_json.decode,
        hide_parameters=True,
        # `ConnectionPool` bounds the connections that it takes from the engine. One more is kept for the rest.
        pool_size=1,
        max_overflow=-1,
        connect_args=connect_arguments,
    )
