"""The command `gateway serve`."""

import asyncio
from typing import Annotated

import typer

from gateway import server, services
from gateway.cli.database import configure_command, open_database
from gateway.database import Pooler, migrations
from gateway.errors import SettingsInvalid
from gateway.settings import DEFAULT_DATABASE_URL, Settings, get_variable_name


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; GATEWAY_HOST if absent.")] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port to listen on; GATEWAY_PORT if absent, 0 for a free one."),
    ] = None,
) -> None:
    """Serve the API over HTTP until SIGINT or SIGTERM.

    The database must have this release's revision; run `gateway migrate` before. Without GATEWAY_DATABASE_URL, the
    gateway uses a SQLite file in the working directory and migrates it by itself.
    """
    settings = configure_command()
    asyncio.run(_prepare_database(settings))
    server.serve(settings, server.listen(host or settings.host, settings.port if port is None else port))


async def _prepare_database(settings: Settings) -> None:
    async with open_database(settings) as database:
        if settings.database_pooler == "none" and await database.find_pooler() is Pooler.TRANSACTION:
            raise SettingsInvalid(
                f"{get_variable_name('database_pooler')} is none, but a pooler in transaction mode stands between "
                "the gateway and PostgreSQL: set it to transaction."
            )
        if settings.database_url == DEFAULT_DATABASE_URL:
            await migrations.upgrade(database)
        await migrations.require_compatible(database)
        await services.secrets.require_keys(database)
