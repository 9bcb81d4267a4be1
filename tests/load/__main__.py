"""`python -m tests.load`."""

from argparse import ArgumentParser
from collections.abc import Sequence

import typer
import uvloop

from tests.benchmarks.databases import DATABASES
from tests.load import __doc__ as description
from tests.load import exports, mixed, overload

_LOADS = {"exports": exports.run, "overload": overload.run, "mixed": mixed.run}


async def _run(loads: Sequence[str], databases: Sequence[str]) -> int:
    problems = [problem for load in loads for name in databases for problem in await _LOADS[load](DATABASES[name])]
    for problem in problems:
        typer.echo(f"DID NOT HOLD: {problem}")
    return 1 if problems else 0


def main() -> None:
    parser = ArgumentParser("python -m tests.load", description=(description or "").partition("\n")[0])
    parser.add_argument("loads", nargs="*", metavar="LOAD", help=f"{', '.join(_LOADS)}; all when absent")
    parser.add_argument("--database", choices=[*DATABASES, "both"], default="both")
    arguments = parser.parse_args()
    if unknown := [load for load in arguments.loads if load not in _LOADS]:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(_LOADS)}")
    databases = [*DATABASES] if arguments.database == "both" else [arguments.database]
    raise SystemExit(uvloop.run(_run(arguments.loads or [*_LOADS], databases)))


if __name__ == "__main__":
    main()
