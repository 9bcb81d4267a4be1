"""`python -m tests.benchmarks`."""

import sys
from argparse import Namespace

import uvloop

from tests.benchmarks import __doc__ as description
from tests.benchmarks import comparison, report
from tests.benchmarks.data import Loaded, Scale, load
from tests.benchmarks.databases import DATABASES
from tests.benchmarks.equality import UnequalResponses
from tests.benchmarks.peers.columns import tables
from tests.benchmarks.readme import Output
from tests.benchmarks.servers import PEERS
from tests.benchmarks.workloads import NAMES, build_workloads

_QUICK = Scale(many_practitioners=2_000)


def _arguments() -> Namespace:
    parser = comparison.create_parser("tests.benchmarks", description)
    parser.add_argument("--workload", choices=NAMES, action="append", help="only this one; may be repeated")
    return parser.parse_args()


async def _load(database_url: str, scale: Scale) -> Loaded:
    """Fill the gateway's tables, and those of the columns peer from them."""
    loaded = await load(database_url, scale)
    await tables.fill(database_url)
    return loaded


async def _run(arguments: Namespace) -> None:
    scale = _QUICK if arguments.quick else Scale()
    options = comparison.get_options(arguments)
    output = Output.create("tests.benchmarks", arguments)
    for name in comparison.get_databases(arguments):
        results = {}
        async with DATABASES[name](lambda url: _load(url, scale)) as database:
            for workload in build_workloads(database.loaded):
                if workload.name in (arguments.workload or NAMES):
                    costs = await comparison.compare(database, PEERS, [workload], options)
                    results[workload.name] = costs[workload]
        output.print_text(
            f"{database.version}, medians of {options.rounds} rounds, CPU time and latency in ms for each request:"
        )
        output.print_table(report.build_table(results), names=2)
    output.save()


def main() -> None:
    try:
        uvloop.run(_run(_arguments()))
    except UnequalResponses as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
