"""The `gateway` command: it finds its subcommands and turns errors into exit codes."""

import errno
from collections.abc import Iterator, Mapping
from pkgutil import resolve_name
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from gateway import __version__
from gateway.cli import terminal
from gateway.errors import GatewayError, SchemaNotAtHead, SettingsInvalid

_COMMAND_TARGETS = {
    "serve": "serve:serve",
    "demo": "demo:demo",
    "migrate": "migrate:migrate",
    "schema": "schema:schema",
    "openapi": "openapi:openapi",
    "errors": "errors:errors",
    "keys": "keys:keys",
    "import": "imports:import_",
    "export": "exports:export",
    "secrets": "secrets:secrets",
    "audit": "audit:audit",
    "statistics": "statistics:statistics",
    "assets": "assets:assets",
    "settings": "settings:settings",
    "doctor": "doctor:doctor",
}
"""Module and name of each command: a function, or a Typer with further commands."""

_MARKUP: Final = "markdown"

_EXIT_CODES = {SettingsInvalid: 2, SchemaNotAtHead: 3}
"""Exit codes other than 1. Typer itself exits with 2 on wrong usage."""


class _LazyCommands(Mapping[str, Any]):
    """Builds each command when it is needed, so that no command waits for the imports of others."""

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 (Typer's Command has no public name)
        found = resolve_name(f"gateway.cli.{_COMMAND_TARGETS[name]}")
        mounted = typer.Typer(rich_markup_mode=_MARKUP, pretty_exceptions_show_locals=False)
        if isinstance(found, typer.Typer):
            mounted.add_typer(found, name=name)
        else:
            mounted.command(name)(found)
        return typer.main.get_group(mounted).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMAND_TARGETS)

    def __len__(self) -> int:
        return len(_COMMAND_TARGETS)


class CommandGroup(TyperGroup):
    """Prints each expected error as one line on stderr and exits with its code."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 (Typer's)
        super().__init__(**options)
        self.commands = _LazyCommands()  # type: ignore[assignment]  # Nobody adds commands.

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]  # Typer's Context has no public name.
        try:
            return super().invoke(ctx)
        except GatewayError as error:
            terminal.print_error(str(error))
            raise typer.Exit(_EXIT_CODES.get(type(error), 1)) from None
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            terminal.print_error(str(error))
            raise typer.Exit(1) from None


app = typer.Typer(
    name="gateway",
    cls=CommandGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=_MARKUP,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A GraphQL server for the integrations of a clinic platform.",
    epilog="Exit codes: 0 success; 1 the command failed or found a problem; 2 wrong usage or settings; "
    "3 the database has another revision than this release.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def gateway(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass
