"""The commands `gateway secrets new-key` and `rotate`."""

import typer
from rich.progress import Progress

from gateway import services
from gateway.cli.database import open_migrated_database, run_blocking
from gateway.cli.terminal import err, out
from gateway.database import Database, repeat_on_conflict
from gateway.domain.audit import AuditAction
from gateway.domain.enums import ErrorCode
from gateway.domain.secret_keys import generate_key
from gateway.errors import refusal

secrets = typer.Typer(no_args_is_help=True, help="Create and rotate the keys that encrypt tokens.")


@secrets.command("new-key")
def new_key() -> None:
    """Print a new random key for GATEWAY_SECRET_KEYS. It is not stored anywhere."""
    typer.echo(generate_key())


@secrets.command()
@run_blocking
async def rotate() -> None:
    """Encrypt all tokens with the newest key, the first of GATEWAY_SECRET_KEYS.

    The gateway can run meanwhile, if all its processes have the newest key. An interrupted rotation goes on when
    the command is repeated. It ends with the number of integrations that are left under older keys.
    """
    async with open_migrated_database() as database:
        await services.secrets.require_keys(database)
        async with database.read() as reader:
            total = await services.secrets.count_left(reader)
        with Progress(console=err, disable=not err.is_terminal, transient=True) as progress:
            task = progress.add_task("Encrypting tokens", total=total)
            position, done = ("", ""), 0
            while (batch := await _rotate_batch(database, position)) is not None:
                position, done = batch.position, done + batch.row_count
                progress.advance(task, batch.row_count)
        async with database.write() as writer:
            left = await services.secrets.forget_old_keys(writer)
            if done:
                await services.audit.record_command_for_all_teams(writer, AuditAction.SECRET_ROTATE, "database")
    out.print(f"Encrypted the tokens of {done} integrations with the newest key; {left} left under older keys.")
    if left:
        raise refusal(
            ErrorCode.CONFLICT,
            "A process without the newest key wrote tokens meanwhile. Give all processes the newest key, restart "
            "them, and run the command again.",
        )


async def _rotate_batch(database: Database, after: tuple[str, str]) -> services.secrets.RotatedBatch | None:
    async def run() -> services.secrets.RotatedBatch | None:
        async with database.write() as writer:
            return await services.secrets.rotate_batch(writer, after)

    return await repeat_on_conflict(run)
