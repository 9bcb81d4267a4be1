"""Overload: 200 connections send heavy queries in a loop, against a capacity of 8.

Meanwhile a client of the same team and one of another send small queries, and a probe checks the health. In the
end all 200 clients disconnect at once.
"""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles

import typer

from gateway import services
from gateway.database.database import Database
from gateway.domain.enums import Permission
from gateway.domain.lenient_reading import Document
from gateway.settings import Settings
from tests.benchmarks import client
from tests.benchmarks.client import Connection
from tests.benchmarks.data import Scale, load
from tests.benchmarks.databases import BenchmarkDatabase, OpenDatabase
from tests.benchmarks.documents import USER
from tests.benchmarks.servers import GATEWAY, Server, start_servers
from tests.benchmarks.workloads import EXPORT, GET
from tests.load.resource_usage import measure_cpu_share, measure_usage

_CONNECTIONS = 200
_SECONDS = 10.0
_PAUSE = 0.02
_MOST_SECONDS = 2.0
_REFUSED = (429, 503)
_BUSY = 0.1
"""The share of a core below which a server is idle."""

_SCALE = Scale(integrations=2, practitioners=200, many_practitioners=1)
_OTHER_TEAM = "64b000000000000000000002"
_HEALTH = b"GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"


class ResponseStatistics:
    """Statuses and latencies of the requests of one kind."""

    def __init__(self) -> None:
        self.answered: list[float] = []
        """Seconds of each request that was not refused."""
        self.statuses: Counter[int] = Counter()
        self.slowest = 0.0
        self.without_retry = 0

    def add(self, head: bytes, seconds: float) -> None:
        status = int(head.split(b" ", 2)[1])
        self.statuses[status] += 1
        self.slowest = max(self.slowest, seconds)
        if status in _REFUSED:
            self.without_retry += b"\r\nretry-after:" not in head
        else:
            self.answered.append(seconds)

    @property
    def p99(self) -> float:
        return quantiles(self.answered, n=100, method="inclusive")[98] if len(self.answered) > 1 else 0.0

    def __str__(self) -> str:
        statuses = ", ".join(f"{count} of {status}" for status, count in sorted(self.statuses.items()))
        p50 = quantiles(self.answered, n=2)[0] if len(self.answered) > 1 else 0.0
        return f"{statuses}; answered p50 {p50:.3f} s, p99 {self.p99:.3f} s; slowest of all {self.slowest:.3f} s"


async def _send_repeatedly(
    server: Server, request: bytes, statistics: ResponseStatistics, until: float, pause: float
) -> None:
    async with Connection(server.port) as connection:
        while time.perf_counter() < until:
            began = time.perf_counter()
            head, _ = await connection.send_any_status(request)
            statistics.add(head, time.perf_counter() - began)
            await asyncio.sleep(pause)


async def _create_other_key(url: str) -> str:
    """Create a key of another team, which has no data."""
    database = Database(Settings(database_url=url))
    try:
        async with database.write() as session:
            return await services.keys.create_key(
                session, team_id=_OTHER_TEAM, user_id=USER, name="other", permissions=Permission
            )
    finally:
        await database.dispose()


def _build_small_requests(database: BenchmarkDatabase, other_key: str) -> dict[str, bytes]:
    """Return the small requests; the first three must be answered even under overload."""
    own_key = database.loaded.key
    get: Document = {"query": GET, "variables": {"id": database.loaded.listed[0]}}
    listed: Document = {"query": "{ integrations(first: 5) { nodes { id name } } }"}
    return {
        "health": _HEALTH,
        "same team, { __typename }": client.build_request("/graphql", {"query": "{ __typename }"}, own_key),
        "other team, integrations": client.build_request("/graphql", listed, other_key),
        "same team, get": client.build_request("/graphql", get, own_key),
    }


async def _measure_under_overload(
    server: Server, database: BenchmarkDatabase, small: dict[str, bytes]
) -> dict[str, ResponseStatistics]:
    """Measure all requests under overload, and then disconnect all clients with heavy queries."""
    body: Document = {"query": EXPORT, "variables": {"id": database.loaded.export}}
    heavy = client.build_request("/graphql", body, database.loaded.key)
    results = {name: ResponseStatistics() for name in ("heavy", *small)}
    until = time.perf_counter() + _SECONDS
    heavy_tasks = [
        asyncio.create_task(_send_repeatedly(server, heavy, results["heavy"], float("inf"), 0))
        for _ in range(_CONNECTIONS)
    ]
    await asyncio.gather(
        *(_send_repeatedly(server, request, results[name], until, _PAUSE) for name, request in small.items())
    )
    for task in heavy_tasks:
        task.cancel()
    for result in await asyncio.gather(*heavy_tasks, return_exceptions=True):
        if not isinstance(result, asyncio.CancelledError):
            raise result or AssertionError
    return results


async def _measure_alone(server: Server, small: dict[str, bytes]) -> dict[str, ResponseStatistics]:
    """Measure the small requests without other load."""
    results = {name: ResponseStatistics() for name in small}
    until = time.perf_counter() + 1.0
    await asyncio.gather(*(_send_repeatedly(server, small[name], results[name], until, _PAUSE) for name in small))
    return results


async def _measure(server: Server, database: BenchmarkDatabase, small: dict[str, bytes]) -> list[str]:
    """Run the load, print the results, and return what was not as required."""
    await _measure_alone(server, small)
    before = await measure_usage(server.pid, database)
    results = await _measure_under_overload(server, database, small)
    await asyncio.sleep(_MOST_SECONDS)
    share = await measure_cpu_share(server.pid, 0.5)
    after, alone = await measure_usage(server.pid, database), await _measure_alone(server, small)
    for name, found in results.items():
        typer.echo(f"  {name}: {found}")
    for name, found in alone.items():
        typer.echo(f"  afterwards, {name}: {found}")
    typer.echo(f"  before: {before}")
    typer.echo(f"  {_MOST_SECONDS:g} s after all hung up: {after}; CPU {share:.0%} of a core")
    return [*_find_problems(results), *(["it was not idle afterwards"] if share > _BUSY else [])] + [
        f"{name} was refused afterwards" for name, found in alone.items() if set(found.statuses) & set(_REFUSED)
    ]


def _find_problems(results: dict[str, ResponseStatistics]) -> list[str]:
    heavy = results["heavy"]
    problems = [f"{name}: a refusal without Retry-After" for name, found in results.items() if found.without_retry]
    if not heavy.answered or heavy.p99 > _MOST_SECONDS:
        problems.append("the heavy queries that were answered took too long")
    if set(heavy.statuses) - {200, *_REFUSED}:
        problems.append("a heavy query was neither answered nor refused")
    for name, found in list(zip(results, results.values(), strict=True))[1:-1]:
        if set(found.statuses) & set(_REFUSED) or found.p99 > 1:
            problems.append(f"{name} was not answered in time")
    return problems


async def run(open_database: OpenDatabase) -> Sequence[str]:
    """Run the load on one database, and return what was not as required."""
    async with open_database(lambda url: load(url, _SCALE)) as database:
        small = _build_small_requests(database, await _create_other_key(database.url))
        with (
            tempfile.TemporaryDirectory(prefix="gateway-load-") as folder,
            start_servers([GATEWAY], database.url, Path(folder)) as (server,),
        ):
            typer.echo(f"{database.version}, overload")
            return [
                f"{database.version}, overload: {problem}" for problem in await _measure(server, database, small)
            ]
