"""`gateway settings`."""

import json
from typing import Annotated

import typer
from rich.markup import escape

from gateway.cli.database import configure_command
from gateway.cli.terminal import out
from gateway.settings import CONFIG_VARIABLE, Settings, get_variable_name


def settings(
    toml: Annotated[
        bool, typer.Option("--toml", help=f"Print a file for {CONFIG_VARIABLE} instead, with the defaults.")
    ] = False,
) -> None:
    """Show what can be set, what it is set to, its default, and what it does.

    Each is read from the environment, then from the TOML file that GATEWAY_CONFIG names, where its name is the
    same in small letters without `GATEWAY_`.
    """
    if toml:
        _print_toml()
    else:
        _print_settings(configure_command())


def _print_settings(current: Settings) -> None:
    for name, field in Settings.model_fields.items():
        value = current.database_address if name == "database_url" else getattr(current, name)
        out.print(
            f"[bold]{get_variable_name(name)}[/] = {escape(str(value))} [dim](default {escape(str(field.default))})[/]\n"
            f"    {escape(field.description or '')}"
        )
    out.print(
        f"[bold]{CONFIG_VARIABLE}[/]\n    A TOML file with any of these; `gateway settings --toml` prints one."
    )


def _print_toml() -> None:
    for name, field in Settings.model_fields.items():
        typer.echo(f"# {field.description}\n# {name} = {json.dumps(field.default)}\n")
