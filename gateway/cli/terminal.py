"""What the commands say: results on stdout, everything else on stderr."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_MAX_WIDTH = 10_000
"""Columns."""

out = Console(highlight=False, soft_wrap=True)
"""For results, which may be piped on."""

err = Console(stderr=True, highlight=False, soft_wrap=True)
"""For a person who watches."""


def print_table(table: Table) -> None:
    """A table on stdout, of which nothing is cut off: folded into a terminal, as wide as it is when piped on."""
    for column in table.columns:
        column.overflow = "fold"
    console = out if out.is_terminal else Console(width=_MAX_WIDTH)
    console.print(table)


def print_error(message: str) -> None:
    """One line that begins with `error:`."""
    err.print(f"[bold red]error:[/] {escape(' '.join(message.split()))}")
