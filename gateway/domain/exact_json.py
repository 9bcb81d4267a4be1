"""Write and read the JSON of documents, whose integers may have any size.

orjson is the fastest writer, but refuses integers of more than 64 bits, and it rounds them when it reads them.
"""

import msgspec
import orjson


def encode(value: object, *, sorts_keys: bool = False) -> bytes:
    """Return the compact JSON of a value. Equal values have equal bytes if the keys are sorted."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS if sorts_keys else None)
    except TypeError:
        return msgspec.json.encode(value, order="sorted" if sorts_keys else None)


def encode_indented(value: object) -> bytes:
    """Return the JSON of a value for people, with a line for each item."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def decode(text: str | bytes) -> object:
    """Return the value of a stored JSON text."""
    return msgspec.json.decode(text)
