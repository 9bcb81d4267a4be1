"""`python -m tests.benchmarks.questions`."""

import re
import sys
import tempfile
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import orjson
import typer
import uvloop

from gateway.domain.lenient_reading import Document, Json
from gateway.schema import schema
from tests.benchmarks import client, comparison
from tests.benchmarks.client import Connection
from tests.benchmarks.databases import DATABASES, BenchmarkDatabase
from tests.benchmarks.measure import Benchmark, RunOptions
from tests.benchmarks.questions import __doc__ as description
from tests.benchmarks.questions import asking, data
from tests.benchmarks.questions.arguments import MissingSample
from tests.benchmarks.questions.generate import Question, generate_questions
from tests.benchmarks.questions.samples import build_table
from tests.benchmarks.questions.table import Figures, build_lines, describe
from tests.benchmarks.readme import Output
from tests.benchmarks.servers import GATEWAY, Server, start_servers
from tests.benchmarks.workloads import Workload

_RECORDS, _QUICK_RECORDS = (100_000, 1_000_000), (1_000, 10_000)
_OPTIONS, _QUICK_OPTIONS = RunOptions(rounds=3, seconds=0.04), RunOptions(rounds=1, seconds=0.01)
_PATH = "/graphql"
_PEER = replace(GATEWAY, settings=(("GATEWAY_REQUEST_TIMEOUT", "120"),))
"""A gateway that answers slow questions, too."""
_REPORT_COST = "graphql-cost: report\r\n"


class _Session:
    """A gateway on a filled database."""

    def __init__(self, server: Server, database: BenchmarkDatabase, options: RunOptions) -> None:
        self._server, self._database = server, database
        self._benchmark = Benchmark([server], database, options)

    async def send(self, query: str, variables: Mapping[str, Json]) -> Document:
        body: Document = {"query": query, "variables": {**variables}}
        request = client.build_request(_PATH, body, self._database.loaded.key, _REPORT_COST)
        async with Connection(self._server.port) as connection:
            answer: Document = orjson.loads(await connection.send(request))
        return answer

    async def measure(self, question: Question) -> Figures:
        """Return the CPU time and the price of a question. Raises RefusedQuestions."""
        answer = await self.send(question.query, question.variables)
        asking.get_data(question, answer)
        workload = Workload(
            question.name, "question", question.query, lambda _: {**question.variables}, connections=1
        )
        cost = (await self._benchmark.measure([workload]))[workload][self._server.peer]
        extensions = answer["extensions"]
        assert isinstance(extensions, dict)
        price = extensions["cost"]
        assert isinstance(price, int)
        return Figures(cost.cpu_ms, price)


async def _measure(
    database: BenchmarkDatabase, records: int, only: Sequence[str], options: RunOptions
) -> Mapping[str, Figures]:
    """Return the figures of the questions whose names match one of these expressions, or of all."""
    found = {}
    with (
        tempfile.TemporaryDirectory(prefix="gateway-benchmarks-") as folder,
        start_servers([_PEER], database.url, Path(folder)) as (server,),
    ):
        session = _Session(server, database, options)
        generated = generate_questions(schema._schema, build_table(database.loaded, records))
        chosen = [each for each in generated if not only or any(re.search(text, each.name) for text in only)]
        questions = await asking.resolve_cursors(chosen, session.send)
        for number, question in enumerate(questions, 1):
            figures = found[question.name] = await session.measure(question)
            progress = f"{database.version}, {records:,} records, {number} of {len(questions)}"
            typer.echo(f"{progress}: {question.name} {figures.cpu_ms:.2f} ms", err=True)
    return found


def _arguments() -> Namespace:
    parser = comparison.create_parser("tests.benchmarks.questions", description)
    parser.add_argument(
        "--only", dest="workload", metavar="REGEX", action="append", help="only questions whose names match"
    )
    parser.add_argument(
        "--records",
        type=int,
        action="append",
        help=f"of the big clinic, may be repeated; {' and '.join(f'{size:,}' for size in _RECORDS)} when absent",
    )
    parser.add_argument("--top", type=int, default=40, help="lines of the table; 0: all")
    parser.set_defaults(rounds=_OPTIONS.rounds)
    return parser.parse_args()


async def _run(arguments: Namespace) -> None:
    options = _QUICK_OPTIONS if arguments.quick else replace(_OPTIONS, rounds=arguments.rounds)
    sizes = sorted(arguments.records or (_QUICK_RECORDS if arguments.quick else _RECORDS))
    output = Output.create("tests.benchmarks.questions", arguments)
    for name in comparison.get_databases(arguments):
        found: dict[int, Mapping[str, Figures]] = {}
        version = name
        for records in sizes:
            async with DATABASES[name](partial(data.load, records=records)) as database:
                version = database.version
                found[records] = await _measure(database, records, arguments.workload or (), options)
        output.print_text(f"{version}, {describe(found)}")
        output.print_table(build_lines(found, arguments.top), names=1)
    output.save()


def main() -> None:
    try:
        uvloop.run(_run(_arguments()))
    except (MissingSample, asking.RefusedQuestions) as error:
        sys.exit(str(error.args[0]))


if __name__ == "__main__":
    main()
