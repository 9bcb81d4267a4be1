"""What a very big answer costs those who ask for little meanwhile, and how much memory it takes.

Everything is exported a few times, and beside that two small queries are asked again and again: one that waits
for the loop alone, and one that reads a row. Printed are their latencies with and without the exports, and the
server's peak memory beside the bytes of one export.
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
from tests.benchmarks.databases import Filled, Opened
from tests.benchmarks.servers import GATEWAY, Server, started
from tests.benchmarks.workloads import DOCUMENT, EXPORT, GET

_PAUSE = 0.002
_IDLE_SECONDS = 3.0
_MEGABYTE = 1_000_000
_SCALE = Scale(integrations=2, practitioners=1, many_practitioners=20_000)
_TIMES = 5


class Small:
    """Small queries, each asked again and again over a connection of its own."""

    def __init__(self, server: Server, database: Filled) -> None:
        queries: dict[str, Document] = {
            "viewer": {"query": "{ viewer { userId } }"},
            "get": {"query": GET, "variables": {"id": database.loaded.listed[0]}},
        }
        self._server = server
        self._requests = {
            name: client.request("/graphql", body, database.loaded.key) for name, body in queries.items()
        }

    async def during(self, work: asyncio.Future[Any]) -> Mapping[str, Sequence[float]]:
        """The seconds that each of them took from asking to answer, one after the other, while `work` lasts."""
        found = await asyncio.gather(*(self._latencies(each, work) for each in self._requests.values()))
        return dict(zip(self._requests, found, strict=True))

    async def _latencies(self, request: bytes, work: asyncio.Future[Any]) -> Sequence[float]:
        latencies: list[float] = []
        async with Connection(self._server.port) as connection:
            while not (latencies and work.done()):
                began = time.perf_counter()
                await connection.send(request)
                latencies.append(time.perf_counter() - began)
                await asyncio.sleep(_PAUSE)
        return latencies


def _exported(server: Server, database: Filled, query: str, times: int) -> int:
    """Export everything so many times; the bytes of one answer."""
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


async def _measure(database: Filled, query: str, times: int) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="gateway-load-") as folder,
        started([GATEWAY], database.url, Path(folder)) as (server,),
    ):
        small = Small(server, database)
        # What is asked for the first time is compiled first.
        await small.during(asyncio.ensure_future(asyncio.sleep(0)))
        processes.forget_peak_memory(server.pid)
        idle = processes.peak_megabytes(server.pid)
        await asyncio.to_thread(_exported, server, database, query, 1)
        alone = await small.during(asyncio.ensure_future(asyncio.sleep(_IDLE_SECONDS)))
        began = time.perf_counter()
        # In a thread, so that reading the answer takes no time of those who ask for little.
        exporting = asyncio.ensure_future(asyncio.to_thread(_exported, server, database, query, times))
        beside = await small.during(exporting)
        size, seconds = await exporting, time.perf_counter() - began
        more = processes.peak_megabytes(server.pid) * 1.048576 - idle * 1.048576
        typer.echo(f"  {times} exports of {size / _MEGABYTE:.1f} MB took {seconds / times:.2f} s each")
        typer.echo(f"  memory: {more:.0f} MB over {idle:.0f} MB, {more * _MEGABYTE / size:.1f} times the answer")
        for name in alone:
            typer.echo(f"  {name}: alone {_spread(alone[name])}; beside exports {_spread(beside[name])}")


def _spread(latencies: Sequence[float]) -> str:
    percents = [each * 1000 for each in quantiles(latencies, n=100, method="inclusive")]
    most = max(latencies) * 1000
    return f"p50 {percents[49]:.1f}, p99 {percents[98]:.1f}, at most {most:.1f} ms of {len(latencies)}"


async def run(opened: Opened) -> Sequence[str]:
    """Measure on one database; there is nothing that can be wrong."""
    async with opened(lambda url: load(url, _SCALE)) as filled:
        for query in (EXPORT, DOCUMENT):
            typer.echo(f"{filled.version}, exports, {'selected' if query is EXPORT else '`document`'}")
            await _measure(filled, query, _TIMES)
    return []
