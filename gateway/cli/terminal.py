"""Output of commands: results on stdout, everything else on stderr."""

import sys

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_MAX_WIDTH = 10_000
"""Columns."""

out = Console(highlight=False, soft_wrap=True)
"""For results, also into pipes."""

err = Console(stderr=True, highlight=False, soft_wrap=True)
"""For messages and progress."""


def print_table(table: Table) -> None:
    """Print a table on stdout without cutting text: folded in a terminal, as wide as needed in a pipe."""
    for column in table.columns:
        column.overflow = "fold"
    console = out if out.is_terminal else Console(width=_MAX_WIDTH)
    console.print(table)


def print_error(message: str) -> None:
    """Print one line that begins with `error:` on stderr."""
    err.print(f"[bold red]error:[/] {escape(' '.join(message.split()))}")


def is_interactive() -> bool:
    """Return whether somebody at a terminal can answer a question."""
    return sys.stdin.isatty() and err.is_terminal
