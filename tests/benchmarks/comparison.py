"""Peers beside each other on one database: first whether they answer alike, then what that costs each of them."""

import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer

from gateway.domain.lenient_reading import Document
from tests.benchmarks import client, equality
from tests.benchmarks.client import Connection
from tests.benchmarks.data import Loaded
from tests.benchmarks.databases import DATABASES, Filled
from tests.benchmarks.measure import Bench, Cost, Effort
from tests.benchmarks.servers import Peer, Server, started
from tests.benchmarks.workloads import Workload

_QUICK = Effort(rounds=1, seconds=0.3)


def parser(module: str, description: str | None) -> ArgumentParser:
    """Return a parser with the options of all benchmarks."""
    parser = ArgumentParser(f"python -m {module}", description=(description or "").partition("\n")[0])
    parser.add_argument("--database", choices=[*DATABASES, "both"], default="both")
    parser.add_argument("--rounds", type=int, default=Effort().rounds, help="rounds of each peer and workload")
    parser.add_argument(
        "--quick", action="store_true", help="one short round, and less data: to see that it works"
    )
    parser.add_argument("--readme", type=Path, help="file to write the tables to, also of a partial run")
    return parser


def databases(arguments: Namespace) -> Sequence[str]:
    return [name for name in DATABASES if arguments.database in (name, "both")]


def effort(arguments: Namespace) -> Effort:
    return _QUICK if arguments.quick else Effort(rounds=arguments.rounds)


async def compare(
    database: Filled, peers: Sequence[Peer], workloads: Sequence[Workload], effort: Effort
) -> Mapping[Workload, Mapping[Peer, Cost]]:
    """What workloads cost each peer, in the same rounds and in new processes: no memory is that of others.

    Raises Unequal unless all peers answer alike.
    """
    with (
        tempfile.TemporaryDirectory(prefix="gateway-benchmarks-") as folder,
        started(peers, database.url, Path(folder)) as servers,
    ):
        ask = _ask(servers, database.loaded)
        for workload in workloads:
            typer.echo(f"{database.version}: {workload.name}", err=True)
            await equality.check(ask, peers, workload, database.loaded)
        return await Bench(servers, database, effort).measure(workloads)


def _ask(servers: Sequence[Server], loaded: Loaded) -> equality.Ask:
    ports = {server.peer: server.port for server in servers}

    async def ask(peer: Peer, workload: Workload, variables: Document) -> bytes:
        async with Connection(ports[peer]) as connection:
            body = peer.body(workload, variables)
            return await connection.send(client.request(peer.path(workload), body, loaded.key))

    return ask
