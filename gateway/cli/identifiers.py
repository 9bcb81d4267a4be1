"""Ids on the command line."""

import typer

from gateway.domain.ids import MAX_ID_LENGTH, is_id


def parse_id(text: str) -> str:
    """The id that this text is. Raises typer.BadParameter."""
    if not is_id(text):
        raise typer.BadParameter(f"an id is 1 to {MAX_ID_LENGTH} visible ASCII characters")
    return text
