"""Bounds of what mutations store. `gateway import` stores larger values, and warns of them."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from gateway.domain import exact_json
from gateway.domain.enums import ErrorCode
from gateway.domain.lenient_reading import Document, Json

MAX_ENTRIES = 200
"""The maximum number of entries of a list."""

MAX_NAME_LENGTH = 256
"""The maximum length of a name and of other short texts. All lengths are in characters."""

MAX_LINK_LENGTH = 2_048
MAX_TEXT_LENGTH = 4_096
"""The maximum length of a text that has no bound of its own."""

MAX_SECRET_LENGTH = 16_384
MAX_SCRIPT_LENGTH = 65_536

MAX_DOCUMENT_BYTES = 256 * 1024
"""The maximum size of the document of one row."""

_NAME_KEYS = (
    *("name", "username", "displayName", "alias", "emoji", "scriptEngine", "targetRoom", "channel"),
    *("triggerWords", "templateName", "context", "reportEmails", "tokenType", "authUserEmail", "authUserName"),
    *("id", "npi", "gender", "firstName", "lastName", "phone", "email", "code", "languages", "locationId"),
    *("patientName", "practitionerName", "locationName", "visitingReasonName", "organizationId", "source"),
    *("utmSource", "utmMedium", "utmCampaign", "token", "sourceId"),
)
_MAX_LENGTHS: Mapping[str, int] = {
    **dict.fromkeys(_NAME_KEYS, MAX_NAME_LENGTH),
    **dict.fromkeys(("urls", "sheetLink", "avatar"), MAX_LINK_LENGTH),
    **dict.fromkeys(("accessToken", "refreshToken"), MAX_SECRET_LENGTH),
    "script": MAX_SCRIPT_LENGTH,
}
"""The maximum length of the text at a key, and of each text in a list there."""

_LIST_KEYS = frozenset({"channel", "urls", "triggerWords", "reportEmails"})
"""The keys whose lists are bounded in documents, too; in mutations all lists are."""

_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
_INVISIBLE_CHARACTERS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
"""Characters of other categories that fonts show as nothing: fillers, joiners and variation selectors."""


class Excess(NamedTuple):
    """A value above its bound."""

    code: ErrorCode
    message: str
    path: tuple[str | int, ...]


def is_blank(text: str) -> bool:
    """Return whether a text has no visible character."""
    return all(
        character in _INVISIBLE_CHARACTERS or unicodedata.category(character) in _INVISIBLE_CATEGORIES
        for character in text
    )


def trim(text: str) -> str:
    """Return a text without spaces and invisible characters at its ends."""
    start, end = 0, len(text)
    while start < end and is_blank(text[start]):
        start += 1
    while start < end and is_blank(text[end - 1]):
        end -= 1
    return text[start:end]


def find_excesses(values: Mapping[str, Json], *path: str | int) -> Iterator[Excess]:
    """Yield each list and text of a mutation's input that is above its bound.

    The entries of such a list are skipped.
    """
    for key, value in values.items():
        if value is not None:
            yield from _find_in_value(key, value, (*path, key))


def _find_in_value(key: str, value: Json, path: tuple[str | int, ...]) -> Iterator[Excess]:
    if isinstance(value, str):
        # Most texts are shorter than each bound.
        if len(value) > MAX_NAME_LENGTH:
            yield from _find_long_text(key, value, path)
    elif isinstance(value, list):
        if len(value) > MAX_ENTRIES:
            yield from check_entries(value, *path)
        else:
            for index, item in enumerate(value):
                yield from _find_in_value(key, item, (*path, index))
    elif isinstance(value, dict):
        yield from find_excesses(value, *path)


def _find_long_text(key: str, text: str, path: tuple[str | int, ...]) -> Iterator[Excess]:
    maximum = _MAX_LENGTHS.get(key, MAX_TEXT_LENGTH)
    if len(text) > maximum:
        message = f"`{key}` must have at most {maximum} characters, not {len(text)}."
        yield Excess(ErrorCode.INVALID, message, path)


def check_entries(entries: Sequence[object], *path: str | int) -> Iterator[Excess]:
    """Yield an excess at `path` if a list has too many entries; the last key of `path` names it."""
    if len(entries) > MAX_ENTRIES:
        message = f"`{path[-1]}` may have at most {MAX_ENTRIES} entries, not {len(entries)}."
        yield Excess(ErrorCode.TOO_MANY, message, path)


def find_document_excess(document: Document, *path: str | int, stored: Document | None = None) -> Iterator[Excess]:
    """Yield an excess at `path` if the document of a row is larger than `MAX_DOCUMENT_BYTES`.

    A stored document that is larger may change, unless it grows.
    """
    size = len(exact_json.encode(document))
    if stored is None or size > len(exact_json.encode(stored)):
        yield from check_size(size, *path)


def check_size(size: int, *path: str | int) -> Iterator[Excess]:
    """Yield an excess at `path` if a document of so many bytes is too large for one row."""
    if size > MAX_DOCUMENT_BYTES:
        message = f"The document of one row may have at most {MAX_DOCUMENT_BYTES} bytes, not {size}."
        yield Excess(ErrorCode.INVALID, message, path)


def find_known_excesses(document: Document, *path: str | int) -> Iterator[Excess]:
    """Yield what a mutation would refuse of a document: its size, and known keys at any depth."""
    yield from find_document_excess(document, *path)
    pending: list[tuple[tuple[str | int, ...], Json]] = [(path, document)]
    while pending:
        inner_path, value = pending.pop()
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, item in items:
            item_path = (*inner_path, key)
            if isinstance(item, list) and key in _LIST_KEYS:
                yield from check_entries(item, *item_path)
                pending.append((item_path, [*item[:MAX_ENTRIES]]))
            elif isinstance(item, str) and len(item) > MAX_NAME_LENGTH:
                name = next((str(each) for each in reversed(item_path) if isinstance(each, str)), "")
                if name in _MAX_LENGTHS:
                    yield from _find_long_text(name, item, item_path)
            elif isinstance(item, list | dict):
                pending.append((item_path, item))
