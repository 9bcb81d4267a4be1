"""The command `gateway assets`."""

import typer

from gateway.assets import Assets, FetchFailed, IntegrityMismatch
from gateway.cli import terminal
from gateway.cli.terminal import out


def assets() -> None:
    """Download the third-party files of the pages if the install could not. Needs npm and its registry.

    A running gateway serves them at once.
    """
    packages = Assets()
    try:
        downloaded = packages.install()
    except (FetchFailed, IntegrityMismatch) as error:
        terminal.print_error(str(error))
        raise typer.Exit(1) from None
    for pin in packages.pins:
        out.print(f"{pin.spec}   {'downloaded' if pin in downloaded else 'already installed'}")
