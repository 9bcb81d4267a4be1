"""JSON and JSON Lines. The first lines of a file tell which it is."""

import json
from collections.abc import Iterator, Sequence

import msgspec
import orjson

from gateway.domain.documents.entries import is_record
from gateway.domain.lenient_reading import Json
from gateway.domain.repeated_keys import require_distinct_keys

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class InvalidJson(ValueError):
    """The text is not JSON. The message has the position and no content, since that may be patient data."""


def parse_json(raw: bytes) -> Json:
    """Return the value of JSON in UTF-8, with integers of any size.

    Raises InvalidJson when it is not JSON, and RepeatedKey.
    """
    return parse_and_encode(raw)[0]


def parse_and_encode(raw: bytes) -> tuple[Json, bytes | None]:
    """Return the value of `parse_json`, and its JSON by orjson; None if a number is too large."""
    value, is_finite = _decode(raw)
    encoding = _encode(value) if is_finite else None
    require_distinct_keys(raw, encoding)
    return value, encoding


def _decode(raw: bytes) -> tuple[Json, bool]:
    """Return the value, where the last of repeated keys counts, and whether its numbers are finite for certain."""
    try:
        # orjson would round integers of more than 64 bits.
        return msgspec.json.decode(raw), True
    except (ValueError, RecursionError):
        # The standard library accepts NaN and Infinity too, and has better messages.
        return _parse_with_standard_library(raw), False


def _encode(value: Json) -> bytes | None:
    try:
        return orjson.dumps(value)
    except TypeError:  # an integer of more than 64 bits, or hundreds of levels
        return None


def _parse_with_standard_library(raw: bytes) -> Json:
    try:
        value: Json = json.loads(raw.removeprefix(_BYTE_ORDER_MARK).decode())
    except UnicodeDecodeError as error:
        raise InvalidJson(f"not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise InvalidJson("nested too deep") from None
    except ValueError as error:
        raise InvalidJson(f"not JSON: {error}") from None
    return value


def read_head(lines: Iterator[bytes]) -> list[bytes]:
    """Return the lines up to the second non-blank one, for `is_json_lines`. Raises InvalidJson without any."""
    head: list[bytes] = []
    for line in lines:
        head.append(line)
        if sum(1 for each in head if each.strip()) > 1:
            break
    if not any(map(bytes.strip, head)):
        raise InvalidJson("the file is empty")
    return head


def is_json_lines(head: Sequence[bytes]) -> bool:
    """Return whether a file is JSON Lines: one of its first two non-blank lines is a resource record."""
    return any(_is_record(line) for line in head if line.strip())


def _is_record(line: bytes) -> bool:
    try:
        return is_record(_decode(line)[0])
    except InvalidJson:
        return False
