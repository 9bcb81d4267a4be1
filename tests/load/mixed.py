"""10,000 requests of all kinds: small, large, mutations, refused, invalid, and abandoned by their clients.

A warm-up fills the cache of documents and sends half as many requests. The resources of the server after all
requests are compared with those before them.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer

from gateway.domain.lenient_reading import Document
from tests.benchmarks import client
from tests.benchmarks.client import Connection
from tests.benchmarks.data import Scale, load
from tests.benchmarks.databases import BenchmarkDatabase, OpenDatabase
from tests.benchmarks.servers import GATEWAY, Server, start_servers
from tests.benchmarks.workloads import DOCUMENT, EXPORT, GET, LIST, UPSERT, build_upsert_variables
from tests.load.resource_usage import ResourceUsage, measure_usage

_REQUESTS = 10_000
_CONNECTIONS = 16
_CONCURRENT_LISTS = 64
"""Concurrent lists of the warm-up, which open all connections of the pool."""

_ABANDON_EVERY = 50
"""Every so many iterations, one more request is sent without waiting for its response."""

_WARM_UP_DOCUMENTS = 600
"""More documents than the server caches."""

_IDLE_SECONDS = 6.0
"""Seconds after which idle connections are closed."""

_MORE_MEGABYTES = 20.0
_SCALE = Scale(integrations=20, practitioners=200, many_practitioners=1)
_VIEWER = "{ __typename viewer { userId } }"


def _build_bodies(database: BenchmarkDatabase, number: int) -> Mapping[str, Document]:
    """Return one request of each kind, different for each number."""
    loaded = database.loaded
    listed, group = loaded.listed[number % len(loaded.listed)], loaded.groups[number % len(loaded.groups)]
    return {
        "get": {"query": GET, "variables": {"id": listed}},
        "list": {"query": LIST},
        "viewer": {"query": _VIEWER},
        "export": {"query": EXPORT, "variables": {"id": loaded.export}},
        "document": {"query": DOCUMENT, "variables": {"id": loaded.export}},
        "upsert": {"query": UPSERT, "variables": build_upsert_variables(group, number)},
        "new document": {"query": f"query Q{number} {{ viewer {{ userId }} }}"},
        "not found": {"query": GET, "variables": {"id": f"{number:024x}"}},
        "not valid": {"query": f"{{ nothing{number} }}"},
        "not GraphQL": {"query": "{ nothing"},
        "no query": {},
    }


async def _list(server: Server, database: BenchmarkDatabase) -> None:
    async with Connection(server.port) as connection:
        body = _build_bodies(database, 0)["list"]
        await connection.send_any_status(client.build_request("/graphql", body, database.loaded.key))


async def _send_all(server: Server, database: BenchmarkDatabase, requests: int) -> Counter[int]:
    """Send this number of requests of each kind, and count the statuses."""
    numbers, statuses = iter(range(requests)), Counter[int]()

    async def send() -> None:
        while (number := next(numbers, None)) is not None:
            async with Connection(server.port) as connection:
                for each, body in _build_bodies(database, number).items():
                    key = "wrong" if number % 20 == 0 and each == "viewer" else database.loaded.key
                    head, _ = await connection.send_any_status(client.build_request("/graphql", body, key))
                    statuses[int(head.split(b" ", 2)[1])] += 1
                if number % _ABANDON_EVERY == 0:
                    body = _build_bodies(database, number)["export"]
                    await connection.write(client.build_request("/graphql", body, database.loaded.key))

    await asyncio.gather(*(send() for _ in range(_CONNECTIONS)))
    return statuses


def _find_growth(before: ResourceUsage, after: ResourceUsage) -> list[str]:
    problems = [
        f"there were {old} {name} before, and then {new}"
        for name, old, new in zip(ResourceUsage._fields[1:], before[1:], after[1:], strict=True)
        if new > old
    ]
    if after.megabytes > before.megabytes + _MORE_MEGABYTES:
        problems.append(f"it holds {after.megabytes - before.megabytes:.0f} MB more")
    return problems


async def _measure(server: Server, database: BenchmarkDatabase) -> list[str]:
    """Run the load, print the results, and return what was not as required."""
    kinds = len(_build_bodies(database, 0))
    await _send_all(server, database, _REQUESTS // kinds // 2)
    await asyncio.gather(*(_list(server, database) for _ in range(_CONCURRENT_LISTS)))
    async with Connection(server.port) as connection:
        for number in range(_WARM_UP_DOCUMENTS):
            body: Document = {"query": f"query Before{number} {{ viewer {{ userId }} }}"}
            await connection.send(client.build_request("/graphql", body, database.loaded.key))
    await asyncio.sleep(_IDLE_SECONDS)
    before = await measure_usage(server.pid, database)
    statuses = await _send_all(server, database, -(-_REQUESTS // kinds))
    await asyncio.sleep(_IDLE_SECONDS)
    after = await measure_usage(server.pid, database)
    typer.echo("  " + ", ".join(f"{count} of {status}" for status, count in sorted(statuses.items())))
    typer.echo(f"  before: {before}")
    typer.echo(f"  after: {after}")
    problems = _find_growth(before, after)
    return [*problems, *(["a request failed"] if any(status >= 500 for status in statuses) else [])]


async def run(open_database: OpenDatabase) -> Sequence[str]:
    """Run the load on one database, and return what was not as required."""
    async with open_database(lambda url: load(url, _SCALE)) as database:
        with (
            tempfile.TemporaryDirectory(prefix="gateway-load-") as folder,
            start_servers([GATEWAY], database.url, Path(folder)) as (server,),
        ):
            typer.echo(f"{database.version}, mixed")
            return [f"{database.version}, mixed: {problem}" for problem in await _measure(server, database)]
