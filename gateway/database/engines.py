"""SQLAlchemy's engines, whose connections are what the house expects of them."""

import socket
from time import perf_counter
from typing import Any

import orjson
from sqlalchemy import URL, Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from gateway.database import sqlite_driver
from gateway.settings import Settings
from gateway.telemetry import current_request

_SEND_BUFFER_BYTES = 1 << 22
"""Bytes that a Unix socket is to hold: of a batch that is copied as much as the system allows, not a tenth."""


class EngineFactory:
    """Makes the engines of one database."""

    def __init__(self, url: URL, settings: Settings, statement_timeout: float | None) -> None:
        self._url, self._statement_timeout = url, statement_timeout
        self._pool_size, self._pool_timeout = settings.database_pool_size, settings.database_pool_timeout
        self._lock_timeout = settings.database_lock_timeout

    def create_postgresql(self, **options: Any) -> AsyncEngine:  # noqa: ANN401 (SQLAlchemy's options)
        seconds = self._statement_timeout
        given = {} if seconds is None else {"statement_timeout": f"{seconds * 1000:.0f}"}
        engine = self._create_engine(connect_args={"server_settings": given}, **options)

        @event.listens_for(engine.sync_engine, "connect")
        def prepare_connection(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
            _enlarge_send_buffer(connection.driver_connection)

        return engine

    def create_sqlite(
        self, begin_statement: str | None, *, read_only: bool = False, lock_timeout: float | None = None
    ) -> AsyncEngine:
        """An engine whose transactions begin so; without, whoever has a connection begins them.

        `waits` is for how many seconds it waits for another program's lock, if not as long as is set.
        """
        file, timeout = str(self._url.database), lock_timeout or self._lock_timeout
        engine = self._create_engine(async_creator=lambda: sqlite_driver.connect(file, timeout))
        query_only = "ON" if read_only else "OFF"

        @event.listens_for(engine.sync_engine, "connect")
        def prepare_connection(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
            # We say BEGIN ourselves: left to itself the driver begins late, and never before a SELECT.
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"query_only={query_only}"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        if begin_statement is not None:

            @event.listens_for(engine.sync_engine, "begin")
            def begin_transaction(connection: Connection) -> None:
                connection.exec_driver_sql(begin_statement)

        return engine

    def _create_engine(self, **options: Any) -> AsyncEngine:  # noqa: ANN401
        engine = create_async_engine(
            self._url,
            json_deserializer=orjson.loads,
            pool_size=self._pool_size,
            max_overflow=0,
            pool_timeout=self._pool_timeout,
            hide_parameters=True,
            **options,
        )
        _record_statements(engine)
        return engine


def _enlarge_send_buffer(driver: Any) -> None:  # noqa: ANN401 (asyncpg's)
    """Let PostgreSQL read on while Python is about something else. TCP sees to that by itself."""
    found = driver._transport.get_extra_info("socket")  # noqa: SLF001 (the driver has no other way to it)
    if found.family == socket.AF_UNIX:
        # The same one once more: that of uvloop takes no options.
        with socket.fromfd(found.fileno(), found.family, found.type) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)


def _record_statements(engine: AsyncEngine) -> None:
    """Note the statements that SQLAlchemy itself runs; `gateway.database.connections` does of all others."""

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def record_start(connection: Connection, *_: object) -> None:
        connection.info["started"] = perf_counter()

    @event.listens_for(engine.sync_engine, "after_cursor_execute")
    def record_end(connection: Connection, _cursor: DBAPICursor, text: str, *_: object) -> None:
        current_request.get().record_statement(text, connection.info["started"])
