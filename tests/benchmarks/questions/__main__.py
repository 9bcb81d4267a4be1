"""`python -m tests.benchmarks.questions`."""

import re
import sys
import tempfile
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
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
from tests.benchmarks.questions.table import Figures, Found, Report, find_exception, has_grown
from tests.benchmarks.readme import Output
from tests.benchmarks.servers import GATEWAY, Server, start_servers
from tests.benchmarks.workloads import Workload

_RECORDS, _QUICK_RECORDS = (100_000, 1_000_000), (1_000, 10_000)
_ROUNDS, _MAX_ROUND_FACTOR = 3, 4
_OPTIONS, _QUICK_OPTIONS = RunOptions(rounds=1, seconds=0.02), RunOptions(rounds=1, seconds=0.01)
_PATH = "/graphql"
_PEER = replace(GATEWAY, settings=(("GATEWAY_REQUEST_TIMEOUT", "120"), ("GATEWAY_COST_LIMIT", str(2**31 - 1))))
"""A gateway that answers slow and expensive questions, too."""
_REPORT_COST = "graphql-cost: report\r\n"


class _Session:
    """A gateway on a filled database."""

    def __init__(self, server: Server, database: BenchmarkDatabase, options: RunOptions) -> None:
        self._server, self._database = server, database
        self._benchmark = Benchmark([server], database, options)

    async def list_questions(self, records: int, only: Sequence[str]) -> Mapping[str, Question]:
        """Return the questions whose names match one of these expressions, or all. Raises RefusedQuestions."""
        generated = generate_questions(schema._schema, build_table(self._database.loaded, records))
        chosen = [each for each in generated if not only or any(re.search(text, each.name) for text in only)]
        return {each.name: each for each in await asking.resolve_cursors(chosen, self._send)}

    async def _send(self, query: str, variables: Mapping[str, Json]) -> Document:
        body: Document = {"query": query, "variables": {**variables}}
        request = client.build_request(_PATH, body, self._database.loaded.key, _REPORT_COST)
        async with Connection(self._server.port) as connection:
            answer: Document = orjson.loads(await connection.send(request))
        return answer

    async def get_price(self, question: Question) -> int:
        """Return the cost of a question in the cost model. Raises RefusedQuestions."""
        answer = await self._send(question.query, question.variables)
        asking.get_data(question, answer)
        extensions = answer["extensions"]
        assert isinstance(extensions, dict)
        price = extensions["cost"]
        assert isinstance(price, int)
        return price

    async def measure(self, question: Question) -> float:
        """Return milliseconds of CPU for one request."""
        workload = Workload(
            question.name, "question", question.query, lambda _: {**question.variables}, connections=1
        )
        return (await self._benchmark.measure([workload]))[workload][self._server.peer].cpu_ms


async def measure(
    databases: Mapping[int, BenchmarkDatabase], only: Sequence[str], rounds: int, options: RunOptions
) -> Found:
    """Return the figures of questions on databases by their numbers of records, whose rounds alternate.

    The least CPU time of all rounds counts, since other processes of the machine only add to it. A question that
    seems to grow has more rounds. One that may take more time than others has one round.
    """
    found: dict[int, dict[str, Figures]] = {records: {} for records in databases}
    with tempfile.TemporaryDirectory(prefix="gateway-benchmarks-") as folder, ExitStack() as stack:
        sessions = {}
        for records, database in databases.items():
            (server,) = stack.enter_context(start_servers([_PEER], database.url, Path(folder)))
            sessions[records] = _Session(server, database, options)
        questions = {records: await each.list_questions(records, only) for records, each in sessions.items()}
        names = [*next(iter(questions.values()))]
        for number, name in enumerate(names, 1):
            prices = {
                records: await each.get_price(questions[records][name]) for records, each in sessions.items()
            }
            cpu_ms = dict.fromkeys(sessions, float("inf"))
            most = 1 if find_exception(name) else rounds * _MAX_ROUND_FACTOR
            for round_number in range(most):
                if round_number >= rounds and not has_grown(*cpu_ms.values()):
                    break
                for records, session in sessions.items():
                    cpu_ms[records] = min(cpu_ms[records], await session.measure(questions[records][name]))
            for records in sessions:
                found[records][name] = Figures(cpu_ms[records], prices[records])
            text = ", ".join(f"{value:.2f} ms" for value in cpu_ms.values())
            typer.echo(f"{number} of {len(names)}: {name} {text}", err=True)
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
    parser.add_argument("--top", type=int, default=10, help="the slowest questions to print; 0: all")
    parser.set_defaults(rounds=_ROUNDS)
    return parser.parse_args()


async def _run(arguments: Namespace) -> None:
    options, rounds = (_QUICK_OPTIONS, 1) if arguments.quick else (_OPTIONS, arguments.rounds)
    sizes = sorted(arguments.records or (_QUICK_RECORDS if arguments.quick else _RECORDS))
    output = Output.create("tests.benchmarks.questions", arguments)
    for name in comparison.get_databases(arguments):
        async with AsyncExitStack() as stack:
            databases = {
                records: await stack.enter_async_context(DATABASES[name](partial(data.load, records=records)))
                for records in sizes
            }
            report = Report(await measure(databases, arguments.workload or (), rounds, options))
            output.print_text(f"{databases[sizes[0]].version}, {report.describe()}")
        output.print_table(report.build_distribution(), names=1)
        output.print_table(report.build_exceptions(), names=1)
        output.print_table(report.build_lines(arguments.top), names=1)
    output.save()


def main() -> None:
    try:
        uvloop.run(_run(_arguments()))
    except (MissingSample, asking.RefusedQuestions) as error:
        sys.exit(str(error.args[0]))


if __name__ == "__main__":
    main()
