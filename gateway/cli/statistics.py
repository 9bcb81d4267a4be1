"""The command `gateway statistics verify`."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import typer
from rich.progress import Progress
from rich.table import Table

from gateway import services
from gateway.cli.database import open_migrated_database, parse_id, run_blocking
from gateway.cli.terminal import err, out, print_table
from gateway.database import Database, Writer, search_index
from gateway.domain.audit import AuditAction
from gateway.domain.enums import ErrorCode, StatisticsDateField
from gateway.domain.statistics import (
    ALL,
    CountDifference,
    TypeDifference,
    VerificationPosition,
    VerificationScope,
    format_day,
)
from gateway.errors import refusal

statistics = typer.Typer(no_args_is_help=True, help="Verify the stored counts of records.")


def _parse_position(text: str) -> VerificationPosition:
    try:
        return VerificationPosition.parse(text)
    except ValueError:
        raise typer.BadParameter("use a position that an interrupted run has printed") from None


@dataclass(slots=True)
class _VerificationRun:
    """State of one run: its scope, its position and its results."""

    database: Database
    scope: VerificationScope
    is_repairing: bool
    position: VerificationPosition | None
    """The next position; None at the end."""
    integrations: set[tuple[str, str]] = field(default_factory=set)
    repaired_integrations: set[tuple[str, str]] = field(default_factory=set)
    blocks: int = 0
    records: int = 0
    differences: int = 0
    repaired: int = 0

    async def run(self) -> None:
        """Verify all blocks from the position on. If interrupted, print how to continue."""
        try:
            # Results go to stdout, progress to stderr.
            with Progress(
                console=err, disable=not err.is_terminal, transient=True, redirect_stdout=False
            ) as progress:
                task = progress.add_task("Verifying", total=await self._count_records())
                while self.position is not None:
                    step = await self._verify_step(self.position, progress)
                    progress.advance(task, step.record_count if step else 0)
        finally:
            if self.position is not None and self.position != VerificationPosition():
                err.print(f"To continue from here: --from {shlex.quote(str(self.position))}", markup=False)

    async def run_search_index(self) -> None:
        """Verify the index of searches, of all teams."""
        after: int | None = 0
        wrong = 0
        while after is not None:
            found = await search_index.verify_batch(self.database, after)
            for team_id, id in found.records:
                out.print(f"team {team_id}, record {id}: the search index has another text", markup=False)
            wrong, after = wrong + len(found.records), found.last_number
        self.differences += wrong
        if wrong and self.is_repairing:
            await search_index.repair(self.database)
            self.repaired += wrong

    async def _count_records(self) -> int | None:
        """Return the number of records to count, for the progress bar."""
        if self.position is None or not err.is_terminal:
            return None
        async with self.database.read() as session:
            return await services.verification.count_records(session, self.scope, self.position)

    async def _verify_step(
        self, position: VerificationPosition, progress: Progress
    ) -> services.verification.VerificationStep | None:
        async with self.database.read() as session:
            step = await services.verification.verify_next_block(session, self.scope, position)
        if step is not None:
            self._report_step(step, progress)
            if self.is_repairing and (step.differences or step.type_differences):
                async with self.database.write() as session:
                    self.repaired += len(await services.verification.repair(session, step))
                    await self._record_repair(session, step.target.team_id, step.target.integration_id)
        self.position = step.next_position if step else None
        return step

    async def _record_repair(self, writer: Writer, team_id: str, integration_id: str) -> None:
        """Insert an audit entry with the first repair of each integration."""
        if (team_id, integration_id) not in self.repaired_integrations:
            self.repaired_integrations.add((team_id, integration_id))
            await services.audit.record_command(
                writer, team_id, AuditAction.STATISTICS_REPAIR, f"integration {integration_id}"
            )

    def _report_step(self, step: services.verification.VerificationStep, progress: Progress) -> None:
        self.integrations.add((step.target.team_id, step.target.integration_id))
        self.blocks += step.block is not None
        self.records += step.record_count
        lines = [
            *(_format_type_difference(step, each) for each in step.type_differences),
            *(_format_difference(step, each) for each in step.differences),
        ]
        self.differences += len(lines)
        if lines:
            progress.stop()
            for line in lines:
                out.print(line, markup=False)
            progress.start()


def _format_type_difference(step: services.verification.VerificationStep, difference: TypeDifference) -> str:
    """Return a difference of the numbers by type in words."""
    stored, counted = (
        "nothing" if number is None else f"{number} in all" for number in (difference.stored, difference.counted)
    )
    return f"{_format_integration(step)}, type {_quote(difference.type)}: stored {stored}; counted {counted}"


def _format_integration(step: services.verification.VerificationStep) -> str:
    return f"team {step.target.team_id}, integration {step.target.integration_id}"


def _format_difference(step: services.verification.VerificationStep, difference: CountDifference) -> str:
    """Return a difference in words. JSON escapes values, so that none can send control characters."""
    series, size, day = difference.block
    parts = [_format_integration(step), series.type]
    if series.date_field != StatisticsDateField.CREATED_AT.value:
        parts.append(f"by {series.date_field}")
    if series.appointment_type != ALL:
        parts.append(f"of type {_quote(series.appointment_type)}")
    if difference.breakdown != ALL:
        parts.append(f"{difference.breakdown} {_quote(difference.value)}")
    parts.append(f"{format_day(day)} ({size} {'day' if size == 1 else 'days'})")
    return (
        f"{', '.join(parts)}: stored {_format_counts(difference.stored)}; "
        f"counted {_format_counts(difference.counted)}"
    )


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _format_counts(numbers: Sequence[int] | None) -> str:
    if numbers is None:
        return "nothing"
    return "{} successful, {} failed, {} pending".format(*numbers)


@statistics.command()
@run_blocking
async def verify(
    repair: Annotated[bool, typer.Option("--repair", help="Correct wrong counts, block by block.")] = False,
    team: Annotated[str | None, typer.Option(parser=parse_id, metavar="ID", help="Only this team.")] = None,
    integration: Annotated[
        str | None, typer.Option(parser=parse_id, metavar="ID", help="Only this integration.")
    ] = None,
    from_: Annotated[
        VerificationPosition | None,
        typer.Option("--from", parser=_parse_position, metavar="POSITION", help="Continue an interrupted run."),
    ] = None,
) -> None:
    """Count the records again, and print each stored count that differs.

    The gateway can run meanwhile. The numbers by type of each integration, and then each block of 16 days, are
    read in one snapshot and repaired in one transaction. Only writes to the same integration wait for a repair;
    on SQLite, all writes do. Without --team and --integration, SQLite's index of searches is compared with the
    records too. Exits with 1 if anything differed, even if it was repaired.
    """
    async with open_migrated_database() as database:
        run = _VerificationRun(
            database, VerificationScope(team, integration), repair, from_ or VerificationPosition()
        )
        await run.run()
        if not (team or integration):
            await run.run_search_index()
    if not run.integrations and (team or integration) and not from_:
        raise refusal(ErrorCode.NOT_FOUND, "There is no such connected integration.")
    _print_summary(run)
    if run.differences:
        raise typer.Exit(1)


def _print_summary(run: _VerificationRun) -> None:
    table = Table("Integrations", "Blocks", "Records", "Differences", "Repaired")
    numbers: Sequence[int] = (len(run.integrations), run.blocks, run.records, run.differences, run.repaired)
    table.add_row(*map(str, numbers))
    print_table(table)
