"""A server whose clients send expensive operations, while another client sends small ones."""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from multiprocessing import get_context
from pathlib import Path
from statistics import quantiles

import orjson
import typer

from gateway.database.database import Database
from gateway.domain.lenient_reading import Document
from gateway.settings import Settings
from tests.benchmarks import client, processes
from tests.benchmarks.client import Connection
from tests.benchmarks.data import Scale, load
from tests.benchmarks.databases import DATABASES
from tests.benchmarks.servers import GATEWAY, start_servers

MAX_GROWTH = 64.0
"""Megabytes by which an attack may grow the server."""

_SMALL = Scale(integrations=1, practitioners=1, many_practitioners=1)
_PAUSE = 0.01

Fill = Callable[[Database], Awaitable[None]]
"""Stores the rows that an attack reads."""


@dataclass(frozen=True)
class Outcome:
    """What an attack did to the server and to the other client."""

    delays: Sequence[float]
    """Seconds that each query of the other client took."""
    growth: float
    """Megabytes of the most memory during the attack, beyond that before it."""
    seen: Mapping[str, int]
    """How many of the attackers' requests had each result: the status, or a code of the errors."""

    def __str__(self) -> str:
        p99 = quantiles(self.delays, n=100)[98]
        return (
            f"{len(self.delays)} other queries, p99 {p99:.3f} s, slowest {max(self.delays):.3f} s; "
            f"{self.growth:.0f} MB more; {dict(self.seen)}"
        )


@dataclass(frozen=True)
class Target:
    """A running server, and a key for it."""

    pid: int
    port: int
    key: str

    def attack(self, bodies: Sequence[Document], clients: int, seconds: float) -> Outcome:
        """Have this number of clients send these bodies again and again, from another process."""
        requests = [client.build_request("/graphql", body, self.key) for body in bodies]
        self._query()
        before = processes.get_resident_megabytes(self.pid)
        delays, memory = [], [before]
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            attacking = pool.submit(_attack, self.port, requests, clients, seconds)
            while not attacking.done():
                began = time.perf_counter()
                self._query()
                delays.append(time.perf_counter() - began)
                memory.append(processes.get_resident_megabytes(self.pid))
                time.sleep(_PAUSE)
        return Outcome(delays, max(memory) - before, attacking.result())

    def _query(self) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        connection.request("POST", "/graphql", b'{"query": "{ __typename }"}', headers)
        assert connection.getresponse().status == 200
        connection.close()


def _attack(port: int, requests: Sequence[bytes], clients: int, seconds: float) -> Mapping[str, int]:
    return asyncio.run(_send_repeatedly(port, requests, clients, seconds))


async def _send_repeatedly(
    port: int, requests: Sequence[bytes], clients: int, seconds: float
) -> Mapping[str, int]:
    seen: Counter[str] = Counter()
    end = time.monotonic() + seconds

    async def send() -> None:
        while time.monotonic() < end:
            for request in requests:
                async with Connection(port) as connection:
                    head, body = await connection.send_any_status(request)
                seen[_read_result(head, body)] += 1

    await asyncio.gather(*(send() for _ in range(clients)))
    return seen


def _read_result(head: bytes, body: bytes) -> str:
    status = head.split(b" ", 2)[1].decode()
    if len(body) > 100_000:
        return f"{status} with {len(body) // 2**20} MiB"
    answer = orjson.loads(body)
    codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
    payloads = [value for value in (answer.get("data") or {}).values() if isinstance(value, dict)]
    codes |= {error["code"] for payload in payloads for error in payload.get("errors", ())}
    return " ".join((status, *sorted(codes)))


@asynccontextmanager
async def open_target(database_kind: str, fill: Fill) -> AsyncIterator[Target]:
    """Start a server without a rate limit on a new database with these rows."""
    with tempfile.TemporaryDirectory(prefix="gateway-faults-") as folder:
        async with DATABASES[database_kind](lambda url: load(url, _SMALL)) as filled:
            database = Database(Settings(database_url=filled.url))
            try:
                await fill(database)
            finally:
                await database.dispose()
            with start_servers([GATEWAY], filled.url, Path(folder)) as (server,):
                yield Target(server.pid, server.port, filled.loaded.key)


async def run_attacks(
    attacks: Mapping[str, Sequence[Document]], fill: Fill, clients: int = 4, seconds: float = 5.0
) -> None:
    """Run attacks one after the other on both databases, each against a new server; print their outcomes."""
    for kind in DATABASES:
        for name, bodies in attacks.items():
            async with open_target(kind, fill) as target:
                outcome = await asyncio.to_thread(target.attack, bodies, clients, seconds)
                typer.echo(f"{kind}, {name}: {outcome}")
