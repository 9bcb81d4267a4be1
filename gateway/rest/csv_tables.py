"""Tables as CSV of RFC 4180, which spreadsheets and programs read."""

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import TypeAlias

Row: TypeAlias = Sequence[str | int]

_BYTE_ORDER_MARK = "\ufeff"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that spreadsheets execute as a formula."""


def print_tables(tables: Mapping[str, Sequence[Row]], *, has_names: bool, bom: bool) -> bytes:
    """Return tables in UTF-8, below each other with an empty row between, and after a byte order mark if `bom`.

    With `has_names`, a row with its name precedes each table.
    """
    text = StringIO(newline="")
    text.write(_BYTE_ORDER_MARK if bom else "")
    writer = csv.writer(text)
    for place, (name, rows) in enumerate(tables.items()):
        if place > 0:
            writer.writerow([])
        if has_names:
            writer.writerow([name])
        writer.writerows([_escape(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _escape(cell: str | int) -> str | int:
    """Return a cell that no spreadsheet executes: a text like a formula gets an apostrophe. Numbers stay."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell
