"""Sessions of SQLAlchemy's ORM, with which tests read and write the database of the gateway."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from gateway.database import Database
from gateway.domain import exact_json


@asynccontextmanager
async def open_session(database: Database) -> AsyncIterator[AsyncSession]:
    """Open a session in a transaction, which is committed after the block."""
    arguments = {"timeout": 60} if database.is_sqlite else {}
    engine = create_async_engine(
        database.url, poolclass=NullPool, json_deserializer=exact_json.decode, connect_args=arguments
    )
    try:
        async with AsyncSession(engine, expire_on_commit=False) as session:
            if database.is_sqlite:
                await (await session.connection()).exec_driver_sql("PRAGMA foreign_keys=ON")
            yield session
            await session.commit()
    finally:
        await engine.dispose()
