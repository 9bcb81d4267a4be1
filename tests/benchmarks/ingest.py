"""The cost of writing appointments by `gateway import` and by `upsertResourceRecords`.

`python -m tests.benchmarks.ingest` imports JSON Lines of appointments, in the order of `createdAt` or shuffled,
into an integration without records, into 50 of them with one file, and into an integration with a million. It
prints the records a second of the whole command including its start, and the CPU time a record of the command and
of the database. The files are written before. Then it upserts 1,000 new appointments of a week at a time. The
floor inserts the same rows from the body of the request with one statement.
"""

import os
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice
from pathlib import Path
from random import Random
from statistics import median

import orjson
import typer
import uvloop
from sqlalchemy import func, select

from gateway.database.database import Database
from gateway.database.tables import ResourceRecord
from gateway.settings import Settings
from tests.benchmarks import comparison, processes, report, upserts
from tests.benchmarks.appointments import Appointments
from tests.benchmarks.data import Scale, load
from tests.benchmarks.databases import DATABASES, BenchmarkDatabase
from tests.benchmarks.equality import UnequalResponses
from tests.benchmarks.readme import Output
from tests.benchmarks.servers import FLOOR, GATEWAY, PROJECT, build_environment
from tests.support.sessions import open_session

_RECORDS, _QUICK_RECORDS = 100_000, 2_000
_FILLED, _QUICK_FILLED = 1_000_000, 20_000
"""The number of records of the filled integration."""

_MIXED = 50
"""The number of integrations whose records stand in one file, in any order."""

_KNOWN = 20_000
"""The number of records of the integrations for upserts. With them PostgreSQL has statistics for its plans."""

_HEAD = ("gateway import into", "records / s", "command", "database", "CPU")
_FIRST_SERIES = 1_000


@dataclass(frozen=True, slots=True)
class Import:
    """The cost of an import: seconds, and CPU seconds of the command and of the database server."""

    seconds: float
    command: float
    database: float


async def _measure_imports(
    database: BenchmarkDatabase, records: int, rounds: int, *, shuffled: bool
) -> Mapping[str, list[Import]]:
    """Import into an empty integration, into several ones and into a filled one alternately."""
    *empty, filled = (each.integration_id for each in database.loaded.appointments[: _count_targets(rounds)])
    found: dict[str, list[Import]] = {
        "an empty integration": [],
        f"{_MIXED} empty integrations": [],
        "a filled integration": [],
    }
    ids, series = iter(empty), count(_FIRST_SERIES)
    with tempfile.TemporaryDirectory(prefix="gateway-benchmarks-") as folder:
        file = Path(folder) / "appointments.jsonl"
        for _ in range(rounds):
            targets = ([next(ids)], [*islice(ids, _MIXED)], [filled])
            for integration_ids, imports in zip(targets, found.values(), strict=True):
                share = records // len(integration_ids)
                _write_file(
                    file, [Appointments(id, next(series), share) for id in integration_ids], shuffled=shuffled
                )
                before = await _count_records(database.url, integration_ids)
                imports.append(_run_import(file, database))
                if await _count_records(database.url, integration_ids) != before + share * len(integration_ids):
                    raise UnequalResponses("Not all records were imported.")
    return found


def _count_targets(rounds: int) -> int:
    """Return the number of integrations that `_measure_imports` needs, the filled one included."""
    return rounds * (1 + _MIXED) + 1


def _write_file(file: Path, appointments: Sequence[Appointments], *, shuffled: bool) -> None:
    """Write the lines of integrations with equally many appointments, in the order of `createdAt` or shuffled."""
    documents = chain.from_iterable(zip(*appointments, strict=True))
    lines = [orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE) for document in documents]
    if shuffled:
        Random(0).shuffle(lines)
    file.write_bytes(b"".join(lines))


async def _count_records(database_url: str, integration_ids: Sequence[str]) -> int:
    """Return the number of records of the integrations."""
    database = Database(Settings(database_url=database_url))
    try:
        async with open_session(database) as session:
            statement = select(func.count()).where(ResourceRecord.integration_id.in_(integration_ids))
            return await session.scalar(statement) or 0
    finally:
        await database.dispose()


def _run_import(file: Path, database: BenchmarkDatabase) -> Import:
    """Run the command, and measure it. Raises CalledProcessError if it fails."""
    before, began = _get_database_cpu(database), time.perf_counter()
    command = [sys.executable, "-m", "gateway", "import", str(file)]
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        env=build_environment(database.url),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Import(seconds, usage.ru_utime + usage.ru_stime, _get_database_cpu(database) - before)


def _get_database_cpu(database: BenchmarkDatabase) -> float:
    return 0.0 if database.pid is None else processes.get_tree_cpu_seconds(database.pid)


def _build_line(name: str, imports: Sequence[Import], records: int) -> Sequence[str]:
    """Return the medians: records a second, and microseconds of CPU time a record."""
    microseconds = (
        1e6 / records * median(cpu)
        for cpu in (
            [each.command for each in imports],
            [each.database for each in imports],
            [each.command + each.database for each in imports],
        )
    )
    speed = records / median(each.seconds for each in imports)
    return name, f"{speed:,.0f}", *(f"{cpu:.1f}" for cpu in microseconds)


def _arguments() -> Namespace:
    parser = comparison.create_parser("tests.benchmarks.ingest", __doc__)
    parser.add_argument("--records", type=int, help=f"appointments of an import, {_RECORDS:,} when absent")
    parser.add_argument("--shuffled", action="store_true", help="in random order instead of that of `createdAt`")
    return parser.parse_args()


async def _run(arguments: Namespace) -> None:
    options = comparison.get_options(arguments)
    records = arguments.records or (_QUICK_RECORDS if arguments.quick else _RECORDS)
    filled = _QUICK_FILLED if arguments.quick else _FILLED
    scale = Scale.for_appointments(*[0] * (_count_targets(options.rounds) - 1), filled, _KNOWN, _KNOWN)
    output = Output.create("tests.benchmarks.ingest", arguments)
    for name in comparison.get_databases(arguments):
        async with DATABASES[name](lambda url: load(url, scale)) as database:
            typer.echo(f"{database.version}: import", err=True)
            imports = await _measure_imports(database, records, options.rounds, shuffled=arguments.shuffled)
            *_, gateway_integration_id, floor_integration_id = (
                each.integration_id for each in database.loaded.appointments
            )
            workload = upserts.build_workload(gateway_integration_id, floor_integration_id)
            costs = await comparison.compare(database, [GATEWAY, FLOOR], [workload], options)
        order = "shuffled" if arguments.shuffled else "in order"
        output.print_text(f"{database.version}, {records:,} records {order}, CPU in µs a record:")
        lines = [_build_line(name, found, records) for name, found in imports.items()]
        output.print_table([_HEAD, *lines], names=1)
        output.print_text(f"{database.version}, upserts, CPU time and latency in ms for each request:")
        output.print_table(report.build_table({workload.name: costs[workload]}), names=2)
    output.save()


def main() -> None:
    try:
        uvloop.run(_run(_arguments()))
    except UnequalResponses as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
