"""The command `gateway migrate`."""

from typing import Annotated

import typer

from gateway.cli.database import open_database, run_blocking
from gateway.cli.terminal import out
from gateway.database import migrations


def _check_revision(name: str | None) -> str | None:
    allowed = (migrations.EMPTY, *migrations.list_known())
    if name is not None and name not in allowed:
        raise typer.BadParameter(f"{name} is not a revision; use {', '.join(allowed)}")
    return name


@run_blocking
async def migrate(
    down_to: Annotated[
        str | None,
        typer.Option(
            metavar="REVISION",
            callback=_check_revision,
            help="Downgrade to this revision; `base` deletes all tables with all data.",
        ),
    ] = None,
) -> None:
    """Migrate the database to this release's revision, in one transaction.

    If several migrations run at once, one does the work and the others find nothing to do.
    """
    async with open_database() as database:
        before = await migrations.get_current(database)
        if down_to is None:
            await migrations.upgrade(database)
        else:
            await migrations.downgrade(database, down_to)
        after = await migrations.get_current(database)
    out.print(f"The database is at revision {after}" + ("." if after == before else f"; it was at {before}."))
