"""The command `gateway settings`."""

import json
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Annotated

import typer
from rich.markup import escape

from gateway.cli.database import configure_command
from gateway.cli.terminal import out
from gateway.settings import CONFIG_VARIABLE, Settings, get_variable_name

_SHOWN: Mapping[str, Callable[[Settings], object]] = {
    "database_url": attrgetter("database_address"),
    "secret_keys": lambda current: "set; keys are not printed" if current.secret_keys else "",
}
"""How settings with secrets are printed."""

_INTRODUCTION = f"""\
# Settings

`gateway settings --markdown` prints this page. `gateway settings` prints each setting with its current value.
Set a variable in the environment, or write its name into the TOML file that `{CONFIG_VARIABLE}` names.
In the file, names are in lower case and have no prefix, such as `port = 9000`. The environment overrides the file.

| variable | default | meaning |
| --- | --- | --- |
"""


def settings(
    toml: Annotated[
        bool, typer.Option("--toml", help=f"Print a file for {CONFIG_VARIABLE} with all defaults.")
    ] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print all settings and their defaults as a Markdown table.")
    ] = False,
) -> None:
    """Print each setting with its value, its default and its meaning.

    The gateway reads settings from the environment and then from the TOML file that GATEWAY_CONFIG names. In the
    file, names are in lower case and have no prefix.
    """
    if toml and markdown:
        raise typer.BadParameter("give either --toml or --markdown")
    if toml:
        _print_toml()
    elif markdown:
        _print_markdown()
    else:
        _print_settings(configure_command())


def _print_settings(current: Settings) -> None:
    for name, field in Settings.model_fields.items():
        value = _SHOWN.get(name, attrgetter(name))(current)
        default = f"[dim](default {escape(str(field.default))})[/]"
        out.print(f"[bold]{get_variable_name(name)}[/] = {escape(str(value))} {default}")
        out.print(f"    {escape(field.description or '')}")
    out.print(f"[bold]{CONFIG_VARIABLE}[/]\n    TOML file with settings; `gateway settings --toml` prints one.")


def _print_toml() -> None:
    for name, field in Settings.model_fields.items():
        typer.echo(f"# {field.description}\n# {name} = {json.dumps(field.default)}\n")


def _print_markdown() -> None:
    typer.echo(_INTRODUCTION, nl=False)
    for name, field in Settings.model_fields.items():
        default = f"`{_format_default(field.default)}`" if field.default != "" else "empty"
        typer.echo(f"| `{get_variable_name(name)}` | {default} | {field.description} |")


def _format_default(default: object) -> str:
    return default if isinstance(default, str) else json.dumps(default)
