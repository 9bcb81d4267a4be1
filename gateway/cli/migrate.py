"""`gateway migrate`."""

from typing import Annotated

import typer

from gateway.cli.database import open_database, run_blocking
from gateway.cli.terminal import out
from gateway.database import migrations


def _check_revision(name: str | None) -> str | None:
    allowed = (migrations.EMPTY, *migrations.list_known())
    if name is not None and name not in allowed:
        raise typer.BadParameter(f"there is no revision {name}; there are {', '.join(allowed)}")
    return name


@run_blocking
async def migrate(
    down_to: Annotated[
        str | None,
        typer.Option(
            metavar="REVISION",
            callback=_check_revision,
            help="Go back down to this revision instead; `base` drops every table with all that is in it.",
        ),
    ] = None,
) -> None:
    """Bring the database's schema to this release's.

    A run is one transaction: done, or not begun. Several at once take turns; all but one find nothing to do.
    """
    async with open_database() as database:
        before = await migrations.get_current(database)
        if down_to is None:
            await migrations.upgrade(database)
        else:
            await migrations.downgrade(database, down_to)
        after = await migrations.get_current(database)
    out.print(f"The schema is at {after}" + ("." if after == before else f", it was at {before}."))
