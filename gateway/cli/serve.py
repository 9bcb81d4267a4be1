"""`gateway serve`."""

import asyncio
from typing import Annotated

import typer

from gateway.cli.database import configure_command, open_database
from gateway.database import migrations
from gateway.server import uvicorn_server
from gateway.settings import DEFAULT_DATABASE_URL, Settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; GATEWAY_HOST when absent.")] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port to listen on; GATEWAY_PORT when absent, 0 for a free one."),
    ] = None,
) -> None:
    """Serve the graph over HTTP, until it is told to stop.

    The database's schema must be this release's: `gateway migrate` brings it there. Only the embedded database,
    which is used when GATEWAY_DATABASE_URL is absent, is migrated here.
    """
    settings = configure_command()
    asyncio.run(_prepare_database(settings))
    uvicorn_server.serve(
        settings, uvicorn_server.listen(host or settings.host, settings.port if port is None else port)
    )


async def _prepare_database(settings: Settings) -> None:
    async with open_database(settings) as database:
        if settings.database_url == DEFAULT_DATABASE_URL:
            await migrations.upgrade(database)
        await migrations.require_head(database)
