"""Files of JSON: one document, or JSON Lines of resource records, told apart by their first lines."""

import json
from collections.abc import Iterator, Sequence

import msgspec

from gateway.domain.documents.entries import is_record
from gateway.domain.lenient_reading import Json

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class InvalidJson(ValueError):
    """What should be JSON is not; the message says where, and shows nothing of it."""


def parse_json(raw: bytes) -> Json:
    """The value of JSON text in UTF-8, with whole numbers of any size. Raises NotJson."""
    return parse_json_and_finiteness(raw)[0]


def parse_json_and_finiteness(raw: bytes) -> tuple[Json, bool]:
    """The value, and whether its numbers are known to be finite. Raises NotJson."""
    try:
        # Not orjson, which rounds whole numbers beyond 64 bits: they are refused, not changed.
        return msgspec.json.decode(raw), True
    except (ValueError, RecursionError):
        # It is stricter than we are, and does not say what is wrong as well.
        return _parse_with_standard_library(raw), False


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
    """The lines up to the second that is not blank, which `is_json_lines` looks at."""
    head: list[bytes] = []
    for line in lines:
        head.append(line)
        if sum(1 for one in head if one.strip()) > 1:
            break
    return head


def is_json_lines(head: Sequence[bytes]) -> bool:
    """Whether a file that begins like this is JSON Lines: one of the first two lines is a record by itself."""
    return any(_is_record(line) for line in head if line.strip())


def _is_record(line: bytes) -> bool:
    try:
        return is_record(parse_json(line))
    except InvalidJson:
        return False
