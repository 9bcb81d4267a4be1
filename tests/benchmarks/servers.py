"""The peers as server processes."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.lenient_reading import Document
from tests import SECRET_KEY
from tests.benchmarks.workloads import Workload

PROJECT = Path(__file__).parents[2]
_SECONDS_TO_START = 120.0
_SECONDS_TO_STOP = 20.0
_NO_RATE_LIMIT = dict.fromkeys(("GATEWAY_RATE_LIMIT", "GATEWAY_RATE_REFILL"), str(2**31 - 1))
"""One key sends the requests of many clients."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A server that can run the workloads; `arguments` start it with a URL and a port."""

    name: str
    arguments: Sequence[str]
    is_graphql: bool = True
    has_own_tables: bool = False
    """Whether it stores the data in other tables than the gateway."""
    settings: tuple[tuple[str, str], ...] = ()
    """Environment variables, beside those of `build_environment`."""

    def get_path(self, workload: Workload) -> str:
        return "/graphql" if self.is_graphql else f"/{workload.kind}"

    def build_variables(self, workload: Workload, number: int) -> Document:
        """Return the variables of the workload's nth iteration."""
        return (workload.variables if self.is_graphql else workload.rows or workload.variables)(number)

    def build_body(self, workload: Workload, variables: Document) -> Document:
        return {"query": workload.query, "variables": variables} if self.is_graphql else {"variables": variables}


GATEWAY = Peer("gateway", ("-m", "gateway", "serve", "--host", "127.0.0.1", "--port", "{port}"))
FLOOR = Peer("floor", ("-m", "tests.benchmarks.peers.floor", "{url}", "{port}"), is_graphql=False)
STRAWBERRY_ORM = Peer("strawberry-orm", ("-m", "tests.benchmarks.peers.strawberry_orm", "{url}", "{port}"))
COLUMNS = Peer(
    "columns",
    ("-m", "tests.benchmarks.peers.columns", "{url}", "{port}"),
    is_graphql=False,
    has_own_tables=True,
)
PEERS = (GATEWAY, STRAWBERRY_ORM, FLOOR, COLUMNS)


@dataclass(frozen=True, slots=True)
class Server:
    """A running peer."""

    peer: Peer
    pid: int
    port: int


@contextmanager
def start_servers(peers: Sequence[Peer], database_url: str, folder: Path) -> Iterator[list[Server]]:
    """Run these peers on this database during the block. Their output goes to files in the folder."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(_start_server(peer, database_url, folder / f"{peer.name}.log")) for peer in peers
        ]


@contextmanager
def _start_server(peer: Peer, database_url: str, log: Path) -> Iterator[Server]:
    port = _find_free_port()
    arguments = [argument.format(url=database_url, port=port) for argument in peer.arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=PROJECT,
            env={**build_environment(database_url), **dict(peer.settings)},
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_listening(process, port, log)
        yield Server(peer, process.pid, port)
    finally:
        process.terminate()
        try:
            process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def build_environment(database_url: str) -> Mapping[str, str]:
    """Return the environment of a gateway on this database, with a rate limit, a drain delay and a key."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    settings = {"DATABASE_URL": database_url, "DRAIN_DELAY": "0", "SECRET_KEYS": SECRET_KEY}
    return {**others, **_NO_RATE_LIMIT, **{f"GATEWAY_{name}": value for name, value in settings.items()}}


def _find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until the server listens. Raises RuntimeError with its output if it ends or takes too long."""
    end = time.monotonic() + _SECONDS_TO_START
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"The server does not listen:\n{log.read_text()}")
