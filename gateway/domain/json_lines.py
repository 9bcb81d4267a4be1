"""Files of JSON: one document, or JSON Lines of resource records, told apart by their first lines."""

import json
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from gateway.domain.enums import ErrorCode
from gateway.domain.imports import Entry, Report, is_record, read_entry, storable_text
from gateway.domain.section import Json

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class NotJson(ValueError):
    """What should be JSON is not; the message says where, and shows nothing of it."""


def parse(raw: bytes) -> Json:
    """The value of JSON text in UTF-8, with whole numbers of any size. Raises NotJson."""
    return _parsed(raw)[0]


def _parsed(raw: bytes) -> tuple[Json, bool]:
    """The value, and whether its numbers are known to be finite. Raises NotJson."""
    try:
        # Not orjson, which rounds whole numbers beyond 64 bits: they are refused, not changed.
        return msgspec.json.decode(raw), True
    except (ValueError, RecursionError):
        # It is stricter than we are, and does not say what is wrong as well.
        return _parse(raw), False


def _parse(raw: bytes) -> Json:
    try:
        value: Json = json.loads(raw.removeprefix(_BYTE_ORDER_MARK).decode())
    except UnicodeDecodeError as error:
        raise NotJson(f"not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise NotJson("nested too deep") from None
    except ValueError as error:
        raise NotJson(f"not JSON: {error}") from None
    return value


def head_of(lines: Iterator[bytes]) -> list[bytes]:
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
        return is_record(parse(line))
    except NotJson:
        return False


class Batch:
    """Records of JSON Lines that are taken in together.

    No two have the same `_id`, or the same `logicalId` under the same integration, so that of two such lines the
    later one wins wherever batches end.
    """

    def __init__(self, size: int) -> None:
        self.entries: list[Entry] = []
        self._size = size
        self._ids: set[str] = set()
        self._logical_ids: set[tuple[str | None, str]] = set()

    def add(self, entry: Entry) -> bool:
        """Add a record; false, and it is not added, when another batch has to begin with it."""
        logical_id = entry.logical_id, str(entry.document.get("integrationId"))
        if len(self.entries) == self._size or entry.id in self._ids or logical_id in self._logical_ids:
            return False
        self.entries.append(entry)
        self._ids.add(entry.id)
        if entry.logical_id is not None:
            self._logical_ids.add(logical_id)
        return True


def read_records(lines: Iterable[tuple[int, bytes]], report: Report) -> Iterator[Entry]:
    """The records of numbered JSON Lines; a faulty line is reported by its number."""
    for number, line in lines:
        entry = _read_line(number, line, report) if line.strip() else None
        if entry is not None:
            yield entry


def _read_line(number: int, line: bytes, report: Report) -> Entry | None:
    try:
        value, is_finite = _parsed(line)
    except NotJson as error:
        report(ErrorCode.INVALID, f"This line is {error}.", number)
        return None
    return read_entry(value, report, number, text=storable_text(value) if is_finite else None)
