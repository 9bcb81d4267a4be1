"""The command `gateway schema`."""

from pathlib import Path
from typing import Annotated

import typer


def schema(
    output: Annotated[
        Path | None, typer.Option(help="File to write; stdout if absent.", dir_okay=False, writable=True)
    ] = None,
) -> None:
    """Print the GraphQL schema, the content of `schema.graphql`."""
    from gateway.schema import schema as graphql_schema  # noqa: PLC0415 (it is slow to import)

    printed = f"{graphql_schema.as_str()}\n"
    if output is None:
        typer.echo(printed, nl=False)
    else:
        output.write_text(printed, encoding="utf-8")
