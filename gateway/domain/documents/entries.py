"""Documents that come in: telling the kinds apart by their content, and reading their shapes.

Reading is lenient. What is refused is only what has no id or no shape, or what no database could hold.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from math import isfinite
from typing import Protocol, Self

import orjson
from msgspec import Struct

from gateway.domain.documents.audit_fields import get_text_or_none
from gateway.domain.documents.exports import EXPORT_KEYS, INTEGRATION, RESOURCE_RECORDS, USE_CASES
from gateway.domain.enums import ErrorCode, WebhookType
from gateway.domain.ids import MAX_ID_LENGTH, is_id
from gateway.domain.lenient_reading import Document, Json

DocumentPath = tuple[str | int, ...]

MAX_DOCUMENT_DEPTH = 50
"""Objects and lists inside each other; a request that brings the document may be a little deeper."""

MAX_LOGICAL_ID_LENGTH = 255
"""Characters; what is longer cannot be indexed."""

_MIN_INTEGER, _MAX_INTEGER = -(2**63), 2**64 - 1
_UNSTORABLE_CHARACTERS = re.compile("[\x00\ud800-\udfff]")
_WEBHOOK_TYPES = {type_.value for type_ in WebhookType}


class ProblemReporter(Protocol):
    """Where a problem is told; `gateway.errors.Problems.add` is one."""

    def __call__(self, code: ErrorCode, message: str, *path: str | int) -> None: ...


class ImportContent(Enum):
    """What a whole file, or the body of an answer, can be."""

    EXPORT = "an export document"
    WEBHOOK = "an answer of integrations.get"
    WEBHOOK_LIST = "an answer of integrations.list"
    WEBHOOKS = "a list of webhooks"


def detect_content(document: Json) -> ImportContent | None:
    """Which of them this is, told by its content alone; None for what is none of them."""
    match document:
        case list():
            return ImportContent.WEBHOOKS
        case {"integrations": list()}:
            return ImportContent.WEBHOOK_LIST
        case {"integration": {"type": str(type_)}} if type_ in _WEBHOOK_TYPES:
            return ImportContent.WEBHOOK
        case {"integration": _}:
            return ImportContent.EXPORT
        case _:
            return None


def is_record(value: Json) -> bool:
    """Whether a line by itself is a resource record, which names its integration."""
    return isinstance(value, dict) and "integrationId" in value and INTEGRATION not in value


class ImportEntry(Struct):
    """One object to take in, and where it stood."""

    document: Document
    id: str
    logical_id: str | None
    path: DocumentPath
    text: bytes | None = None
    """Its document as JSON, where that is known."""


@dataclass(frozen=True, slots=True)
class ExportDocument:
    """An export document that has a shape."""

    integration: ImportEntry
    use_cases: Sequence[ImportEntry]
    resource_records: Sequence[ImportEntry]
    envelope: Document | None


def read_entry(
    value: Json, report: ProblemReporter, *path: str | int, text: bytes | None = None
) -> ImportEntry | None:
    """An object with an id; None, and the reason reported, for what is not or cannot be stored.

    `text` is what `storable_text` says of it, when that was asked.
    """
    if not isinstance(value, dict):
        report(ErrorCode.INVALID, "An object is needed here.", *path)
        return None
    id = value.get("_id")
    faulty = None if text is not None else find_unstorable(value)
    if faulty is not None:
        where, why = faulty
        report(ErrorCode.INVALID, why, *path, *where)
    elif id is None:
        report(ErrorCode.REQUIRED, "`_id` is missing: there is nothing to know this by.", *path, "_id")
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
    """An export document; None when it has no integration. Every reason to refuse it is reported."""
    if not isinstance(document, dict):
        report(ErrorCode.INVALID, "An export document is an object with the key `integration`.", *root)
        return None
    if document.get(INTEGRATION) is None:
        report(ErrorCode.REQUIRED, "`integration` is missing.", *root, INTEGRATION)
        return None
    envelope: Document = {key: value for key, value in document.items() if key not in EXPORT_KEYS}
    faulty = find_unstorable(envelope)
    if faulty is not None:
        report(ErrorCode.INVALID, faulty[1], *root, *faulty[0])
    integration = read_entry(document[INTEGRATION], report, *root, INTEGRATION)
    use_cases = _read_list(document, USE_CASES, report, *root)
    records = _read_list(document, RESOURCE_RECORDS, report, *root)
    if integration is None:
        return None
    if integration.document.get("type") in _WEBHOOK_TYPES:
        report(ErrorCode.INVALID, "This is a webhook, not an account at a provider.", *root, INTEGRATION, "type")
    return ExportDocument(integration, use_cases, records, envelope or None)


def _read_list(document: Document, part: str, report: ProblemReporter, *root: str | int) -> list[ImportEntry]:
    values = document.get(part)
    if values is None:
        return []
    if not isinstance(values, list):
        report(ErrorCode.INVALID, f"`{part}` must be a list.", *root, part)
        return []
    entries = [read_entry(value, report, *root, part, place) for place, value in enumerate(values)]
    return drop_repeated([entry for entry in entries if entry is not None], report)


def drop_repeated(entries: Sequence[ImportEntry], report: ProblemReporter) -> list[ImportEntry]:
    """The entries but for those, reported, that have the `_id` or `logicalId` of an earlier one."""
    seen: dict[tuple[str, str], DocumentPath] = {}
    distinct = []
    for entry in entries:
        keys = list_entry_keys(entry)
        repeated = [key for key in keys if key in seen]
        for name, value in repeated:
            report(
                ErrorCode.DUPLICATE,
                f"`{name}` is that of entry {seen[name, value][-1]} already; each needs its own.",
                *entry.path,
                name,
            )
        if not repeated:
            distinct.append(entry)
        for key in keys:
            seen.setdefault(key, entry.path)
    return distinct


def list_entry_keys(entry: ImportEntry) -> list[tuple[str, str]]:
    """The names and values of what an entry is known by."""
    found = [("_id", entry.id)]
    return found if entry.logical_id is None else [*found, ("logicalId", entry.logical_id)]


def read_webhooks(document: Json, report: ProblemReporter) -> list[ImportEntry]:
    """The webhooks of an answer of integrations.get or .list, or of a plain list; each other entry is reported."""
    entries = []
    for path, value in _iterate_webhook_values(document):
        entry = read_entry(value, report, *path)
        if entry is None:
            continue
        if entry.document.get("type") in _WEBHOOK_TYPES:
            entries.append(entry)
        else:
            report(ErrorCode.INVALID, f"`type` must be {' or '.join(sorted(_WEBHOOK_TYPES))}.", *path, "type")
    return drop_repeated(entries, report)


def _iterate_webhook_values(document: Json) -> Iterator[tuple[DocumentPath, Json]]:
    match document:
        case {"integrations": list(values)}:
            yield from ((("integrations", place), value) for place, value in enumerate(values))
        case {"integration": value}:
            yield ("integration",), value
        case list(values):
            yield from (((place,), value) for place, value in enumerate(values))


def encode_storable(value: Json) -> bytes | None:
    """A value with finite numbers as JSON; None where `unstorable` has to look whether it can be stored.

    It costs a third of that, and most values can.
    """
    try:
        text = orjson.dumps(value)
    except TypeError:  # half of a surrogate pair, a number of more than 64 bits, hundreds of levels
        return None
    # To leave them out takes Python a quarter of the time of counting them.
    opened = 2 * len(text) - len(text.replace(b"{", b"")) - len(text.replace(b"[", b""))
    is_shallow = opened <= MAX_DOCUMENT_DEPTH
    # Most have no backslash at all, which is found out sooner.
    return text if is_shallow and (b"\\" not in text or b"\\u0000" not in text) else None


def find_unstorable(value: Json, depth: int = 0) -> tuple[DocumentPath, str] | None:
    """Where a value, so deep in another, holds what no database keeps to the letter, and what that is."""
    items: Iterable[tuple[str | int, Json]]
    if isinstance(value, str):
        return None if _is_storable(value) else ((), "Text cannot hold U+0000 or half of a surrogate pair.")
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        return _find_unstorable_number(value)
    if depth > MAX_DOCUMENT_DEPTH:
        return (), f"Objects and lists may be nested {MAX_DOCUMENT_DEPTH} deep, not deeper."
    if isinstance(value, dict) and not _is_storable("".join(value)):
        return (), "Keys cannot hold U+0000 or half of a surrogate pair."
    for place, item in items:
        # Most items are such text or nothing, and there are many: they cost no call.
        is_plain = (isinstance(item, str) and item.isascii() and "\x00" not in item) or item is None
        if not is_plain and (found := find_unstorable(item, depth + 1)) is not None:
            return (place, *found[0]), found[1]
    return None


def _is_storable(text: str) -> bool:
    return "\x00" not in text if text.isascii() else not _UNSTORABLE_CHARACTERS.search(text)


def _find_unstorable_number(value: Json) -> tuple[DocumentPath, str] | None:
    if isinstance(value, float) and not isfinite(value):
        return (), "Numbers must be finite."
    if isinstance(value, int) and not _MIN_INTEGER <= value <= _MAX_INTEGER:
        return (), "Whole numbers must fit into 64 bits."
    return None


@dataclass(slots=True)
class ImportCounts:
    """How many rows an import created, updated, found as they should be, and deleted."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0

    def __iadd__(self, other: "ImportCounts") -> Self:
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.deleted += other.deleted
        return self
