"""Imported documents: the detection of their kind, and their entries.

Reading is lenient. It refuses entries without a valid id, documents without the expected structure, and values
that a database cannot store.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from math import isfinite
from typing import Protocol

from msgspec import Struct

from gateway.domain.documents.audit_fields import get_text_or_none
from gateway.domain.documents.exports import (
    EXPORT_KEYS,
    INTEGRATION,
    RESOURCE_RECORDS,
    USE_CASE_GROUPS,
    USE_CASES,
)
from gateway.domain.enums import ErrorCode
from gateway.domain.ids import MAX_ID_LENGTH, is_id
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.webhooks import WEBHOOK_TYPES

DocumentPath = tuple[str | int, ...]

MAX_DOCUMENT_DEPTH = 50
"""The maximum nesting of objects and lists. A request that contains the document may be deeper."""

MAX_LOGICAL_ID_LENGTH = 255
"""In characters; databases limit the size of an index entry."""

_UNSTORABLE_CHARACTERS = re.compile("[\x00\ud800-\udfff]")
"""U+0000 and halves of surrogate pairs. PostgreSQL cannot store them, so both databases refuse them."""


class ProblemReporter(Protocol):
    """A function that collects problems, such as `gateway.errors.ProblemList.add`."""

    def __call__(self, code: ErrorCode, message: str, *path: str | int) -> None: ...


class ImportContent(Enum):
    """The kind of a whole file."""

    EXPORT = "an export document"
    WEBHOOK = "an answer of integrations.get"
    WEBHOOK_LIST = "an answer of integrations.list"
    WEBHOOKS = "a list of webhooks"


def detect_content(document: Json) -> ImportContent | None:
    """Return the kind of a document by its content, or None for an unknown kind."""
    match document:
        case list():
            return ImportContent.WEBHOOKS
        case {"integrations": list()}:
            return ImportContent.WEBHOOK_LIST
        case {"integration": {"type": str(type_)}} if type_ in WEBHOOK_TYPES:
            return ImportContent.WEBHOOK
        case {"integration": _}:
            return ImportContent.EXPORT
        case _:
            return None


def is_record(value: Json) -> bool:
    """Return whether the value of a line is a resource record, which has an `integrationId`."""
    return isinstance(value, dict) and "integrationId" in value and INTEGRATION not in value


class ImportEntry(Struct):
    """One object of an import, and its path in the file."""

    document: Document
    id: str
    logical_id: str | None
    path: DocumentPath
    text: bytes | None = None
    """The document as JSON, if it is known."""


@dataclass(frozen=True, slots=True)
class ExportDocument:
    """The parts of an export document."""

    integration: ImportEntry
    use_cases: Sequence[ImportEntry]
    resource_records: Sequence[ImportEntry]
    use_case_groups: Sequence[ImportEntry] | None
    """None if the document does not have the key."""
    envelope: Document | None

    def iterate_entries(self) -> Iterator[ImportEntry]:
        """Yield the entries of all parts."""
        yield self.integration
        yield from (*self.use_cases, *self.resource_records, *(self.use_case_groups or ()))


def read_entry(
    value: Json, report: ProblemReporter, *path: str | int, text: bytes | None = None
) -> ImportEntry | None:
    """Return the entry of an object. Report the reason and return None if it has no valid id or cannot be stored.

    `text` is the value's JSON, if the caller has it and `is_surely_storable` is true of it.
    """
    if not isinstance(value, dict):
        report(ErrorCode.INVALID, "This must be an object.", *path)
        return None
    id = value.get("_id")
    unstorable = None if text is not None else find_unstorable(value)
    if unstorable is not None:
        inner_path, message = unstorable
        report(ErrorCode.INVALID, message, *path, *inner_path)
    elif id is None:
        report(ErrorCode.REQUIRED, "`_id` is missing.", *path, "_id")
    elif not isinstance(id, str) or not is_id(id):
        report(ErrorCode.INVALID, f"`_id` must be 1 to {MAX_ID_LENGTH} visible ASCII characters.", *path, "_id")
    elif len(logical_id := get_text_or_none(value.get("logicalId")) or "") > MAX_LOGICAL_ID_LENGTH:
        report(
            ErrorCode.INVALID, f"`logicalId` has more than {MAX_LOGICAL_ID_LENGTH} characters.", *path, "logicalId"
        )
    else:
        return ImportEntry(value, id, logical_id or None, path, text)
    return None


def read_export(document: Json, report: ProblemReporter, *root: str | int) -> ExportDocument | None:
    """Return the parts of an export document, or None if it has no integration. Report all problems."""
    if not isinstance(document, dict):
        report(ErrorCode.INVALID, "An export document is an object with the key `integration`.", *root)
        return None
    if document.get(INTEGRATION) is None:
        report(ErrorCode.REQUIRED, "`integration` is missing.", *root, INTEGRATION)
        return None
    envelope: Document = {key: value for key, value in document.items() if key not in EXPORT_KEYS}
    unstorable = find_unstorable(envelope)
    if unstorable is not None:
        report(ErrorCode.INVALID, unstorable[1], *root, *unstorable[0])
    integration = read_entry(document[INTEGRATION], report, *root, INTEGRATION)
    use_cases = _read_list(document, USE_CASES, report, *root)
    records = _read_list(document, RESOURCE_RECORDS, report, *root)
    has_groups = document.get(USE_CASE_GROUPS) is not None
    groups = _read_list(document, USE_CASE_GROUPS, report, *root) if has_groups else None
    if integration is None:
        return None
    if integration.document.get("type") in WEBHOOK_TYPES:
        report(ErrorCode.INVALID, "This is a webhook, not a connected integration.", *root, INTEGRATION, "type")
    return ExportDocument(integration, use_cases, records, groups, envelope or None)


def _read_list(document: Document, part: str, report: ProblemReporter, *root: str | int) -> list[ImportEntry]:
    values = document.get(part)
    if values is None:
        return []
    if not isinstance(values, list):
        report(ErrorCode.INVALID, f"`{part}` must be a list.", *root, part)
        return []
    entries = [read_entry(value, report, *root, part, index) for index, value in enumerate(values)]
    return drop_repeated([entry for entry in entries if entry is not None], report)


def drop_repeated(entries: Sequence[ImportEntry], report: ProblemReporter) -> list[ImportEntry]:
    """Return the entries without those that repeat the `_id` or `logicalId` of an earlier one. Report each."""
    seen: dict[tuple[str, str], DocumentPath] = {}
    distinct = []
    for entry in entries:
        keys = list_entry_keys(entry)
        repeated = [key for key in keys if key in seen]
        for name, value in repeated:
            report(
                ErrorCode.DUPLICATE,
                f"Entry {seen[name, value][-1]} has the same `{name}`; each entry needs its own.",
                *entry.path,
                name,
            )
        if not repeated:
            distinct.append(entry)
        for key in keys:
            seen.setdefault(key, entry.path)
    return distinct


def list_entry_keys(entry: ImportEntry) -> list[tuple[str, str]]:
    """Return the keys that identify an entry, each with its value."""
    found = [("_id", entry.id)]
    return found if entry.logical_id is None else [*found, ("logicalId", entry.logical_id)]


def read_webhooks(document: Json, report: ProblemReporter) -> list[ImportEntry]:
    """Return the webhooks of a response of integrations.get or .list, or of a list.

    Report entries of other types.
    """
    entries = []
    for path, value in _iterate_webhook_values(document):
        entry = read_entry(value, report, *path)
        if entry is None:
            continue
        if entry.document.get("type") in WEBHOOK_TYPES:
            entries.append(entry)
        else:
            report(ErrorCode.INVALID, f"`type` must be {' or '.join(sorted(WEBHOOK_TYPES))}.", *path, "type")
    return drop_repeated(entries, report)


def _iterate_webhook_values(document: Json) -> Iterator[tuple[DocumentPath, Json]]:
    match document:
        case {"integrations": list(values)}:
            yield from ((("integrations", index), value) for index, value in enumerate(values))
        case {"integration": value}:
            yield ("integration",), value
        case list(values):
            yield from (((index,), value) for index, value in enumerate(values))


def iterate_rows(document: Json) -> Iterator[tuple[DocumentPath, Document]]:
    """Yield the object of each row of an import, with its path; entries that are no objects are left out."""
    values = [*_iterate_webhook_values(document)]
    for part in (USE_CASES, RESOURCE_RECORDS, USE_CASE_GROUPS):
        entries = document.get(part) if isinstance(document, dict) else None
        values += (
            ((part, index), value) for index, value in enumerate(entries if isinstance(entries, list) else ())
        )
    return ((path, value) for path, value in values if isinstance(value, dict))


def is_surely_storable(text: bytes) -> bool:
    """Return whether a value with this JSON by orjson is storable; False if `find_unstorable` has to check it.

    The value has finite numbers. This costs much less than `find_unstorable`, and suffices for most values.
    """
    # In Python, `replace` is four times faster than `count`.
    opened_count = 2 * len(text) - len(text.replace(b"{", b"")) - len(text.replace(b"[", b""))
    is_shallow = opened_count <= MAX_DOCUMENT_DEPTH
    # Most texts have no backslash, and the search for one byte is faster.
    return is_shallow and (b"\\" not in text or b"\\u0000" not in text)


def find_unstorable(value: Json, depth: int = 0) -> tuple[DocumentPath, str] | None:
    """Return the path of the first part of a value that no database can store, and the message; else None.

    `depth` is the number of objects and lists around the value.
    """
    items: Iterable[tuple[str | int, Json]]
    if isinstance(value, str):
        return None if _is_storable(value) else ((), "Text cannot hold U+0000 or half of a surrogate pair.")
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        is_finite = not isinstance(value, float) or isfinite(value)
        return None if is_finite else ((), "Numbers must be finite.")
    if depth > MAX_DOCUMENT_DEPTH:
        return (), f"Objects and lists must be nested at most {MAX_DOCUMENT_DEPTH} deep."
    if isinstance(value, dict) and not _is_storable("".join(value)):
        return (), "Keys cannot hold U+0000 or half of a surrogate pair."
    for key, item in items:
        # Most items are plain text or null. This check saves a call for each.
        is_plain = (isinstance(item, str) and item.isascii() and "\x00" not in item) or item is None
        if not is_plain and (found := find_unstorable(item, depth + 1)) is not None:
            return (key, *found[0]), found[1]
    return None


def _is_storable(text: str) -> bool:
    return "\x00" not in text if text.isascii() else not _UNSTORABLE_CHARACTERS.search(text)
