"""The command `gateway import`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Container, Iterable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.progress import Progress, TaskID
from rich.table import Table

from gateway import services
from gateway.cli.database import open_migrated_database, parse_id, run_blocking
from gateway.cli.input_lines import read_lines
from gateway.cli.terminal import err, print_error, print_table
from gateway.database import Database, ResourceRecord, Writer
from gateway.domain.bounds import Excess, find_known_excesses
from gateway.domain.documents import (
    DocumentPath,
    ImportContent,
    ImportCounts,
    InvalidJson,
    detect_content,
    is_json_lines,
    iterate_rows,
    parse_json,
    read_head,
    read_webhooks,
)
from gateway.domain.enums import ErrorCode
from gateway.domain.lenient_reading import Json
from gateway.domain.records import RecordLineParser
from gateway.domain.repeated_keys import RepeatedKey
from gateway.domain.unreadable_values import UnreadableValue, find_unreadable_in_row
from gateway.errors import OperationAborted, Refused
from gateway.server import reduce_collections

_EXIT_REFUSED, _EXIT_UNREADABLE = 1, 2


@dataclass(slots=True)
class _FileReport:
    """Counts the results of one file, and prints each refusal on stderr."""

    file: str
    is_by_line: bool = False
    counts: ImportCounts = field(default_factory=ImportCounts)
    refused_count: int = 0
    refused_rows: set[int | None] = field(default_factory=set)
    """Their line numbers or indexes; None for a file with one row."""
    is_unreadable: bool = False

    def __call__(self, code: ErrorCode, message: str, *path: str | int) -> None:
        self.refused_count += 1
        self.refused_rows.add(_find_position(path))
        self._print(f"{message} ({code.value})", path)

    def warn(self, found: Iterable[Excess | UnreadableValue]) -> None:
        """Print what is stored although a mutation would refuse it, or although it cannot be read."""
        for each in found:
            self._print(f"{each.message} It was stored nevertheless.", each.path)

    def _print(self, message: str, path: DocumentPath) -> None:
        name, path = (f"{self.file}:{path[0]}", path[1:]) if self.is_by_line and path else (self.file, path)
        where = ": ".join(filter(None, (name, ".".join(map(str, path)))))
        err.print(f"{where}: {message}", markup=False)

    @property
    def exit_code(self) -> int:
        return _EXIT_UNREADABLE if self.is_unreadable else _EXIT_REFUSED if self.refused_count else 0


def _find_position(path: DocumentPath) -> int | None:
    """Return the line number or index of the row that a path leads to."""
    return next((part for part in path if isinstance(part, int)), None)


@dataclass(frozen=True, slots=True)
class _ProgressBar:
    """The progress bar of one file."""

    progress: Progress
    task: TaskID

    def set_total(self, total: int | None) -> None:
        self.progress.update(self.task, total=total)

    def advance(self, steps: int) -> None:
        self.progress.advance(self.task, steps)


@run_blocking
async def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            allow_dash=True,
            help="Export documents, responses of integrations.get or integrations.list, lists of webhooks, or "
            "JSON Lines of resource records. The content decides which; `-` is stdin.",
        ),
    ],
    team: Annotated[
        str | None,
        typer.Option(
            parser=parse_id, metavar="ID", help="Team to import into, instead of the teams in the files."
        ),
    ] = None,
) -> None:
    """Import documents with their ids, users, instants and tokens.

    An entry that exists, by logicalId or else by _id, is updated. A wrong record or webhook is refused by itself.
    An export document is imported completely or not at all. Exits with 1 if an entry was refused, and with 2 if a
    file could not be read.
    """
    reports: list[_FileReport] = []
    try:
        async with open_migrated_database() as database:
            await services.secrets.require_keys(database)
            reduce_collections()
            with Progress(console=err, disable=not err.is_terminal, transient=True) as progress:
                for file in files:
                    reports.append(_FileReport(str(file)))
                    await _import_file(database, file, team, reports[-1], progress)
    except OperationAborted as error:
        print_error(f"{error}. {_describe_interruption(reports)}")
        raise typer.Exit(_EXIT_REFUSED) from None
    except (asyncio.CancelledError, KeyboardInterrupt):
        err.print(_describe_interruption(reports), markup=False)
        raise
    _print_summary(reports)
    raise typer.Exit(max(report.exit_code for report in reports))


async def _import_file(
    database: Database, file: Path, team: str | None, report: _FileReport, progress: Progress
) -> None:
    bar = _ProgressBar(progress, progress.add_task(str(file), total=None))
    try:
        with _open_file(file) as stream:
            lines = read_lines(stream)
            head = read_head(lines)
            report.is_by_line = is_json_lines(head)
            if report.is_by_line:
                bar.set_total(_get_size(file))
                await _import_lines(database, chain(head, lines), team, report, bar)
            else:
                await _import_document(database, parse_json(b"".join(chain(head, lines))), team, report, bar)
    except asyncio.CancelledError:
        # `read_lines` may raise it first. Then asyncio raises it again at the next await, which would be the one
        # that closes the database.
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        raise
    except OSError as error:
        report.is_unreadable = True
        print_error(f"{file}: {error.strerror or error}")
    except InvalidJson as error:
        report.is_unreadable = True
        print_error(f"{file}: {error}")
    except RepeatedKey as error:
        message = f"This key stands twice in one object, again in line {error.line}; keep one of them."
        report(ErrorCode.INVALID, message, *error.path)


def _open_file(file: Path) -> AbstractContextManager[BinaryIO]:
    return nullcontext(typer.get_binary_stream("stdin")) if str(file) == "-" else file.open("rb")


def _get_size(file: Path) -> int | None:
    return None if str(file) == "-" else file.stat().st_size


@asynccontextmanager
async def _write_and_count(
    database: Database, report: _FileReport
) -> AsyncIterator[tuple[Writer, Callable[[ImportCounts], None]]]:
    """Begin a transaction, and yield its writer and a function that takes its counts.

    They are added to the report if it is committed, also if the command is interrupted during the commit.
    """
    counts: list[ImportCounts] = []
    writer: Writer | None = None
    try:
        async with database.write() as writer:
            yield writer, counts.append
    finally:
        if writer is not None and writer.is_committed:
            for each in counts:
                report.counts += each


async def _import_lines(
    database: Database, lines: Iterator[bytes], team: str | None, report: _FileReport, bar: _ProgressBar
) -> None:
    record_count, is_analyzed, run = 0, False, services.imports.ImportRun()
    async with database.write(dry_run=True) as writer:
        at = writer.as_of
    for batch in RecordLineParser(services.batches.BATCH_SIZE, team).parse_lines(lines, at):
        for code, message, path in batch.problems:
            report(code, message, *path)
        bar.advance(batch.byte_count)
        if not batch.integrations:
            continue
        integrations = [(group.team_id, group.integration_id) for group in batch.integrations]
        if run.find_new_teams(integrations):
            # Before the first of its transactions.
            async with database.write() as writer:
                await run.begin(writer, integrations)
        run.add(integrations)
        async with _write_and_count(database, report) as (writer, count):
            tally = await services.imports.records.import_records(writer, batch.integrations, team, report)
            count(tally)
        warnings = chain.from_iterable(group.warnings for group in batch.integrations)
        report.warn(each for each in warnings if each.path[0] not in report.refused_rows)
        record_count += batch.record_count
        if tally.created < batch.record_count and record_count >= services.batches.BATCH_SIZE and not is_analyzed:
            # The next batches look records up, which needs statistics.
            await database.analyze(ResourceRecord)
            is_analyzed = True
    async with database.write() as writer:
        await run.end(writer)


async def _import_document(
    database: Database, document: Json, team: str | None, report: _FileReport, bar: _ProgressBar
) -> None:
    content = detect_content(document)
    if content is None:
        raise InvalidJson(
            f"not {', '.join(kind.value for kind in ImportContent)} or JSON Lines of resource records"
        )
    if content is not ImportContent.EXPORT:
        entries = read_webhooks(document, report)
        bar.set_total(len(entries))
        async with _write_and_count(database, report) as (writer, count):
            count(await services.imports.webhooks.import_webhooks(writer, entries, team, report, bar.advance))
            await _record_run(writer, services.imports.webhooks.list_keys(entries, team))
        report.warn(_find_warnings(document, report.refused_rows))
        return
    try:
        async with _write_and_count(database, report) as (writer, count):
            result = await services.imports.import_as_operator(writer, document, team, bar.advance)
            count(result.tally)
            await _record_run(writer, [(result.integration.team_id, result.integration.id)])
    except Refused as refusal:
        for problem in refusal.problems:
            report(problem.code, problem.message, *problem.path)
    else:
        report.warn(_find_warnings(document, report.refused_rows))


async def _record_run(writer: Writer, integrations: Iterable[tuple[str, str]]) -> None:
    """Insert the audit entries of a document, which is imported in this transaction."""
    run = services.imports.ImportRun()
    await run.begin(writer, integrations)
    await run.end(writer)


def _find_warnings(document: Json, refused_rows: Container[int | None]) -> Iterator[Excess | UnreadableValue]:
    for path, row in iterate_rows(document):
        if _find_position(path) not in refused_rows:
            yield from find_known_excesses(row, *path)
            yield from find_unreadable_in_row(row, path)


def _describe_interruption(reports: list[_FileReport]) -> str:
    """Return what was imported before the command was interrupted, and how to continue."""
    done = [
        f"{report.file}: {report.counts.created:,} created, {report.counts.updated:,} updated, "
        f"{report.counts.unchanged:,} unchanged, {report.refused_count:,} refused."
        for report in reports
    ]
    advice = "Run the same command again to continue: what is there already stays unchanged."
    return " ".join([*done, advice])


def _print_summary(reports: list[_FileReport]) -> None:
    table = Table("File", "Created", "Updated", "Unchanged", "Refused")
    for report in reports:
        tally = report.counts
        numbers = (tally.created, tally.updated, tally.unchanged, report.refused_count)
        table.add_row(report.file, *map(str, numbers))
    print_table(table)
