"""Rows as PostgreSQL's COPY reads them, as text.

Nothing here asks a database: what is to be copied can be spelled by another process.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from enum import Enum
from types import NoneType
from typing import cast

import orjson

from gateway.domain.calendar import days, instants

_ESCAPES = [("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")]
_CHARACTERS = {escape: mark for mark, escape in _ESCAPES}
_ESCAPE_PATTERN = re.compile(r"\\.")
_NULL = "\\N"

INSTANT_COLUMNS = frozenset({"created_at", "updated_at", "start"})
"""The columns that hold instants, which may be given as `instants.isoformat` writes them."""

_FIRST_INSTANT, _NEGATIVE_INFINITY = instants.format_instant(days.FIRST_INSTANT), "-infinity"
"""The first instant of the calendar, and what the driver makes of it in all other statements."""

_CHUNK_BYTES = 1 << 19
"""Bytes that are sent at once: the database reads the first while others follow."""


def encode_rows(columns: Mapping[str, Sequence[object]]) -> bytes:
    """Rows that are given column by column, one a line. Raises ValueError for text with U+0000."""
    cells = [_encode_column(column, is_instant=name in INSTANT_COLUMNS) for name, column in columns.items()]
    return "\n".join([*map("\t".join, zip(*cells, strict=True)), ""]).encode()


def _encode_column(column: Sequence[object], *, is_instant: bool) -> Sequence[str]:
    kinds = set(map(type, column))
    if kinds == {int}:
        return [*map(str, column)]
    if kinds == {str}:
        texts = cast(Sequence[str], column)
    else:
        texts = [value if type(value) is str else _encode_value(value) for value in column]
    # Most columns need no more than a look at all of it.
    whole = "".join(texts)
    if "\0" in whole:
        raise ValueError("text cannot hold U+0000")
    replaced = [*_ESCAPES, (_FIRST_INSTANT, _NEGATIVE_INFINITY)] if is_instant else _ESCAPES
    for mark, escape in replaced:
        if mark in whole:
            texts = [text.replace(mark, escape) for text in texts]
    if NoneType in kinds:
        return [_NULL if value is None else text for value, text in zip(column, texts, strict=True)]
    return texts


def _encode_value(value: object) -> str:
    match value:
        case None:
            return ""
        case Enum():
            return str(value.value)
        case datetime():
            return instants.format_instant(value)
        case _:
            return orjson.dumps(value).decode()


def decode_column(data: bytes, index: int) -> list[str]:
    """What such rows have in the column at this place, which is text."""
    cells = [line.split("\t", index + 1)[index] for line in data.decode().split("\n")[:-1]]
    return [_ESCAPE_PATTERN.sub(_unescape, cell) if "\\" in cell else cell for cell in cells]


def _unescape(escape: re.Match[str]) -> str:
    return _CHARACTERS[escape[0]]


async def split_chunks(data: bytes) -> AsyncIterator[bytes]:
    """What is to be copied, piece by piece."""
    for start in range(0, len(data), _CHUNK_BYTES):
        yield data[start : start + _CHUNK_BYTES]
