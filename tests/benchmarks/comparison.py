"""Comparison of peers on one database: first their responses, then their CPU time, latency and memory."""

import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer

from gateway.domain.lenient_reading import Document
from tests.benchmarks import client, equality
from tests.benchmarks.client import Connection
from tests.benchmarks.data import Loaded
from tests.benchmarks.databases import DATABASES, BenchmarkDatabase
from tests.benchmarks.measure import Benchmark, Cost, RunOptions
from tests.benchmarks.servers import Peer, Server, start_servers
from tests.benchmarks.workloads import Workload

_QUICK = RunOptions(rounds=1, seconds=0.3)


def create_parser(module: str, description: str | None) -> ArgumentParser:
    """Return a parser with the options of all benchmarks."""
    parser = ArgumentParser(f"python -m {module}", description=(description or "").partition("\n")[0])
    parser.add_argument("--database", choices=[*DATABASES, "both"], default="both")
    parser.add_argument("--rounds", type=int, default=RunOptions().rounds, help="rounds of each peer and workload")
    parser.add_argument(
        "--quick", action="store_true", help="one short round with less data, to check that it works"
    )
    parser.add_argument("--readme", type=Path, help="file to write the tables to, also of a partial run")
    return parser


def get_databases(arguments: Namespace) -> Sequence[str]:
    return [name for name in DATABASES if arguments.database in (name, "both")]


def get_options(arguments: Namespace) -> RunOptions:
    return _QUICK if arguments.quick else RunOptions(rounds=arguments.rounds)


async def compare(
    database: BenchmarkDatabase, peers: Sequence[Peer], workloads: Sequence[Workload], options: RunOptions
) -> Mapping[Workload, Mapping[Peer, Cost]]:
    """Measure workloads on each peer, in the same rounds and in new processes.

    Raises UnequalResponses unless all peers return equal data.
    """
    with (
        tempfile.TemporaryDirectory(prefix="gateway-benchmarks-") as folder,
        start_servers(peers, database.url, Path(folder)) as servers,
    ):
        send = _create_sender(servers, database.loaded)
        for workload in workloads:
            typer.echo(f"{database.version}: {workload.name}", err=True)
            await equality.check(send, peers, workload, database.loaded)
        return await Benchmark(servers, database, options).measure(workloads)


def _create_sender(servers: Sequence[Server], loaded: Loaded) -> equality.SendRequest:
    ports = {server.peer: server.port for server in servers}

    async def send(peer: Peer, workload: Workload, variables: Document) -> bytes:
        async with Connection(ports[peer]) as connection:
            body = peer.build_body(workload, variables)
            return await connection.send(client.build_request(peer.get_path(workload), body, loaded.key))

    return send
