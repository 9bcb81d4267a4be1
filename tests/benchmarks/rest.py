"""The URLs of the REST documents, compared with the same questions as GraphQL queries.

`python -m tests.benchmarks.rest` starts two gateways on one database, one for each way to ask. It checks that
their answers have the same data, and then sends the requests of both in the same rounds.
"""

import asyncio
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import typer
import uvloop

from gateway import services
from gateway.database import Database
from gateway.domain.documents import read_entry
from gateway.domain.lenient_reading import Document
from gateway.errors import ProblemList
from gateway.rest import System
from gateway.rest.interactly import INTERACTLY
from gateway.rest.rocketchat import ROCKETCHAT
from gateway.settings import Settings
from tests.benchmarks import comparison, processes, report
from tests.benchmarks.client import Connection, build_request
from tests.benchmarks.data import Loaded, Scale, load
from tests.benchmarks.databases import DATABASES, BenchmarkDatabase
from tests.benchmarks.documents import TEAM, USER
from tests.benchmarks.measure import Cost, Round
from tests.benchmarks.readme import Output
from tests.benchmarks.servers import GATEWAY, Server, start_servers
from tests.benchmarks.workloads import DOCUMENT
from tests.support.dashboard import DASHBOARD
from tests.support.webhook_requests import LIST, LIST_QUERY

_SCALE = Scale(integrations=0, groups=0, appointments=(100_000,))
_QUICK_SCALE = Scale(integrations=0, groups=0, many_practitioners=2_000, appointments=(1_000,))
_HEAD = ("question", "way", "server", "database", "CPU", "/ GraphQL", "p50", "peak MB")
_REST, _GRAPHQL = "REST", "GraphQL"
_WEBHOOKS = 200

_COMPILED_LIST_QUERY = LIST_QUERY.replace("script scriptCompiled scriptError token", "")
"""Without the fields that depend on the viewer, which the executor does not compile. The URL answers with them."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question in both ways, and the part of each answer that has the same data."""

    name: str
    path: str
    query: str
    variables: Document
    system: System = INTERACTLY
    read_rest: Callable[[Any], object] = lambda answer: answer
    read_graphql: Callable[[Any], object] = lambda data: data

    def build_requests(self, key: str) -> Mapping[str, bytes]:
        credentials = self.system.build_credentials(key, USER).items()
        lines = [f"GET {self.path} HTTP/1.1", "host: 127.0.0.1", *map(": ".join, credentials), "", ""]
        body: Document = {"query": self.query, "variables": self.variables}
        return {_REST: "\r\n".join(lines).encode(), _GRAPHQL: build_request("/graphql", body, key)}

    def read(self, way: str, body: bytes) -> object:
        answer = orjson.loads(body)
        return self.read_rest(answer) if way == _REST else self.read_graphql(answer["data"])


def build_questions(loaded: Loaded) -> Iterator[Question]:
    """Yield the questions. A new one is an entry here."""
    for name, id in (("export", loaded.export), ("export-big", loaded.big_export)):
        yield Question(
            name,
            f"/integrations/v2/integrations/{id}/export",
            DOCUMENT,
            {"id": id},
            read_graphql=lambda data: data["integrationExport"]["document"],
        )
    (appointments,) = loaded.appointments
    yield Question(
        "statistics",
        f"/integrations/v2/resource-records/{appointments.integration_id}/appointments/statistics",
        DASHBOARD,
        {"id": appointments.integration_id},
        read_rest=lambda answer: answer["overview"]["total"],
        read_graphql=lambda data: data["appointmentStatistics"]["overview"]["total"],
    )
    yield Question(
        "webhooks",
        LIST,
        _COMPILED_LIST_QUERY,
        {
            "first": 50,
            "orderBy": [{"field": "UPDATED_AT", "direction": "DESC"}],
            "filter": {"kind": ["INCOMING_WEBHOOK", "OUTGOING_WEBHOOK"]},
        },
        ROCKETCHAT,
        read_rest=lambda answer: [each["_id"] for each in answer["integrations"]],
        read_graphql=lambda data: [each["id"] for each in data["integrations"]["nodes"]],
    )


async def _load(url: str, scale: Scale) -> Loaded:
    """Load the data of other benchmarks, and webhooks."""
    loaded = await load(url, scale)
    database, problems = Database(Settings(database_url=url)), ProblemList()
    entries = [entry for n in range(_WEBHOOKS) if (entry := read_entry(_build_webhook(n), problems.add))]
    async with database.write() as writer:
        await services.imports.webhooks.import_webhooks(writer, entries, TEAM, problems.add)
    problems.raise_if_any()
    await database.dispose()
    return loaded


def _build_webhook(number: int) -> Document:
    at = f"2025-03-09T12:{number // 60:02}:{number % 60:02}.000Z"
    return {
        "_id": f"webhook{number:010}",
        "type": "webhook-outgoing",
        "name": f"Webhook {number}",
        "enabled": number % 2 == 0,
        "username": "rocket.cat",
        "event": "sendMessage",
        "urls": [f"https://example.com/hooks/{number}"],
        "triggerWords": ["!gif", "gif"],
        "token": "t" * 48,
        "script": "class Script {}\n" * 20,
        "scriptEnabled": True,
        "impersonateUser": False,
        "userId": "rocket.cat",
        "channel": ["#general", f"#channel-{number}"],
        "_createdAt": at,
        "_createdBy": {"_id": USER, "username": "ada"},
        "_updatedAt": at,
    }


async def _compare(
    database: BenchmarkDatabase, question: Question, rounds: int, seconds: float
) -> Mapping[str, Cost]:
    requests = question.build_requests(database.loaded.key)
    with (
        tempfile.TemporaryDirectory(prefix="gateway-benchmarks-") as folder,
        start_servers([GATEWAY], database.url, Path(folder)) as (rest,),
        start_servers([GATEWAY], database.url, Path(folder)) as (graphql,),
    ):
        servers = {_REST: rest, _GRAPHQL: graphql}
        answers = {way: await _send(servers[way], request, 1) for way, request in requests.items()}
        data = {way: question.read(way, found[-1][1]) for way, found in answers.items()}
        if data[_REST] != data[_GRAPHQL]:
            sys.exit(f"{question.name}: the answers differ.")
        counts = {way: await _choose_count(servers[way], request, seconds) for way, request in requests.items()}
        costs = {way: Cost() for way in requests}
        for number in range(rounds):
            for way in (_REST, _GRAPHQL) if number % 2 else (_GRAPHQL, _REST):
                costs[way].rounds.append(await _run_round(database, servers[way], requests[way], counts[way]))
        return costs


async def _send(server: Server, request: bytes, count: int) -> Sequence[tuple[float, bytes]]:
    """Send a request several times, and return the seconds and the body of each answer."""
    found = []
    async with Connection(server.port) as connection:
        for _ in range(count):
            began = time.perf_counter()
            body = await connection.send(request)
            found.append((time.perf_counter() - began, body))
    return found


async def _choose_count(server: Server, request: bytes, seconds: float) -> int:
    """Return the number of requests for a round, and warm the server up."""
    count, end = 1, time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        await _send(server, request, count)
        count = max(count, min(2 * count, round(seconds * count / (time.monotonic() - began))))
    return count


async def _run_round(database: BenchmarkDatabase, server: Server, request: bytes, count: int) -> Round:
    processes.reset_peak_memory(server.pid)
    before = _get_cpu(database, server)
    async with Connection(server.port) as connection:
        latencies = []
        for _ in range(count):
            began = time.perf_counter()
            await connection.send(request)
            latencies.append(time.perf_counter() - began)
    await asyncio.sleep(0.2)  # The report of the last requests.
    after = _get_cpu(database, server)
    cpu = [(late - early) / count for early, late in zip(before, after, strict=True)]
    return Round(cpu[0], cpu[1], latencies, processes.get_peak_megabytes(server.pid))


def _get_cpu(database: BenchmarkDatabase, server: Server) -> tuple[float, float]:
    others = 0.0 if database.pid is None else processes.get_tree_cpu_seconds(database.pid)
    return processes.get_cpu_seconds(server.pid), others


def _build_lines(results: Mapping[str, Mapping[str, Cost]]) -> Iterator[Sequence[str]]:
    yield _HEAD
    for name, costs in results.items():
        for way, cost in costs.items():
            times = map(report.format_milliseconds, (cost.server_ms, cost.database_ms, cost.cpu_ms))
            ratio = report.format_ratio(cost.get_ratio(costs[_GRAPHQL]))
            latency = report.format_milliseconds(cost.get_latency_ms(50))
            yield name, way, *times, ratio, latency, f"{cost.peak_megabytes:.0f}"


async def _run(arguments: Namespace) -> None:
    options, output = comparison.get_options(arguments), Output.create("tests.benchmarks.rest", arguments)
    scale = _QUICK_SCALE if arguments.quick else _SCALE
    for name in comparison.get_databases(arguments):
        results = {}
        async with DATABASES[name](lambda url: _load(url, scale)) as database:
            for question in build_questions(database.loaded):
                typer.echo(f"{database.version}: {question.name}", err=True)
                results[question.name] = await _compare(database, question, options.rounds, options.seconds)
        output.print_text(
            f"{database.version}, medians of {options.rounds} rounds, CPU time and latency in ms for each request:"
        )
        output.print_table([*_build_lines(results)], names=2)
    output.save()


def main() -> None:
    uvloop.run(_run(comparison.create_parser("tests.benchmarks.rest", __doc__).parse_args()))


if __name__ == "__main__":
    main()
