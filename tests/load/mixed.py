"""10,000 requests of all kinds: small, large, written, refused, wrong, and such whose clients leave.

Before them come as many documents as are remembered, and of everything else half as much. What the server holds
after all of them is set beside what it held before.
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
from tests.benchmarks.databases import Filled, Opened
from tests.benchmarks.servers import GATEWAY, Server, started
from tests.benchmarks.workloads import DOCUMENT, EXPORT, GET, LIST, UPSERT, upserted
from tests.load.vitals import Vitals, vitals

_REQUESTS = 10_000
_CONNECTIONS = 16
_AT_ONCE = 64
"""Exports that are asked for at once, so that all connections to the database are opened which ever will be."""

_LEAVES = 50
"""In one turn of so many, one more is sent whose answer is not waited for."""

_REMEMBERED = 600
"""More documents than the server remembers."""

_REST = 6.0
"""Seconds after which connections that nobody uses are closed."""

_MORE_MEGABYTES = 20.0
_SCALE = Scale(integrations=20, practitioners=200, many_practitioners=1)
_ALONE = "{ __typename viewer { userId } }"


def _bodies(database: Filled, turn: int) -> Mapping[str, Document]:
    """One request of each kind, which differs from turn to turn."""
    loaded = database.loaded
    listed, group = loaded.listed[turn % len(loaded.listed)], loaded.groups[turn % len(loaded.groups)]
    return {
        "get": {"query": GET, "variables": {"id": listed}},
        "list": {"query": LIST},
        "viewer": {"query": _ALONE},
        "export": {"query": EXPORT, "variables": {"id": loaded.export}},
        "document": {"query": DOCUMENT, "variables": {"id": loaded.export}},
        "upsert": {"query": UPSERT, "variables": upserted(group, turn)},
        "new document": {"query": f"query Q{turn} {{ viewer {{ userId }} }}"},
        "not found": {"query": GET, "variables": {"id": f"{turn:024x}"}},
        "not valid": {"query": f"{{ nothing{turn} }}"},
        "not GraphQL": {"query": "{ nothing"},
        "no query": {},
    }


async def _export(server: Server, database: Filled) -> None:
    async with Connection(server.port) as connection:
        body = _bodies(database, 0)["export"]
        await connection.exchange(client.request("/graphql", body, database.loaded.key))


async def _asked(server: Server, database: Filled, requests: int) -> Counter[int]:
    """Ask so many turns, and count what was answered."""
    turns, statuses = iter(range(requests)), Counter[int]()

    async def ask() -> None:
        while (turn := next(turns, None)) is not None:
            async with Connection(server.port) as connection:
                for each, body in _bodies(database, turn).items():
                    key = "wrong" if turn % 20 == 0 and each == "viewer" else database.loaded.key
                    head, _ = await connection.exchange(client.request("/graphql", body, key))
                    statuses[int(head.split(b" ", 2)[1])] += 1
                if turn % _LEAVES == 0:
                    body = _bodies(database, turn)["export"]
                    await connection.write(client.request("/graphql", body, database.loaded.key))

    await asyncio.gather(*(ask() for _ in range(_CONNECTIONS)))
    return statuses


def _grown(before: Vitals, after: Vitals) -> list[str]:
    wrong = [
        f"there were {old} {name} before, and then {new}"
        for name, old, new in zip(Vitals._fields[1:], before[1:], after[1:], strict=True)
        if new > old
    ]
    if after.megabytes > before.megabytes + _MORE_MEGABYTES:
        wrong.append(f"it holds {after.megabytes - before.megabytes:.0f} MB more")
    return wrong


async def _shown(server: Server, database: Filled) -> list[str]:
    """What did not hold."""
    kinds = len(_bodies(database, 0))
    await _asked(server, database, _REQUESTS // kinds // 2)
    await asyncio.gather(*(_export(server, database) for _ in range(_AT_ONCE)))
    async with Connection(server.port) as connection:
        for number in range(_REMEMBERED):
            body: Document = {"query": f"query Before{number} {{ viewer {{ userId }} }}"}
            await connection.send(client.request("/graphql", body, database.loaded.key))
    await asyncio.sleep(_REST)
    before = await vitals(server.pid, database)
    statuses = await _asked(server, database, -(-_REQUESTS // kinds))
    await asyncio.sleep(_REST)
    after = await vitals(server.pid, database)
    typer.echo("  " + ", ".join(f"{count} of {status}" for status, count in sorted(statuses.items())))
    typer.echo(f"  before: {before}")
    typer.echo(f"  after: {after}")
    wrong = _grown(before, after)
    return [*wrong, *(["a request failed"] if any(status >= 500 for status in statuses) else [])]


async def run(opened: Opened) -> Sequence[str]:
    """Show it on one database; what did not hold."""
    async with opened(lambda url: load(url, _SCALE)) as filled:
        with (
            tempfile.TemporaryDirectory(prefix="gateway-load-") as folder,
            started([GATEWAY], filled.url, Path(folder)) as (server,),
        ):
            typer.echo(f"{filled.version}, mixed")
            return [f"{filled.version}, mixed: {problem}" for problem in await _shown(server, filled)]
