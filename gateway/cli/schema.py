"""`gateway schema`."""

from pathlib import Path
from typing import Annotated

import typer


def schema(
    output: Annotated[
        Path | None, typer.Option(help="Write it to this file instead.", dir_okay=False, writable=True)
    ] = None,
) -> None:
    """Print the graph's schema, as it stands in `schema.graphql`."""
    from gateway.schema import schema as graph  # noqa: PLC0415 (it takes a while; other commands do without)

    printed = f"{graph.as_str()}\n"
    if output is None:
        typer.echo(printed, nl=False)
    else:
        output.write_text(printed, encoding="utf-8")
