"""`gateway export`."""

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.progress import Progress

from gateway import services
from gateway.cli.database import open_migrated_database, parse_id, run_blocking
from gateway.cli.terminal import err
from gateway.domain.enums import ErrorCode, SecretsMode
from gateway.errors import refusal


@run_blocking
async def export(
    id: Annotated[str, typer.Argument(metavar="ID", help="The integration's id, of either world.")],
    team: Annotated[
        str | None,
        typer.Option(
            parser=parse_id, metavar="ID", help="Its team; needed when several teams have one with this id."
        ),
    ] = None,
    secrets: Annotated[bool, typer.Option("--secrets", help="Include tokens.")] = False,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write it; stdout when absent.")
    ] = None,
) -> None:
    """Write an integration with all that hangs below it as JSON, which `gateway import` takes back in."""
    mode = SecretsMode.INCLUDE if secrets else SecretsMode.OMIT
    async with open_migrated_database() as database, database.read() as session:
        integration = await services.exports.find_integration(session, id, team)
        with Progress(console=err, disable=not err.is_terminal, transient=True) as progress:
            task = progress.add_task(id, total=await services.exports.count_children(session, integration))
            document, omitted = await services.exports.export_integration(
                session, integration, mode, lambda done: progress.advance(task, done)
            )
    written = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if output is None:
        typer.get_binary_stream("stdout").write(written)
    else:
        _write(output, written)
    if omitted:
        err.print(f"Left out: {', '.join(omitted)}. `--secrets` includes them.", markup=False)


def _write(output: Path, content: bytes) -> None:
    try:
        output.write_bytes(content)
    except OSError as error:
        raise refusal(ErrorCode.INVALID, f"{output} cannot be written: {error.strerror}.", "output") from None
