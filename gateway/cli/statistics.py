"""`gateway statistics`: verify."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

import typer
from rich.progress import Progress
from rich.table import Table

from gateway import services
from gateway.cli.database import blocking, opened
from gateway.cli.identifiers import identifier
from gateway.cli.terminal import err, out, show
from gateway.database.database import Database
from gateway.domain.enums import ErrorCode
from gateway.domain.statistics.day_counts import ALL, Cell
from gateway.domain.statistics.verification import Difference, Place, Scope
from gateway.errors import refused
from gateway.services.verification import Step

statistics = typer.Typer(no_args_is_help=True, help="Verify what the dashboards are read from.")


def _place(text: str) -> Place:
    try:
        return Place.parse(text)
    except ValueError:
        raise typer.BadParameter("give a place as an interrupted run has printed it") from None


@dataclass(slots=True)
class _Verification:
    """A run: what it is to do, how far it has come, and what it found."""

    database: Database
    scope: Scope
    repairs: bool
    place: Place | None
    """Where it goes on; None when it is done."""
    integrations: set[tuple[str, str]] = field(default_factory=set)
    blocks: int = 0
    records: int = 0
    differences: int = 0
    repaired: int = 0

    async def run(self) -> None:
        """Go on to the end. Where it stops before that, it says how to go on from there."""
        try:
            # What is found goes to stdout, whatever shows the progress.
            with Progress(
                console=err, disable=not err.is_terminal, transient=True, redirect_stdout=False
            ) as progress:
                task = progress.add_task("Verifying", total=await self._size())
                while self.place is not None:
                    step = await self._step(self.place, progress)
                    progress.advance(task, step.records if step else 0)
        finally:
            if self.place is not None and self.place != Place():
                err.print(f"To go on from here: --from {shlex.quote(str(self.place))}", markup=False)

    async def _size(self) -> int | None:
        """How many records there are to count, for who watches."""
        if self.place is None or not err.is_terminal:
            return None
        async with self.database.snapshot() as session:
            return await services.verification.size(session, self.scope, self.place)

    async def _step(self, place: Place, progress: Progress) -> Step | None:
        async with self.database.snapshot() as session:
            step = await services.verification.step(session, self.scope, place)
        if step is not None:
            self._tell(step, progress)
            if step.differences and self.repairs:
                async with self.database.write() as session:
                    self.repaired += len(await services.verification.repair(session, step))
        self.place = step.next if step else None
        return step

    def _tell(self, step: Step, progress: Progress) -> None:
        self.integrations.add((step.home.team_id, step.home.integration_id))
        self.blocks += step.block is not None
        self.records += step.records
        self.differences += len(step.differences)
        if step.differences:
            progress.stop()
            for each in step.differences:
                out.print(_line(step, each), markup=False)
            progress.start()


def _line(step: Step, found: Difference) -> str:
    """A difference in words. Values are written as in JSON, so that none can do anything to a terminal."""
    series, block = found.cell
    what = [f"team {step.home.team_id}", f"integration {step.home.integration_id}", series.type]
    if series.appointment_type != ALL:
        what.append(f"of type {_quoted(series.appointment_type)}")
    if series.breakdown != ALL:
        what.append(f"{series.breakdown} {_quoted(block.value)}")
    what.append(f"{date.fromordinal(block.day)} ({block.size} {'day' if block.size == 1 else 'days'})")
    return f"{', '.join(what)}: stored {_numbers(found.stored)}; counted {_numbers(found.counted)}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _numbers(cell: Cell | None) -> str:
    if cell is None:
        return "nothing"
    return "{} successful, {} failed, {} pending".format(*cell.numbers)


@statistics.command()
@blocking
async def verify(
    repair: Annotated[
        bool, typer.Option("--repair", help="Make what differs what the records say, block by block.")
    ] = False,
    team: Annotated[str | None, typer.Option(parser=identifier, metavar="ID", help="Only this team's.")] = None,
    integration: Annotated[
        str | None, typer.Option(parser=identifier, metavar="ID", help="Only the integration with this id.")
    ] = None,
    from_: Annotated[
        Place | None,
        typer.Option("--from", parser=_place, metavar="PLACE", help="Go on where an earlier run was interrupted."),
    ] = None,
) -> None:
    """Count the records again, and name each count of days that differs.

    Nothing has to stop meanwhile: each block of 64 days is compared in a snapshot of its own, and repaired in a
    transaction of its own, for which only writers of the same integration wait (on SQLite all). Ends with 1 when
    something differed, also when it was repaired.
    """
    async with opened() as database:
        run = _Verification(database, Scope(team, integration), repair, from_ or Place())
        await run.run()
    if not run.integrations and (team or integration) and not from_:
        raise refused(ErrorCode.NOT_FOUND, "There is no such connected integration.")
    _summarise(run)
    if run.differences:
        raise typer.Exit(1)


def _summarise(run: _Verification) -> None:
    table = Table("Integrations", "Blocks", "Records", "Differences", "Repaired")
    numbers: Sequence[int] = (len(run.integrations), run.blocks, run.records, run.differences, run.repaired)
    table.add_row(*map(str, numbers))
    show(table)
