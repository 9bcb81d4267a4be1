"""How every command comes to the database, and how it runs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, ParamSpec

import structlog

from gateway.database import revisions
from gateway.database.database import FAILURES, Database
from gateway.errors import DatabaseUnavailable
from gateway.settings import Settings, settings, unknown_variables
from gateway.telemetry import logs

P = ParamSpec("P")

log = structlog.get_logger(__name__)


def blocking(command: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """A coroutine function as Typer wants it: a function of the same parameters that runs it to its end."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(command(*args, **kwargs))

    return run


def configured(**given: object) -> Settings:
    """The settings, those given first, with logging set up by them; variables that set nothing are reported."""
    found = settings(**given)
    logs.configure(found.log_level)
    for name in unknown_variables():
        log.warning("settings.unknown", variable=name, hint="`gateway settings` lists those there are")
    return found


@asynccontextmanager
async def reached(chosen: Settings | None = None) -> AsyncIterator[Database]:
    """The settings' database, at whatever revision, until the block ends.

    Raises DatabaseUnavailable when it cannot be used, also later in the block.
    """
    database = Database(chosen or configured())
    try:
        yield database
    except FAILURES as error:
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
        raise DatabaseUnavailable(f"The database cannot be used: {reason}") from error
    finally:
        await database.dispose()


@asynccontextmanager
async def opened() -> AsyncIterator[Database]:
    """The settings' database at the revision this release needs, until the block ends.

    Raises SchemaNotAtHead when it is at another one, DatabaseUnavailable when it cannot be used.
    """
    async with reached() as database:
        await revisions.require_head(database)
        yield database
