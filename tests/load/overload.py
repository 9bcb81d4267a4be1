"""200 connections of heavy queries, each sent again as soon as it is answered or refused, against a capacity of 8.

Beside them a client of the same team and one of another ask for little, and something asks how the server is. In
the end all 200 hang up at once.
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
from tests.benchmarks.databases import Filled, Opened
from tests.benchmarks.documents import USER
from tests.benchmarks.servers import GATEWAY, Server, started
from tests.benchmarks.workloads import EXPORT, GET
from tests.load.vitals import cpu_share, vitals

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


class Asked:
    """What came of the requests of one kind."""

    def __init__(self) -> None:
        self.answered: list[float] = []
        """Seconds that each took which was answered."""
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


async def _ask(server: Server, request: bytes, asked: Asked, until: float, pause: float) -> None:
    async with Connection(server.port) as connection:
        while time.perf_counter() < until:
            began = time.perf_counter()
            head, _ = await connection.exchange(request)
            asked.add(head, time.perf_counter() - began)
            await asyncio.sleep(pause)


async def _other_key(url: str) -> str:
    """A key of another team, which has nothing."""
    database = Database(Settings(database_url=url))
    try:
        async with database.write() as session:
            return await services.keys.create_key(
                session, team_id=_OTHER_TEAM, user_id=USER, name="other", permissions=Permission
            )
    finally:
        await database.dispose()


def _small(database: Filled, other_key: str) -> dict[str, bytes]:
    """What is asked beside the heavy queries; the first three must be answered whatever there is to do."""
    own_key = database.loaded.key
    get: Document = {"query": GET, "variables": {"id": database.loaded.listed[0]}}
    listed: Document = {"query": "{ integrations(first: 5) { nodes { id name } } }"}
    return {
        "health": _HEALTH,
        "same team, { __typename }": client.request("/graphql", {"query": "{ __typename }"}, own_key),
        "other team, integrations": client.request("/graphql", listed, other_key),
        "same team, get": client.request("/graphql", get, own_key),
    }


async def _under_pressure(server: Server, database: Filled, small: dict[str, bytes]) -> dict[str, Asked]:
    """What came of everything while there was too much to do, after which all heavy clients hang up."""
    body: Document = {"query": EXPORT, "variables": {"id": database.loaded.export}}
    heavy = client.request("/graphql", body, database.loaded.key)
    asked = {name: Asked() for name in ("heavy", *small)}
    until = time.perf_counter() + _SECONDS
    hammering = [
        asyncio.create_task(_ask(server, heavy, asked["heavy"], float("inf"), 0)) for _ in range(_CONNECTIONS)
    ]
    await asyncio.gather(*(_ask(server, request, asked[name], until, _PAUSE) for name, request in small.items()))
    for task in hammering:
        task.cancel()
    for result in await asyncio.gather(*hammering, return_exceptions=True):
        if not isinstance(result, asyncio.CancelledError):
            raise result or AssertionError
    return asked


async def _alone(server: Server, small: dict[str, bytes]) -> dict[str, Asked]:
    """What comes of the small ones when nothing else is asked."""
    asked = {name: Asked() for name in small}
    until = time.perf_counter() + 1.0
    await asyncio.gather(*(_ask(server, small[name], asked[name], until, _PAUSE) for name in small))
    return asked


async def _shown(server: Server, database: Filled, small: dict[str, bytes]) -> list[str]:
    """What did not hold."""
    await _alone(server, small)
    before = await vitals(server.pid, database)
    asked = await _under_pressure(server, database, small)
    await asyncio.sleep(_MOST_SECONDS)
    share = await cpu_share(server.pid, 0.5)
    after, alone = await vitals(server.pid, database), await _alone(server, small)
    for name, found in asked.items():
        typer.echo(f"  {name}: {found}")
    for name, found in alone.items():
        typer.echo(f"  afterwards, {name}: {found}")
    typer.echo(f"  before: {before}")
    typer.echo(f"  {_MOST_SECONDS:g} s after all hung up: {after}; CPU {share:.0%} of a core")
    return [*_broken(asked), *(["it was not idle afterwards"] if share > _BUSY else [])] + [
        f"{name} was refused afterwards" for name, found in alone.items() if set(found.statuses) & set(_REFUSED)
    ]


def _broken(asked: dict[str, Asked]) -> list[str]:
    heavy = asked["heavy"]
    wrong = [f"{name}: a refusal without Retry-After" for name, found in asked.items() if found.without_retry]
    if not heavy.answered or heavy.p99 > _MOST_SECONDS:
        wrong.append("the heavy queries that were answered took too long")
    if set(heavy.statuses) - {200, *_REFUSED}:
        wrong.append("a heavy query was neither answered nor refused")
    for name, found in list(zip(asked, asked.values(), strict=True))[1:-1]:
        if set(found.statuses) & set(_REFUSED) or found.p99 > 1:
            wrong.append(f"{name} was not answered in time")
    return wrong


async def run(opened: Opened) -> Sequence[str]:
    """Show it on one database; what did not hold."""
    async with opened(lambda url: load(url, _SCALE)) as filled:
        small = _small(filled, await _other_key(filled.url))
        with (
            tempfile.TemporaryDirectory(prefix="gateway-load-") as folder,
            started([GATEWAY], filled.url, Path(folder)) as (server,),
        ):
            typer.echo(f"{filled.version}, overload")
            return [f"{filled.version}, overload: {problem}" for problem in await _shown(server, filled, small)]
