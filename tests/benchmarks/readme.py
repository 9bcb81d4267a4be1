"""README.md of the benchmarks, which each full run of a benchmark writes."""

import re
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import typer

from tests.benchmarks import report

README = Path(__file__).with_name("README.md")

_HEAD = """# Benchmarks

The benchmarks wrote this file. Each section shows the last full run of its command.
Run the commands on an otherwise idle machine with Linux, in a checkout with the `test` extra installed.
`--quick` checks in a minute that a command works. `--help` lists all options.
Only runs with all data and all workloads on both databases write this file.

## Peers

- `gateway` is this gateway as `gateway serve` runs it, with authentication, permissions and all limits.
- `strawberry-orm` serves the same schema on Strawberry's own executor, with SQLAlchemy's ORM and data loaders.
  It caches parsed and validated documents, and has no authentication.
- `floor` has no GraphQL and no authentication. Each endpoint runs one hand-written statement and sends its result.
  It reads the gateway's tables, so its statements parse the stored JSON documents.
- `columns` has no GraphQL and no authentication. It has tables of its own with a column for each field.
  They are in the same database and are filled from the stored documents. Lists inside a record are JSON columns.
  It composes the responses from rows, because statements that build the JSON of an export cost more.
  Its export documents lose unknown keys, and keys that are null in a practitioner.

## Method

All peers give the same answers; each benchmark compares them before it measures.
Each peer is one process with uvicorn, uvloop, httptools and a pool of eight connections.
In each round, each peer answers requests for about a second. The order of the peers changes from round to round.
CPU time is that of the server process and of all PostgreSQL processes, as the kernel counts it in `/proc`.
`/ floor` and `/ columns` are ratios of the CPU time to that of these peers, each the median of all rounds.
Times are milliseconds for each request; `p50` and `p99` are latencies.
"""

TITLES: Mapping[str, str] = {
    "tests.benchmarks": "Requests",
    "tests.benchmarks.dashboard": "Dashboards",
    "tests.benchmarks.ingest": "Imports and upserts",
    "tests.benchmarks.rest": "URLs of the REST documents",
    "tests.benchmarks.questions": "Every question of the schema",
}
"""The title of each section, by the module that writes it."""

_SECTION = re.compile(r"^<!-- (\S+) -->\n(.*?)^<!-- end -->\n", re.MULTILINE | re.DOTALL)


@dataclass
class Output:
    """The output of one benchmark: it prints aligned tables, and collects the same tables in Markdown."""

    module: str
    file: Path | None
    """The README; None when nothing is written."""
    _parts: list[str] = field(default_factory=list)

    @classmethod
    def create(cls, module: str, arguments: Namespace) -> "Output":
        """Return the output of a run with these arguments, and print the machine that it runs on."""
        is_full = not arguments.quick and arguments.database == "both" and not getattr(arguments, "workload", None)
        output = cls(module, arguments.readme or (README if is_full else None))
        output.print_text(report.describe_machine())
        return output

    def print_text(self, text: str) -> None:
        self._add(text, text)

    def print_table(self, lines: Sequence[Sequence[str]], *, names: int) -> None:
        """Print a table with a head; the first `names` columns hold names, all others numbers."""
        self._add(report.align_table(lines, names), report.format_markdown_table(lines, names))

    def _add(self, printed: str, markdown: str) -> None:
        typer.echo(f"{printed}\n")
        self._parts.append(markdown)

    def save(self) -> None:
        """Replace the section of this benchmark in the README."""
        if self.file is None:
            return
        before = self.file.read_text() if self.file.exists() else ""
        sections = {module: content for module, content in _SECTION.findall(before) if module in TITLES}
        parts = [
            f"## {TITLES[self.module]}",
            f"`python -m {self.module}`, {datetime.now(UTC):%Y-%m-%d}",
            *self._parts,
        ]
        sections[self.module] = "\n\n".join(parts) + "\n"
        ordered = (f"<!-- {name} -->\n{sections[name]}<!-- end -->\n" for name in TITLES if name in sections)
        self.file.write_text("\n".join([_HEAD, *ordered]))
        typer.echo(f"Wrote {self.file}", err=True)
