"""The cost of the appointments dashboard as appointments grow, compared with a hand-written scan.

`python -m tests.benchmarks.dashboard` creates integrations with more and more appointments, over the same two
years and with as many different values. It requests the dashboards of all of them from this gateway and from the
floor of `tests.benchmarks` in the same rounds. It prints two tables for each database: the cost of each
dashboard, and its growth from the fewest appointments to the most. Before that it checks that both return the
same numbers.

The floor counts all parts of a dashboard from the appointments, in one statement over its own covering index: see
`tests.benchmarks.peers.dashboard`. Ten million appointments (`--appointments 10000000`)
take 20 GB of disk and an hour or two.
"""

import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence

import uvloop

from gateway.database.database import Database
from gateway.domain.lenient_reading import Document
from gateway.settings import Settings
from tests.benchmarks import comparison, report
from tests.benchmarks.appointments import RARE_WORD, Appointments
from tests.benchmarks.data import Loaded, Scale, load
from tests.benchmarks.databases import DATABASES
from tests.benchmarks.equality import UnequalResponses
from tests.benchmarks.measure import Cost
from tests.benchmarks.peers.dashboard import CREATE_INDEX
from tests.benchmarks.readme import Output
from tests.benchmarks.servers import FLOOR, GATEWAY, Peer
from tests.benchmarks.workloads import Workload
from tests.support.dashboard import DASHBOARD

PEERS = (GATEWAY, FLOOR)

_SIZES = (100_000, 200_000, 1_000_000)
_QUICK_SIZES = (1_000, 10_000)
_END = "2025-07-09T05:00:00.000Z"
_YEAR: Document = {"start": "2024-07-09T05:00:00.000Z", "end": _END}
_30_DAYS: Document = {"start": "2025-06-09T05:00:00.000Z", "end": _END}

CASES: Mapping[str, Document] = {
    "one year": _YEAR,
    "all time": {},
    "one year by type": {**_YEAR, "type": "NP"},
    "30 days": _30_DAYS,
    "one year, cut": {"start": "2024-07-09T14:23:45.678Z", "end": "2025-07-09T14:23:45.678Z"},
    "another zone, all time": {"zone": "Europe/Berlin"},
    "search in 30 days": {**_30_DAYS, "search": RARE_WORD},
}
"""Arguments of dashboards. All have whole local days, except the year that begins and ends within a day."""

Costs = Mapping[Peer, Cost]


def build_workload(case: Document, appointments: Appointments, name: str = "dashboard") -> Workload:
    variables: Document = {"id": appointments.integration_id, **case}
    return Workload(name, "dashboard", DASHBOARD, lambda _: variables, connections=1)


async def load_dashboards(database_url: str, sizes: Sequence[int]) -> Loaded:
    """Fill an empty database with an integration for each number of appointments, and create the floor's index."""
    loaded = await load(database_url, Scale.for_appointments(*sizes))
    database = Database(Settings(database_url=database_url))
    try:
        await database.run_sync(lambda connection: connection.exec_driver_sql(CREATE_INDEX))
    finally:
        await database.dispose()
    return loaded


def _flatten(results: Mapping[str, Mapping[int, Costs]]) -> Mapping[str, Costs]:
    return {f"{case}, {size:,}": costs for case, found in results.items() for size, costs in found.items()}


def build_growth_table(results: Mapping[str, Mapping[int, Costs]]) -> Iterator[Sequence[str]]:
    """Yield a head and lines: milliseconds of CPU for the fewest appointments, and multiples of it for more."""
    fewest, *more = next(iter(results.values()))
    yield ("dashboard", "peer", f"CPU of {fewest:,}", *(f"{size:,}" for size in more))
    for case, by_size in results.items():
        for peer, least in by_size[fewest].items():
            ratios = (report.format_ratio(by_size[size][peer].get_ratio(least)) for size in more)
            yield case, peer.name, report.format_milliseconds(least.cpu_ms), *ratios


def _arguments() -> Namespace:
    parser = comparison.create_parser("tests.benchmarks.dashboard", __doc__)
    parser.add_argument("--workload", choices=CASES, action="append", help="only this one; may be repeated")
    parser.add_argument(
        "--appointments",
        type=int,
        action="append",
        help=f"of one integration, may be repeated; {', '.join(f'{size:,}' for size in _SIZES)} when absent",
    )
    return parser.parse_args()


async def _run(arguments: Namespace) -> None:
    options = comparison.get_options(arguments)
    sizes = sorted(arguments.appointments or (_QUICK_SIZES if arguments.quick else _SIZES))
    output = Output.create("tests.benchmarks.dashboard", arguments)
    for name in comparison.get_databases(arguments):
        results: dict[str, dict[int, Costs]] = {}
        async with DATABASES[name](lambda url: load_dashboards(url, sizes)) as database:
            for case in arguments.workload or CASES:
                workloads = {
                    appointments.count: build_workload(
                        CASES[case], appointments, f"{case}, {appointments.count:,}"
                    )
                    for appointments in database.loaded.appointments
                }
                costs = await comparison.compare(database, PEERS, [*workloads.values()], options)
                results[case] = {size: costs[workload] for size, workload in workloads.items()}
        output.print_text(
            f"{database.version}, medians of {options.rounds} rounds, CPU time and latency in ms for each request:"
        )
        output.print_table(report.build_table(_flatten(results)), names=2)
        output.print_text(f"{database.version}, growth of CPU time with the number of appointments:")
        output.print_table([*build_growth_table(results)], names=2)
    output.save()


def main() -> None:
    try:
        uvloop.run(_run(_arguments()))
    except UnequalResponses as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
