"""The command `gateway demo`."""

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

from gateway import server, services
from gateway.cli.database import configure_command, open_database
from gateway.cli.terminal import err, out, print_table
from gateway.database import migrations
from gateway.demo import (
    CLINICS,
    HARBORVIEW,
    LAKESIDE,
    AnyExampleRequest,
    build_requests,
    build_rest_requests,
    create_key,
    find_example_group_id,
    load_demo,
)
from gateway.domain.calendar import instants
from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class _DemoAccess:
    """Keys and example requests to print."""

    key: str
    other_key: str
    requests: Sequence[AnyExampleRequest]


def demo(
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Empty database to load the demo into; a temporary SQLite file if absent."
        ),
    ] = None,
    host: Annotated[
        str | None, typer.Option(metavar="HOST", help="Address to listen on; GATEWAY_HOST if absent.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT", min=0, max=65535, help="Port to listen on; GATEWAY_PORT if absent, 0 for a free one."
        ),
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Whether to serve the demo after loading it.")
    ] = True,
) -> None:
    """Load a fictional clinic group and the examples of the five documents, and serve them.

    Prints keys, and a `curl` line for each operation. The temporary file is deleted when the server stops. With
    `--no-serve` it stays, and `gateway demo --database URL` serves it again.
    """
    with _open_database_url(database, is_persistent=not serve) as url:
        options = {"database_url": url, "host": host, "port": port, "drain_delay": 0}
        settings = configure_command(**{name: value for name, value in options.items() if value is not None})
        listening = server.listen(settings.host, settings.port) if serve else None
        address = server.get_url(listening) if listening else f"http://{settings.host}:{settings.port}"
        loaded = asyncio.run(_load_demo(settings))
        _print_access(loaded, settings, address)
        if listening:
            server.serve(settings, listening, visitors_key=loaded.key)


@contextmanager
def _open_database_url(url: str | None, *, is_persistent: bool) -> Iterator[str]:
    """Yield the given database URL, or that of a temporary SQLite file."""
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
        await services.secrets.require_keys(database)
        with Progress(console=err, disable=not err.is_terminal, transient=True) as progress:
            task = progress.add_task("Loading a clinic group", total=None)
            await load_demo(database, now, lambda steps: progress.advance(task, steps))
        group_id = await find_example_group_id(database)
        key = await create_key(database, LAKESIDE)
        other_key = await create_key(database, HARBORVIEW)
    requests: list[AnyExampleRequest] = [
        *build_requests(group_id, now),
        *build_rest_requests(group_id, now, LAKESIDE),
    ]
    return _DemoAccess(key, other_key, requests)


def _print_access(access: _DemoAccess, settings: Settings, origin: str) -> None:
    table = Table("Integration", "Team", "Provider", "Id")
    for clinic in CLINICS:
        table.add_row(clinic.name, clinic.team.name, clinic.provider.name, clinic.id)
    print_table(table)
    out.print("A browser on this machine is signed in:")
    out.print(f"[bold]Pages[/]      {escape(origin)}")
    out.print(f"[bold]Dashboard[/]  {escape(origin)}/dashboard?integration={CLINICS[0].id}")
    if settings.graphiql:
        out.print(f"[bold]GraphiQL[/]   {escape(origin)}/graphiql")
    out.print(f"[bold]GraphQL[/]    {escape(origin)}/graphql")
    if settings.docs:
        out.print(f"[bold]REST[/]       {escape(origin)}/docs")
    out.print(f"[bold]Database[/]   {escape(settings.database_address)}")
    out.print(f"[bold]Key[/]        {access.key}   ({LAKESIDE.name}, every permission)")
    out.print(f"[bold]Other key[/]  {access.other_key}   ({HARBORVIEW.name}: no access to {LAKESIDE.name})")
    for request in access.requests:
        out.print(f"\n[dim]# {request.operation}[/]")
        # Rich would change or wrap a line that users paste into a shell.
        typer.echo(request.to_curl(origin, access.key))
    out.print()
