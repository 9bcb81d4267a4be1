"""The `gateway` command itself: its commands, and what becomes of the errors they end with."""

import errno
from typing import Annotated

import typer
from typer.core import TyperGroup

from gateway import __version__
from gateway.cli import terminal
from gateway.cli.assets import assets
from gateway.cli.demo import demo
from gateway.cli.doctor import doctor
from gateway.cli.exports import export
from gateway.cli.imports import import_
from gateway.cli.keys import keys
from gateway.cli.migrate import migrate
from gateway.cli.schema import schema
from gateway.cli.serve import serve
from gateway.cli.settings import settings
from gateway.cli.statistics import statistics
from gateway.errors import GatewayError, SchemaNotAtHead, SettingsInvalid

_EXIT_CODES = {SettingsInvalid: 2, SchemaNotAtHead: 3}
"""Of errors that are not 1. Typer itself ends with 2 on bad usage."""


class Commands(TyperGroup):
    """Commands whose every deliberate error becomes one line on stderr and an exit code."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]  # Typer's own Context has no public name
        try:
            return super().invoke(ctx)
        except GatewayError as error:
            terminal.say_error(str(error))
            raise typer.Exit(_EXIT_CODES.get(type(error), 1)) from None
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            terminal.say_error(str(error))
            raise typer.Exit(1) from None


app = typer.Typer(
    name="gateway",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="One GraphQL graph over a clinic platform's integrations.",
    epilog="Exit codes: 0 good; 1 the work failed or found something; 2 bad usage or settings; "
    "3 the database's schema is not this release's.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


app.command()(serve)
app.command()(demo)
app.command()(migrate)
app.command()(schema)
app.add_typer(keys, name="keys")
app.command("import")(import_)
app.command()(export)
app.add_typer(statistics, name="statistics")
app.command()(assets)
app.command()(settings)
app.command()(doctor)


@app.callback()
def gateway(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass
