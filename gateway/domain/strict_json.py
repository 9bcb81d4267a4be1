"""Parse JSON strictly: UTF-8, no repeated keys, no NaN, and limits on depth and digits."""

import json
from typing import cast

import orjson

from gateway.domain.lenient_reading import Json
from gateway.domain.repeated_keys import RepeatedKey, require_distinct_keys

MAX_DEPTH = 64
MAX_DIGITS = 100
MAX_VALUES = 65_536
"""Values that the JSON of a request may have: in memory, each takes many times the bytes of its text."""

_MAX_SHOWN_LENGTH = 100
_CONTAINERS = frozenset({dict, list})


class JsonInvalid(ValueError):
    """The text is not JSON from this position on, in bytes."""

    def __init__(self, error: orjson.JSONDecodeError) -> None:
        super().__init__(f"is not JSON in UTF-8: {error}")
        self.position = error.pos


def loads_request(text: bytes) -> Json:
    """Return the value of a JSON text in a request. Raises ValueError as `loads` does, and above `MAX_VALUES`."""
    # A shorter text cannot have so many values.
    if len(text) > MAX_VALUES and text.count(b"{") + text.count(b"[") + text.count(b",") > MAX_VALUES:
        raise ValueError(
            f"has more than {MAX_VALUES} opening braces, brackets and commas; divide it into several requests"
        )
    return loads(text)


def loads(text: bytes) -> Json:
    """Return the value of a JSON text. Raises ValueError, whose message continues a sentence such as "The body …".

    orjson is fast and strict, but uses the last of repeated keys and rounds large numbers. If orjson writes the
    value as the same bytes, the text has neither, and most clients send such text. Python's parser reads the rest.
    """
    try:
        value: Json = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise JsonInvalid(error) from None
    if text.count(b"{") + text.count(b"[") > MAX_DEPTH and _is_deep(value):
        raise ValueError(f"is nested deeper than {MAX_DEPTH} levels")
    encoding = orjson.dumps(value)
    if encoding == text:
        return value
    del value  # Frees the memory before the text is parsed again.
    try:
        require_distinct_keys(text, encoding)
    except RepeatedKey as error:
        key = str(error.path[-1])[:_MAX_SHOWN_LENGTH]
        raise ValueError(f"has the key `{key}` twice in one object") from None
    return cast(Json, _decoder.decode(text.decode()))


def _is_deep(value: Json) -> bool:
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if type(parent) is dict else cast(list[Json], parent))
            if type(child) in _CONTAINERS
        ]
    return bool(level)


def _check_digits(digits: str) -> str:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"has a number of more than {MAX_DIGITS} digits")
    return digits


_decoder = json.JSONDecoder(
    parse_int=lambda digits: int(_check_digits(digits)),
    parse_float=lambda digits: float(_check_digits(digits)),
)
