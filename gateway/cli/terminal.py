"""What the commands say: results on stdout, everything else on stderr."""

from rich.console import Console
from rich.markup import escape

out = Console(highlight=False, soft_wrap=True)
"""For results, which may be piped on."""

err = Console(stderr=True, highlight=False, soft_wrap=True)
"""For a person who watches."""


def say_error(message: str) -> None:
    """One line that begins with `error:`."""
    err.print(f"[bold red]error:[/] {escape(' '.join(message.split()))}")
