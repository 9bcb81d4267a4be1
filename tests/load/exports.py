"""Large exports: the latency of small queries meanwhile, and the memory that an export takes.

All records are exported a few times. Meanwhile two small queries are sent in a loop: one that needs only the event
loop, and one that reads a row. The command prints their latencies with and without the exports, and the server's
peak memory beside the bytes of one export.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from typing import Any

import orjson
import typer

from gateway.domain.lenient_reading import Document
from tests.benchmarks import client, processes
from tests.benchmarks.client import Connection
from tests.benchmarks.data import Scale, load
from tests.benchmarks.databases import BenchmarkDatabase, OpenDatabase
from tests.benchmarks.servers import GATEWAY, Server, start_servers
from tests.benchmarks.workloads import DOCUMENT, EXPORT, GET

_PAUSE = 0.002
_IDLE_SECONDS = 3.0
_MEGABYTE = 1_000_000
_SCALE = Scale(integrations=2, practitioners=1, many_practitioners=20_000)
_TIMES = 5


class SmallQueries:
    """Small queries, each sent in a loop over its own connection."""

    def __init__(self, server: Server, database: BenchmarkDatabase) -> None:
        queries: dict[str, Document] = {
            "viewer": {"query": "{ viewer { userId } }"},
            "get": {"query": GET, "variables": {"id": database.loaded.listed[0]}},
        }
        self._server = server
        self._requests = {
            name: client.build_request("/graphql", body, database.loaded.key) for name, body in queries.items()
        }

    async def measure_during(self, work: asyncio.Future[Any]) -> Mapping[str, Sequence[float]]:
        """Send each query in a loop until `work` is done, and return the latencies in seconds."""
        found = await asyncio.gather(
            *(self._measure_latencies(request, work) for request in self._requests.values())
        )
        return dict(zip(self._requests, found, strict=True))

    async def _measure_latencies(self, request: bytes, work: asyncio.Future[Any]) -> Sequence[float]:
        latencies: list[float] = []
        async with Connection(self._server.port) as connection:
            while not (latencies and work.done()):
                began = time.perf_counter()
                await connection.send(request)
                latencies.append(time.perf_counter() - began)
                await asyncio.sleep(_PAUSE)
        return latencies


def _export(server: Server, database: BenchmarkDatabase, query: str, times: int) -> int:
    """Export all records this number of times, and return the bytes of one response."""
    body = orjson.dumps({"query": query, "variables": {"id": database.loaded.big_export}})
    headers = {"content-type": "application/json", "authorization": f"Bearer {database.loaded.key}"}
    connection, size = HTTPConnection("127.0.0.1", server.port), 0
    for _ in range(times):
        connection.request("POST", "/graphql", body, headers)
        answer, size, beginning = connection.getresponse(), 0, b""
        while part := answer.read(2**20):
            beginning, size = beginning or part[:1000], size + len(part)
        if not beginning.startswith(b'{"data":{"integrationExport":{'):
            raise ConnectionError(beginning.decode())
    connection.close()
    return size


async def _measure(database: BenchmarkDatabase, query: str, times: int) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="gateway-load-") as folder,
        start_servers([GATEWAY], database.url, Path(folder)) as (server,),
    ):
        small = SmallQueries(server, database)
        # The first request of a query compiles it.
        await small.measure_during(asyncio.ensure_future(asyncio.sleep(0)))
        processes.reset_peak_memory(server.pid)
        idle = processes.get_peak_megabytes(server.pid)
        await asyncio.to_thread(_export, server, database, query, 1)
        alone = await small.measure_during(asyncio.ensure_future(asyncio.sleep(_IDLE_SECONDS)))
        began = time.perf_counter()
        # In a thread, so that reading the response does not delay the small queries.
        exporting = asyncio.ensure_future(asyncio.to_thread(_export, server, database, query, times))
        beside = await small.measure_during(exporting)
        size, seconds = await exporting, time.perf_counter() - began
        more = processes.get_peak_megabytes(server.pid) * 1.048576 - idle * 1.048576
        typer.echo(f"  {times} exports of {size / _MEGABYTE:.1f} MB took {seconds / times:.2f} s each")
        typer.echo(f"  memory: {more:.0f} MB over {idle:.0f} MB, {more * _MEGABYTE / size:.1f} times the answer")
        for name in alone:
            latencies = _format_latencies(alone[name]), _format_latencies(beside[name])
            typer.echo("  {}: alone {}; beside exports {}".format(name, *latencies))


def _format_latencies(latencies: Sequence[float]) -> str:
    percents = [each * 1000 for each in quantiles(latencies, n=100, method="inclusive")]
    most = max(latencies) * 1000
    return f"p50 {percents[49]:.1f}, p99 {percents[98]:.1f}, at most {most:.1f} ms of {len(latencies)}"


async def run(open_database: OpenDatabase) -> Sequence[str]:
    """Run the load on one database. It has no requirements."""
    async with open_database(lambda url: load(url, _SCALE)) as database:
        for query in (EXPORT, DOCUMENT):
            typer.echo(f"{database.version}, exports, {'selected' if query is EXPORT else '`document`'}")
            await _measure(database, query, _TIMES)
    return []
