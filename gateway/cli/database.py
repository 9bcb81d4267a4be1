"""How every command comes to the database, and how it runs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, ParamSpec

import structlog

from gateway.database import DATABASE_ERRORS, Database, migrations
from gateway.errors import DatabaseUnavailable
from gateway.settings import Settings, find_unknown_variables, load_settings
from gateway.telemetry import logs

P = ParamSpec("P")

log = structlog.get_logger(__name__)


def run_blocking(command: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """A coroutine function as Typer wants it: a function of the same parameters that runs it to its end."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(command(*args, **kwargs))

    return run


def configure_command(**overrides: object) -> Settings:
    """The settings, those given first, with logging set up by them; variables that set nothing are reported."""
    settings = load_settings(**overrides)
    logs.configure(settings.log_level)
    for name in find_unknown_variables():
        log.warning("settings.unknown", variable=name, hint="`gateway settings` lists those there are")
    return settings


@asynccontextmanager
async def open_database(configuration: Settings | None = None) -> AsyncIterator[Database]:
    """The settings' database, at whatever revision, until the block ends.

    Raises DatabaseUnavailable when it cannot be used, also later in the block.
    """
    database = Database(configuration or configure_command())
    try:
        yield database
    except DATABASE_ERRORS as error:
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
        raise DatabaseUnavailable(f"The database cannot be used: {reason}") from error
    finally:
        await database.dispose()


@asynccontextmanager
async def open_migrated_database() -> AsyncIterator[Database]:
    """The settings' database at the revision this release needs, until the block ends.

    Raises SchemaNotAtHead when it is at another one, DatabaseUnavailable when it cannot be used.
    """
    async with open_database() as database:
        await migrations.require_head(database)
        yield database
