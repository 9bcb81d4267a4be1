"""`gateway import`."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.progress import Progress, TaskID
from rich.table import Table

from gateway import services
from gateway.cli.database import blocking, opened
from gateway.cli.identifiers import identifier
from gateway.cli.line_reader import reading
from gateway.cli.terminal import err, say_error, show
from gateway.database.database import Database
from gateway.database.tables import ResourceRecord
from gateway.domain.documents.entries import Content, Tally, content_of, read_webhooks
from gateway.domain.documents.json_lines import NotJson, head_of, is_json_lines, parse
from gateway.domain.enums import ErrorCode
from gateway.domain.lenient_reading import Json
from gateway.errors import Refused
from gateway.server.garbage import collect_seldom
from gateway.services.imports.rows import BATCH_SIZE

_REFUSED, _UNREADABLE = 1, 2


@dataclass(slots=True)
class _Report:
    """What became of a file, telling each refusal on stderr as it comes."""

    file: str
    by_line: bool = False
    tally: Tally = field(default_factory=Tally)
    refused: int = 0
    unreadable: bool = False

    def __call__(self, code: ErrorCode, message: str, *path: str | int) -> None:
        self.refused += 1
        name, path = (f"{self.file}:{path[0]}", path[1:]) if self.by_line and path else (self.file, path)
        where = ": ".join(filter(None, (name, ".".join(map(str, path)))))
        err.print(f"{where}: {message} ({code.value})", markup=False)

    @property
    def exit_code(self) -> int:
        return _UNREADABLE if self.unreadable else _REFUSED if self.refused else 0


@dataclass(frozen=True, slots=True)
class _Bar:
    """How far a file has come."""

    progress: Progress
    task: TaskID

    def expect(self, total: int | None) -> None:
        self.progress.update(self.task, total=total)

    def advance(self, steps: int) -> None:
        self.progress.advance(self.task, steps)


@blocking
async def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            allow_dash=True,
            help="Export documents, answers of integrations.get or integrations.list, lists of webhooks, or JSON "
            "Lines of resource records, told apart by their content; `-` is stdin.",
        ),
    ],
    team: Annotated[
        str | None,
        typer.Option(parser=identifier, metavar="ID", help="The team to import into, whatever the files say."),
    ] = None,
) -> None:
    """Take documents in as they are: ids, people, instants and tokens are kept to the letter.

    What is there already is updated, by its logicalId or else its _id. A faulty record or webhook refuses only
    itself, an export document is taken in whole or not at all. Ends with 1 when something was refused, with 2
    when a file could not be read.
    """
    async with opened() as database:
        collect_seldom()
        with Progress(console=err, disable=not err.is_terminal, transient=True) as progress:
            reports = [await _import(database, file, team, progress) for file in files]
    _summarise(reports)
    raise typer.Exit(max(report.exit_code for report in reports))


async def _import(database: Database, file: Path, team: str | None, progress: Progress) -> _Report:
    report = _Report(str(file))
    bar = _Bar(progress, progress.add_task(str(file), total=None))
    try:
        with _open(file) as stream:
            head = head_of(stream)
            report.by_line = is_json_lines(head)
            if report.by_line:
                bar.expect(_size(file))
                await _import_lines(database, chain(head, stream), team, report, bar)
            else:
                await _import_document(database, parse(b"".join(chain(head, stream))), team, report, bar)
    except OSError as error:
        report.unreadable = True
        say_error(f"{file}: {error.strerror or error}")
    except NotJson as error:
        report.unreadable = True
        say_error(f"{file}: {error}")
    return report


def _open(file: Path) -> AbstractContextManager[BinaryIO]:
    return nullcontext(typer.get_binary_stream("stdin")) if str(file) == "-" else file.open("rb")


def _size(file: Path) -> int | None:
    return None if str(file) == "-" else file.stat().st_size


async def _import_lines(
    database: Database, lines: Iterator[bytes], team: str | None, report: _Report, bar: _Bar
) -> None:
    is_looked_at = False
    async with reading(lines, BATCH_SIZE, team, copied=not database.is_sqlite) as batches:
        async for batch in batches:
            for code, message, path in batch.problems:
                report(code, message, *path)
            bar.advance(batch.size)
            if not batch.homes:
                continue
            async with database.write() as session:
                tally = await services.imports.records.take(session, batch.homes, team, report)
            report.tally += tally
            if tally.created < batch.length == BATCH_SIZE and not is_looked_at:
                # Records are looked up from now on.
                await database.analyze(ResourceRecord)
                is_looked_at = True


async def _import_document(
    database: Database, document: Json, team: str | None, report: _Report, bar: _Bar
) -> None:
    content = content_of(document)
    if content is None:
        raise NotJson(f"none of {', '.join(known.value for known in Content)}, or JSON Lines of resource records")
    if content is not Content.EXPORT:
        entries = read_webhooks(document, report)
        bar.expect(len(entries))
        async with database.write() as session:
            report.tally += await services.imports.webhooks.take(session, entries, team, report, bar.advance)
        return
    try:
        async with database.write() as session:
            imported = await services.imports.by_operator(session, document, team, bar.advance)
    except Refused as refusal:
        for problem in refusal.problems:
            report(problem.code, problem.message, *problem.path)
    else:
        report.tally += imported.tally


def _summarise(reports: list[_Report]) -> None:
    table = Table("File", "Created", "Updated", "Unchanged", "Refused")
    for report in reports:
        tally = report.tally
        numbers = (tally.created, tally.updated, tally.unchanged, report.refused)
        table.add_row(report.file, *map(str, numbers))
    show(table)
