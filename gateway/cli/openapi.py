"""The command `gateway openapi`."""

import typer


def openapi() -> None:
    """Print the OpenAPI document of the REST operations.

    The output is the file `gateway/docs/openapi.json`.
    """
    from gateway.rest import print_openapi  # noqa: PLC0415 (it is slow to import)

    typer.echo(print_openapi(), nl=False)
