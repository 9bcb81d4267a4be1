"""Rounds of requests, and the CPU time, latency and memory of each."""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import median, quantiles

from tests.benchmarks import client, processes
from tests.benchmarks.client import Connection
from tests.benchmarks.databases import BenchmarkDatabase
from tests.benchmarks.servers import Peer, Server
from tests.benchmarks.workloads import Workload

_DATA = re.compile(rb'\{"data":\{"\w+":(?!null)')
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The length of a run."""

    rounds: int = 5
    seconds: float = 1.2
    """Intended seconds of one round of one peer."""
    max_requests: int = 4_000
    """The maximum number of requests in a round."""


@dataclass(frozen=True, slots=True)
class Round:
    """One peer's round: CPU seconds a request, the latency of each request in seconds, and memory."""

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
        return max(run.peak_megabytes for run in self.rounds)

    @property
    def server_ms(self) -> float:
        return median(run.server for run in self.rounds) * 1000

    @property
    def database_ms(self) -> float:
        return median(run.database for run in self.rounds) * 1000

    @property
    def cpu_ms(self) -> float:
        return median(run.cpu for run in self.rounds) * 1000

    def get_ratio(self, other: "Cost") -> float:
        """Return the ratio of the CPU times to those of another peer, measured in the same rounds."""
        return median(own.cpu / others.cpu for own, others in zip(self.rounds, other.rounds, strict=True))

    def get_latency_ms(self, percent: int) -> float:
        """Return this percentile of the latencies."""
        latencies = [latency for found in self.rounds for latency in found.latencies]
        if len(latencies) == 1:
            return latencies[0] * 1000
        return quantiles(latencies, n=_PERCENT, method="inclusive")[percent - 1] * 1000


class Benchmark:
    """Servers over one database, and a key for them."""

    def __init__(self, servers: Sequence[Server], database: BenchmarkDatabase, options: RunOptions) -> None:
        self._servers = servers
        self._database = database
        self._options = options
        self._iteration = 0

    async def measure(self, workloads: Sequence[Workload]) -> Mapping[Workload, Mapping[Peer, Cost]]:
        """Measure the workloads on each peer in interleaved rounds. Each round begins with another pair."""
        costs = {workload: {server.peer: Cost() for server in self._servers} for workload in workloads}
        pairs = [(server, workload) for workload in workloads for server in self._servers]
        counts = [await self._choose_count(*pair) for pair in pairs]
        runs = [*zip(pairs, counts, strict=True)]
        for number in range(self._options.rounds):
            first = number % len(runs)
            for (server, workload), count in (*runs[first:], *runs[:first]):
                costs[workload][server.peer].rounds.append(await self._run_round(server, workload, count))
        return costs

    async def _choose_count(self, server: Server, workload: Workload) -> int:
        """Return the number of requests for a round, found while the server warms up."""
        count, latency = 2 * workload.connections, 0.0
        end = time.monotonic() + self._options.seconds
        while True:
            began = time.monotonic()
            await self._run_round(server, workload, count)
            latency = (time.monotonic() - began) / count
            if time.monotonic() > end or count >= self._options.max_requests:
                break
            count *= 2
        wanted = round(self._options.seconds / latency)
        return max(workload.connections, min(wanted, self._options.max_requests))

    async def _run_round(self, server: Server, workload: Workload, count: int) -> Round:
        requests: list[list[bytes]] = [[] for _ in range(workload.connections)]
        # Each connection has its own iterations, so that concurrent upserts change different groups.
        self._iteration += -self._iteration % workload.connections
        for _ in range(count):
            body = server.peer.build_body(workload, server.peer.build_variables(workload, self._iteration))
            path = server.peer.get_path(workload)
            requests[self._iteration % workload.connections].append(
                client.build_request(path, body, self._database.loaded.key)
            )
            self._iteration += 1
        async with AsyncExitStack() as stack:
            connections = [
                await stack.enter_async_context(Connection(server.port)) for _ in range(workload.connections)
            ]
            processes.reset_peak_memory(server.pid)
            server_before, database_before = self._get_cpu(server)
            latencies = await asyncio.gather(*map(_send_all, connections, requests))
            server_after, database_after = self._get_cpu(server)
        return Round(
            (server_after - server_before) / count,
            (database_after - database_before) / count,
            [latency for found in latencies for latency in found],
            processes.get_peak_megabytes(server.pid),
        )

    def _get_cpu(self, server: Server) -> tuple[float, float]:
        """Return the CPU seconds of the server and of the database server so far."""
        database = 0.0 if self._database.pid is None else processes.get_tree_cpu_seconds(self._database.pid)
        return processes.get_cpu_seconds(server.pid), database


async def _send_all(connection: Connection, requests: Sequence[bytes]) -> Sequence[float]:
    """Send requests in sequence, and return the latencies. Raises ConnectionError for a response without data."""
    latencies = []
    for request in requests:
        began = time.perf_counter()
        answer = await connection.send(request)
        latencies.append(time.perf_counter() - began)
        if not _DATA.match(answer.replace(b" ", b"", 3)):
            raise ConnectionError(answer[:1000].decode())
    return latencies
