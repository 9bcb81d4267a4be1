"""The command `gateway migrate`."""

from collections.abc import Sequence
from typing import Annotated

import typer

from gateway import services
from gateway.cli.database import open_database, run_blocking
from gateway.cli.terminal import err, is_interactive, out
from gateway.database import Database, migrations
from gateway.domain.audit import AuditAction
from gateway.domain.enums import ErrorCode
from gateway.errors import refusal


def _check_revision(name: str | None) -> str | None:
    allowed = (migrations.EMPTY, *migrations.list_known())
    if name is not None and name not in allowed:
        raise typer.BadParameter(f"{name} is not a revision; use {', '.join(allowed)}")
    return name


@run_blocking
async def migrate(
    down_to: Annotated[
        str | None,
        typer.Option(
            metavar="REVISION",
            callback=_check_revision,
            help="Downgrade to this revision; `base` deletes all tables with all data.",
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Downgrade without a question, even if that deletes data.")
    ] = False,
) -> None:
    """Migrate the database to this release's revision.

    Repeat the command if it was interrupted: it goes on. If several run at once, one does the work and the others
    find nothing to do. A downgrade prints which data it deletes and asks; without a terminal it needs `--yes`.
    """
    async with open_database() as database:
        before = await migrations.get_current(database)
        if down_to is None:
            _print_search_index(await migrations.upgrade(database))
            await services.secrets.require_keys(database)
        else:
            await _downgrade(database, down_to, is_confirmed=yes)
        after = await migrations.get_current(database)
    out.print(f"The database is at revision {after}" + ("." if after == before else f"; it was at {before}."))


def _print_search_index(reason: str | None) -> None:
    """Print why searches have no index, if that is so."""
    if reason is not None:
        err.print(f"Searches work without an index, slowly. It could not be created: {reason}", markup=False)
        err.print("Install what is missing, and run `gateway migrate` again.", markup=False)


async def _downgrade(database: Database, revision: str, *, is_confirmed: bool) -> None:
    """Print what a downgrade deletes, ask unless that is confirmed, and downgrade.

    A downgrade that deletes data is in the audit log of each team before it begins.
    Raises Refused (CONFLICT) if nobody can be asked, and typer.Abort if the answer is no.
    """
    if revision < migrations.ENCRYPTION <= await migrations.get_current(database):
        await _announce_decryption(database)
    losses = await migrations.preview_downgrade(database, revision)
    if losses:
        _print_losses(revision, losses)
        if not is_confirmed:
            if not is_interactive():
                raise refusal(
                    ErrorCode.CONFLICT, "Nothing was changed. To delete this data, repeat it with --yes."
                )
            typer.confirm("Delete this data?", abort=True, err=True)
        async with database.write() as writer:
            subject = f"revision {revision}"
            await services.audit.record_command_for_all_teams(writer, AuditAction.MIGRATION_DOWNGRADE, subject)
    await migrations.downgrade(database, revision)


async def _announce_decryption(database: Database) -> None:
    """Print that a downgrade decrypts tokens, if there are any. Raises SettingsInvalid if a key is missing."""
    await services.secrets.require_keys(database)
    async with database.read(once=True) as reader:
        counts = await services.secrets.count_by_key(reader)
    if counts:
        err.print("The downgrade decrypts tokens: the database and its backups then have them in plain text.")


def _print_losses(revision: str, losses: Sequence[migrations.DataLoss]) -> None:
    err.print(f"The downgrade to {revision} deletes:")
    for loss in losses:
        unit = "value" if "." in loss.name else "row"
        err.print(f"  {loss.name}: {loss.count:,} {unit}{'s'[: loss.count > 1]}", markup=False)
