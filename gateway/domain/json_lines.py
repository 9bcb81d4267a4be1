"""Files of JSON: one document, or JSON Lines of resource records, told apart by their first lines."""

import json
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from gateway.domain.enums import ErrorCode
from gateway.domain.imports import Entry, Report, is_record, read_entry
from gateway.domain.section import Json

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class NotJson(ValueError):
    """What should be JSON is not; the message says where, and shows nothing of it."""


def parse(raw: bytes) -> Json:
    """The value of JSON text in UTF-8, with whole numbers of any size. Raises NotJson."""
    value: Json
    try:
        # Not orjson, which rounds whole numbers beyond 64 bits: they are refused, not changed.
        value = msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        # It is stricter than we are, and does not say what is wrong as well.
        value = _parse(raw)
    return value


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


def read_records(lines: Iterable[bytes], size: int, report: Report) -> Iterator[list[Entry]]:
    """The records of JSON Lines, in batches of at most `size`; a faulty line is reported by its number.

    No two records of a batch have the same `_id`, or the same `logicalId` under the same integration, so that of
    two such lines the later one wins wherever batches end.
    """
    batch: list[Entry] = []
    ids: set[str] = set()
    logical_ids: set[tuple[str | None, str]] = set()
    for number, line in enumerate(lines, 1):
        entry = _read_line(number, line, report) if line.strip() else None
        if entry is None:
            continue
        logical_id = entry.logical_id, str(entry.document.get("integrationId"))
        if len(batch) == size or entry.id in ids or logical_id in logical_ids:
            yield batch
            batch, ids, logical_ids = [], set(), set()
        batch.append(entry)
        ids.add(entry.id)
        if entry.logical_id is not None:
            logical_ids.add(logical_id)
    if batch:
        yield batch


def _read_line(number: int, line: bytes, report: Report) -> Entry | None:
    try:
        value = parse(line)
    except NotJson as error:
        report(ErrorCode.INVALID, f"This line is {error}.", number)
        return None
    return read_entry(value, report, number)
