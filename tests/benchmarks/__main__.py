"""`python -m tests.benchmarks`."""

import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer
import uvloop

from gateway.domain.section import Document
from tests.benchmarks import __doc__ as description
from tests.benchmarks import client, equality, report
from tests.benchmarks.client import Connection
from tests.benchmarks.data import Loaded, Scale, load
from tests.benchmarks.databases import DATABASES, Filled
from tests.benchmarks.equality import Unequal
from tests.benchmarks.measure import Bench, Cost, Effort
from tests.benchmarks.servers import PEERS, Peer, Server, started
from tests.benchmarks.workloads import NAMES, Workload, workloads

_QUICK_SCALE = Scale(many_practitioners=2_000)
_QUICK_EFFORT = Effort(rounds=1, seconds=0.3)


def _arguments() -> Namespace:
    parser = ArgumentParser("python -m tests.benchmarks", description=(description or "").partition("\n")[0])
    parser.add_argument("--database", choices=[*DATABASES, "both"], default="both")
    parser.add_argument("--rounds", type=int, default=Effort().rounds, help="rounds of each peer and workload")
    parser.add_argument("--workload", choices=NAMES, action="append", help="only this one; may be repeated")
    parser.add_argument(
        "--quick", action="store_true", help="one short round, and less data: to see that it works"
    )
    parser.add_argument("--markdown", action="store_true", help="print the tables in Markdown")
    return parser.parse_args()


async def _measured(database: Filled, names: Sequence[str], effort: Effort) -> Mapping[str, Mapping[Peer, Cost]]:
    """What each of these workloads costs over a database."""
    results = {}
    for workload in workloads(database.loaded):
        if workload.name in names:
            typer.echo(f"{database.version}: {workload.name}", err=True)
            results[workload.name] = await _cost(database, workload, effort)
    return results


async def _cost(database: Filled, workload: Workload, effort: Effort) -> Mapping[Peer, Cost]:
    """What a workload costs each peer, each in a new process: the memory of other workloads is not its own."""
    with (
        tempfile.TemporaryDirectory(prefix="gateway-benchmarks-") as folder,
        started(PEERS, database.url, Path(folder)) as servers,
    ):
        await equality.check(_ask(servers, database.loaded), PEERS, workload, database.loaded)
        return await Bench(servers, database, effort).measure(workload)


def _ask(servers: Sequence[Server], loaded: Loaded) -> equality.Ask:
    ports = {server.peer: server.port for server in servers}

    async def ask(peer: Peer, workload: Workload, variables: Document) -> bytes:
        async with Connection(ports[peer]) as connection:
            body = peer.body(workload, variables)
            return await connection.send(client.request(peer.path(workload), body, loaded.key))

    return ask


async def _run(arguments: Namespace) -> None:
    scale = _QUICK_SCALE if arguments.quick else Scale()
    effort = _QUICK_EFFORT if arguments.quick else Effort(rounds=arguments.rounds)
    typer.echo(report.machine())
    for name, database in DATABASES.items():
        if arguments.database in (name, "both"):
            async with database(lambda url: load(url, scale)) as filled:
                results = await _measured(filled, arguments.workload or NAMES, effort)
            typer.echo(f"\n{filled.version}, medians of {effort.rounds} rounds; CPU and latency in ms a request\n")
            typer.echo(report.table(results, markdown=arguments.markdown))


def main() -> None:
    try:
        uvloop.run(_run(_arguments()))
    except Unequal as unequal:
        sys.exit(str(unequal))


if __name__ == "__main__":
    main()
