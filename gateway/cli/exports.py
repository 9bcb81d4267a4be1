"""The command `gateway export`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from gateway import services
from gateway.cli.database import open_migrated_database, parse_id, run_blocking
from gateway.cli.terminal import err
from gateway.database import Database, Integration
from gateway.domain import exact_json
from gateway.domain.audit import AuditAction
from gateway.domain.enums import ErrorCode, GroupsMode, SecretsMode
from gateway.errors import OperationAborted, refusal


@run_blocking
async def export(
    id: Annotated[str, typer.Argument(metavar="ID", help="Id of a connected integration or a webhook.")],
    team: Annotated[
        str | None,
        typer.Option(
            parser=parse_id,
            metavar="ID",
            help="Id of its team; needed if several teams use this id.",
        ),
    ] = None,
    secrets: Annotated[bool, typer.Option("--secrets", help="Include tokens.")] = False,
    no_groups: Annotated[
        bool,
        typer.Option("--no-groups", help="Leave out the groups of use cases, which the documents do not show."),
    ] = False,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="File to write; stdout if absent.")] = None,
) -> None:
    """Export an integration with its use cases and records as JSON, for `gateway import`."""
    mode = SecretsMode.INCLUDE if secrets else SecretsMode.OMIT
    groups = GroupsMode.OMIT if no_groups else GroupsMode.INCLUDE
    async with open_migrated_database() as database:
        if secrets:
            await services.secrets.require_keys(database)
        async with database.read() as session:
            integration = await services.exports.find_integration(session, id, team)
            with Progress(console=err, disable=not err.is_terminal, transient=True) as progress:
                task = progress.add_task(id, total=await services.exports.count_children(session, integration))
                document, omitted = await services.exports.export_integration(
                    session, integration, mode, groups, lambda done: progress.advance(task, done)
                )
        if secrets:
            await _record(database, integration, AuditAction.SECRET_EXPORT)
        _write(output, exact_json.encode_indented(document))
        if not secrets:
            await _try_to_record(database, integration)
    if omitted:
        err.print(f"Omitted: {', '.join(omitted)}. Use `--secrets` to include them.", markup=False)


async def _record(database: Database, integration: Integration, action: AuditAction) -> None:
    """Commit the audit entry of an export."""
    async with database.write() as writer:
        await services.audit.record_command(writer, integration.team_id, action, f"integration {integration.id}")


async def _try_to_record(database: Database, integration: Integration) -> None:
    """Commit the audit entry of an export without secrets. A database that is read-only can be exported, too."""
    try:
        await _record(database, integration, AuditAction.INTEGRATION_EXPORT)
    except OperationAborted as error:
        err.print(f"The export is not in the audit log. {error}", markup=False)


def _write(output: Path | None, content: bytes) -> None:
    """Write the document to a file, or to stdout."""
    if output is None:
        typer.get_binary_stream("stdout").write(content)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise refusal(ErrorCode.INVALID, f"{output} cannot be written: {error.strerror}.", "output") from None
