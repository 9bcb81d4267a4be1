"""A server that is attacked while another client sends small queries."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from multiprocessing import get_context
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import typer

from tests.benchmarks import processes
from tests.support.commands import ServerProcess, run_gateway, start_server
from tests.support.gateway import TEAM, USER

Attack = Callable[[int, str, float], Counter[str]]
"""Attacks a port with a valid key for some seconds. Returns how often each result was seen."""

MAX_GROWTH = 64.0
"""Megabytes by which an attack may grow the server."""

_PAUSE = 0.01
_BODY = '{"query": "{ __typename }"}'


@dataclass(frozen=True)
class Outcome:
    """What an attack did to the server and to the other client."""

    delays: Sequence[float]
    """Seconds that each query of the other client took."""

    grown_megabytes: float
    """Most memory during the attack, beyond that before it."""

    most_descriptors: int
    seen: Counter[str]

    def __str__(self) -> str:
        p99 = quantiles(self.delays, n=100)[98] if len(self.delays) > 1 else max(self.delays, default=0)
        return (
            f"{len(self.delays)} other queries, p99 {p99:.3f} s, slowest {max(self.delays, default=0):.3f} s; "
            f"{self.grown_megabytes:.1f} MB more, {self.most_descriptors} descriptors; {dict(self.seen)}"
        )


@dataclass(frozen=True)
class AttackedServer:
    """A running server, and a key for it."""

    served: ServerProcess
    port: int
    key: str

    @property
    def pid(self) -> int:
        return self.served.process.pid

    def query(self) -> int:
        """Send `{ __typename }` on a new connection, and return the status of the answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
            connection.request("POST", "/graphql", _BODY, headers)
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()

    def attack(self, attack: Attack, seconds: float) -> Outcome:
        """Attack from another process, and query all the while."""
        self.query()
        before = processes.get_resident_megabytes(self.pid)
        delays, memory, descriptors = [], [before], [processes.count_descriptors(self.pid)]
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            attacking = pool.submit(attack, self.port, self.key, seconds)
            while not attacking.done():
                began = time.perf_counter()
                status = self.query()
                delays.append(time.perf_counter() - began)
                assert status == 200, status
                memory.append(processes.get_resident_megabytes(self.pid))
                descriptors.append(processes.count_descriptors(self.pid))
                time.sleep(_PAUSE)
            return Outcome(delays, max(memory) - before, max(descriptors), attacking.result())


@contextmanager
def start_attacked_server(folder: Path, **settings: str) -> Iterator[AttackedServer]:
    """Start a server on SQLite in a folder, and create a key."""
    with start_server("serve", "--port", "0", folder=folder, rate_limit="2000000000", **settings) as served:
        arguments = ("--team", TEAM, "--user", USER, "--name", "test", "--permission", "READ_RECORDS")
        created = run_gateway("keys", "create", *arguments, database_url=f"sqlite:///{folder / 'gateway.db'}")
        assert created.exit_code == 0, created.output
        port = urlsplit(served.url).port
        assert port is not None
        yield AttackedServer(served, port, created.stdout.strip())
        served.stop()


def run_script(attacks: Sequence[Attack], seconds: float = 5.0, **settings: str) -> None:
    """Run attacks one after the other against a new server, and print their outcomes."""
    with TemporaryDirectory() as folder, start_attacked_server(Path(folder), **settings) as server:
        for attack in attacks:
            typer.echo(f"{attack.__name__}: {server.attack(attack, seconds)}")
