"""`gateway assets`."""

import typer

from gateway.assets import Assets, FetchFailed, IntegrityMismatch
from gateway.cli import terminal
from gateway.cli.terminal import out


def assets() -> None:
    """Fetch what pages need of other people, where the install could not; needs npm and its registry.

    A gateway that runs takes it at once.
    """
    found = Assets()
    try:
        fetched = found.install()
    except (FetchFailed, IntegrityMismatch) as error:
        terminal.print_error(str(error))
        raise typer.Exit(1) from None
    for pin in found.pins:
        out.print(f"{pin.spec}   {'fetched' if pin in fetched else 'was there'}")
