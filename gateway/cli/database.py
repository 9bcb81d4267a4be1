"""What commands share: how they run, read settings and ids, and open the database."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, ParamSpec

import structlog
import typer

from gateway import assets
from gateway.database import DATABASE_ERRORS, Database, migrations
from gateway.domain.failure_causes import FailureCause
from gateway.domain.ids import MAX_ID_LENGTH, is_id
from gateway.errors import Unavailable
from gateway.settings import CONFIG_VARIABLE, ENVIRONMENT_PREFIX, Settings, get_variable_name, load_settings
from gateway.telemetry import configure_logging

P = ParamSpec("P")

log = structlog.get_logger(__name__)


def run_blocking(command: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Return a blocking function for Typer that has the same parameters and runs the coroutine to its end."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(command(*args, **kwargs))

    return run


def configure_command(**overrides: object) -> Settings:
    """Return the settings, where overrides come first, and configure logging by them.

    Logs a warning for each `GATEWAY_…` variable that is not a setting.
    """
    settings = load_settings(**overrides)
    configure_logging(settings.log_level)
    for name in find_unknown_variables():
        log.warning("settings.unknown", variable=name, hint="`gateway settings` lists all settings")
    return settings


def parse_id(text: str) -> str:
    """Parse an id for Typer. Raises typer.BadParameter when it is not valid."""
    if not is_id(text):
        raise typer.BadParameter(f"an id is 1 to {MAX_ID_LENGTH} visible ASCII characters")
    return text


@asynccontextmanager
async def open_database(configuration: Settings | None = None) -> AsyncIterator[Database]:
    """Yield the configured database at any revision, and close it after the block.

    Raises Unavailable when a statement in the block fails because the database cannot be used.
    """
    database = Database(configuration or configure_command())
    try:
        yield database
    except DATABASE_ERRORS as error:
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
        raise Unavailable(FailureCause.DATABASE, reason) from error
    finally:
        await database.dispose()


@asynccontextmanager
async def open_migrated_database() -> AsyncIterator[Database]:
    """Yield the configured database at this release's revision, and close it after the block.

    Raises SchemaNotAtHead at any other revision, and Unavailable when the database cannot be used.
    """
    async with open_database() as database:
        await migrations.require_compatible(database)
        yield database


def find_unknown_variables() -> list[str]:
    """Return the variables in the environment that begin with `GATEWAY_` but are not settings, sorted."""
    known = {
        CONFIG_VARIABLE,
        assets.ENVIRONMENT_VARIABLE,
        *(get_variable_name(name) for name in Settings.model_fields),
    }
    return sorted(
        name for name in os.environ if name.upper().startswith(ENVIRONMENT_PREFIX) and name.upper() not in known
    )
