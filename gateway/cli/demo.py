"""`gateway demo`."""

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from gateway.cli.database import configure_command, open_database
from gateway.cli.terminal import err, out, print_table
from gateway.database import migrations
from gateway.demo import (
    CLINICS,
    HARBORVIEW,
    LAKESIDE,
    ExampleRequest,
    build_requests,
    create_key,
    find_example_group_id,
    load_demo,
)
from gateway.domain.calendar import instants
from gateway.server import uvicorn_server
from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class _DemoAccess:
    """What a visitor needs."""

    key: str
    other_key: str
    requests: Sequence[ExampleRequest]


def demo(
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="An empty database to fill and keep; a new temporary SQLite file when absent."
        ),
    ] = None,
    host: Annotated[
        str | None, typer.Option(metavar="HOST", help="Address to listen on; GATEWAY_HOST when absent.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT", min=0, max=65535, help="Port to listen on; GATEWAY_PORT when absent, 0 for a free one."
        ),
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Whether to serve it, or only to load it and print.")
    ] = True,
) -> None:
    """Load a clinic group that does not exist, with the documents' own examples, and serve it.

    Prints a key and a curl line for each operation, ready to be pasted. A temporary file is removed when serving
    ends; without serving it stays, and `--database` opens it again.
    """
    with _open_database_url(database, is_persistent=not serve) as url:
        given = {"database_url": url, "host": host, "port": port}
        settings = configure_command(**{name: value for name, value in given.items() if value is not None})
        listening = uvicorn_server.listen(settings.host, settings.port) if serve else None
        address = uvicorn_server.get_url(listening) if listening else f"http://{settings.host}:{settings.port}"
        loaded = asyncio.run(_load_demo(settings))
        _print_access(loaded, settings, f"{address}/graphql")
        if listening:
            uvicorn_server.serve(settings, listening, visitors_key=loaded.key)


@contextmanager
def _open_database_url(url: str | None, *, is_persistent: bool) -> Iterator[str]:
    """The address of the database that was named, or of a temporary one."""
    if url is not None:
        yield url
        return
    folder = Path(mkdtemp(prefix="gateway-demo-"))
    try:
        yield f"sqlite:///{folder / 'demo.db'}"
    finally:
        if not is_persistent:
            shutil.rmtree(folder, ignore_errors=True)


async def _load_demo(settings: Settings) -> _DemoAccess:
    now = instants.now()
    async with open_database(settings) as database:
        await migrations.upgrade(database)
        with Progress(console=err, disable=not err.is_terminal, transient=True) as progress:
            task = progress.add_task("Inventing a clinic group", total=None)
            await load_demo(database, now, lambda steps: progress.advance(task, steps))
        group_id = await find_example_group_id(database)
        key = await create_key(database, LAKESIDE)
        other_key = await create_key(database, HARBORVIEW)
    return _DemoAccess(key, other_key, build_requests(group_id, now))


def _print_access(access: _DemoAccess, settings: Settings, url: str) -> None:
    table = Table("Integration", "Team", "Provider", "Id")
    for clinic in CLINICS:
        table.add_row(clinic.name, clinic.team.name, clinic.provider.name, clinic.id)
    print_table(table)
    origin = url.removesuffix("/graphql")
    out.print(f"[bold]Dashboard[/]  {escape(origin)}/dashboard   (a browser on this machine is signed in)")
    if settings.graphiql:
        out.print(f"[bold]GraphiQL[/]   {escape(origin)}/graphiql")
    out.print(f"[bold]Graph[/]      {escape(url)}")
    out.print(f"[bold]Database[/]   {escape(settings.database_address)}")
    out.print(f"[bold]Key[/]        {access.key}   ({LAKESIDE.name}, every permission)")
    out.print(f"[bold]Other key[/]  {access.other_key}   ({HARBORVIEW.name}: sees nothing of {LAKESIDE.name})")
    for request in access.requests:
        out.print(f"\n[dim]# {request.operation}[/]")
        # Not through rich: a line that is to be pasted is one line, to the letter.
        typer.echo(request.to_curl(url, access.key))
    out.print()
