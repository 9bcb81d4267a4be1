"""Rounds of requests, and what each of them cost."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import median, quantiles

from tests.benchmarks import client, processes
from tests.benchmarks.client import Connection
from tests.benchmarks.databases import Filled
from tests.benchmarks.servers import Peer, Server
from tests.benchmarks.workloads import Workload

_BEGINNING = 40
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is asked."""

    rounds: int = 5
    seconds: float = 1.2
    """How long a round of one peer is to last."""
    most_requests: int = 4_000
    """Requests of a round, however short they are."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one peer's requests of a round cost: CPU seconds a request, seconds until each answer, and memory."""

    server: float
    database: float
    latencies: Sequence[float]
    peak_megabytes: float

    @property
    def cpu(self) -> float:
        return self.server + self.database


@dataclass(slots=True)
class Cost:
    """A peer's rounds of a workload."""

    rounds: list[Round] = field(default_factory=list)

    @property
    def peak_megabytes(self) -> float:
        return max(found.peak_megabytes for found in self.rounds)

    @property
    def server_ms(self) -> float:
        return median(found.server for found in self.rounds) * 1000

    @property
    def database_ms(self) -> float:
        return median(found.database for found in self.rounds) * 1000

    @property
    def cpu_ms(self) -> float:
        return median(found.cpu for found in self.rounds) * 1000

    def ratio(self, other: "Cost") -> float:
        """How many times the CPU time of the other's, which was measured in the same rounds."""
        return median(ours.cpu / theirs.cpu for ours, theirs in zip(self.rounds, other.rounds, strict=True))

    def latency_ms(self, percent: int) -> float:
        """The latency that this share of all requests stays below."""
        latencies = [latency for found in self.rounds for latency in found.latencies]
        if len(latencies) == 1:
            return latencies[0] * 1000
        return quantiles(latencies, n=_PERCENT, method="inclusive")[percent - 1] * 1000


class Bench:
    """Servers over one database, and a key for them."""

    def __init__(self, servers: Sequence[Server], database: Filled, effort: Effort) -> None:
        self._servers = servers
        self._database = database
        self._effort = effort
        self._turn = 0

    async def measure(self, workloads: Sequence[Workload]) -> Mapping[Workload, Mapping[Peer, Cost]]:
        """What the workloads cost each peer, in interleaved rounds; each begins with another of them."""
        costs = {workload: {server.peer: Cost() for server in self._servers} for workload in workloads}
        entrants = [(server, workload) for workload in workloads for server in self._servers]
        counts = [await self._count(*entrant) for entrant in entrants]
        turns = [*zip(entrants, counts, strict=True)]
        for number in range(self._effort.rounds):
            first = number % len(turns)
            for (server, workload), count in (*turns[first:], *turns[:first]):
                costs[workload][server.peer].rounds.append(await self._round(server, workload, count))
        return costs

    async def _count(self, server: Server, workload: Workload) -> int:
        """How many requests a round is to have, found while the server warms up."""
        count, latency = 2 * workload.connections, 0.0
        end = time.monotonic() + self._effort.seconds
        while True:
            began = time.monotonic()
            await self._round(server, workload, count)
            latency = (time.monotonic() - began) / count
            if time.monotonic() > end or count >= self._effort.most_requests:
                break
            count *= 2
        wanted = round(self._effort.seconds / latency)
        return max(workload.connections, min(wanted, self._effort.most_requests))

    async def _round(self, server: Server, workload: Workload, count: int) -> Round:
        requests: list[list[bytes]] = [[] for _ in range(workload.connections)]
        # A turn belongs to its connection: writers do not meet on one group.
        self._turn += -self._turn % workload.connections
        for _ in range(count):
            body = server.peer.body(workload, server.peer.variables(workload, self._turn))
            path = server.peer.path(workload)
            requests[self._turn % workload.connections].append(
                client.request(path, body, self._database.loaded.key)
            )
            self._turn += 1
        async with AsyncExitStack() as stack:
            connections = [
                await stack.enter_async_context(Connection(server.port)) for _ in range(workload.connections)
            ]
            processes.forget_peak_memory(server.pid)
            server_before, database_before = self._cpu(server)
            latencies = await asyncio.gather(*map(_ask, connections, requests))
            server_after, database_after = self._cpu(server)
        return Round(
            (server_after - server_before) / count,
            (database_after - database_before) / count,
            [latency for found in latencies for latency in found],
            processes.peak_megabytes(server.pid),
        )

    def _cpu(self, server: Server) -> tuple[float, float]:
        """What the server and the database's own server have used so far."""
        database = 0.0 if self._database.pid is None else processes.family_cpu_seconds(self._database.pid)
        return processes.cpu_seconds(server.pid), database


async def _ask(connection: Connection, requests: Sequence[bytes]) -> Sequence[float]:
    """The latency of each request, one after the other. Raises ConnectionError for an answer without data."""
    latencies = []
    for request in requests:
        began = time.perf_counter()
        answer = await connection.send(request)
        latencies.append(time.perf_counter() - began)
        beginning = answer[:_BEGINNING].replace(b" ", b"")
        if not beginning.startswith(b'{"data":{') or b":null" in beginning:
            raise ConnectionError(answer[:1000].decode())
    return latencies
