"""Read the manifest of trusted documents and check it against the schema, when the gateway starts."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from gateway.domain import strict_json
from gateway.domain.lenient_reading import Document, Json
from gateway.errors import SettingsInvalid
from gateway.execution import DocumentLimits
from gateway.schema import schema
from gateway.settings import Settings, get_variable_name

DOCUMENT_ID = re.compile(r"sha256:[0-9a-f]{64}|x-[\w.~-]+:[\w.~-]+|[^:]+", re.ASCII)
"""The ids of GraphQL over HTTP's appendix on persisted documents, which reserves all other prefixes."""

SHA256_PREFIX = "sha256:"

_APOLLO_FORMAT = "apollo-persisted-query-manifest"
_MAX_SHOWN_FAULTS = 5
"""Faults of a manifest that one message lists."""

ManifestEntry = tuple[str, Json, Json]
"""The position in the manifest, an id, and the text of a document."""


def hash_document(text: str) -> str:
    """Return the id of a document that follows from its text."""
    return SHA256_PREFIX + hashlib.sha256(text.encode()).hexdigest()


def load_trusted_documents(settings: Settings) -> Mapping[str, str]:
    """Return the texts of trusted documents by the manifest's ids and by their hashes; none if the mode is off.

    Raises SettingsInvalid with the file, the position and the reason if the manifest cannot be used.
    """
    name, mode = get_variable_name("document_manifest"), get_variable_name("trusted_documents")
    is_on = settings.trusted_documents != "off"
    if not is_on and settings.document_manifest:
        raise SettingsInvalid(f"{name} is set, but {mode} is off: set {mode} to allow or only, or unset {name}.")
    if not is_on:
        return {}
    if not settings.document_manifest:
        raise SettingsInvalid(
            f"{mode} is {settings.trusted_documents}, but {name} is not set: set it to the file of the documents."
        )
    texts = _read_manifest(
        Path(settings.document_manifest), f"{name}: {settings.document_manifest}", DocumentLimits(settings)
    )
    return {**texts, **{hash_document(text): text for text in texts.values()}}


def _read_manifest(file: Path, source: str, limits: DocumentLimits) -> Mapping[str, str]:
    try:
        content = strict_json.loads(file.read_bytes())
    except OSError as error:
        raise SettingsInvalid(f"{source}: {error.strerror}") from None
    except ValueError as error:
        raise SettingsInvalid(f"{source} {error}") from None
    if not isinstance(content, dict):
        raise SettingsInvalid(
            f"{source} must be an object: a manifest of the format {_APOLLO_FORMAT}, or documents by their ids"
        )
    texts: dict[str, str] = {}
    faults = []
    for position, id, text in _read_apollo(content, source) if "format" in content else _read_relay(content):
        if isinstance(id, str) and isinstance(text, str):
            faults += [
                f"{position}: {fault}" for fault in _find_faults(id, text, texts.setdefault(id, text), limits)
            ]
        else:
            faults.append(f"{position}: needs an id and a document, both as text")
    if faults:
        more = f"; and {len(faults) - _MAX_SHOWN_FAULTS} more" if len(faults) > _MAX_SHOWN_FAULTS else ""
        raise SettingsInvalid(f"{source}: {'; '.join(faults[:_MAX_SHOWN_FAULTS])}{more}")
    return texts


def _read_apollo(content: Document, source: str) -> Iterator[ManifestEntry]:
    operations = content.get("operations")
    if content["format"] != _APOLLO_FORMAT or content.get("version") != 1 or not isinstance(operations, list):
        raise SettingsInvalid(
            f"{source} must have the `format` {_APOLLO_FORMAT}, `version` 1 and a list of `operations`"
        )
    for index, operation in enumerate(operations):
        entry = operation if isinstance(operation, dict) else {}
        yield f"operations[{index}]", entry.get("id"), entry.get("body")


def _read_relay(content: Document) -> Iterator[ManifestEntry]:
    for id, text in content.items():
        yield id, id, text


def _find_faults(id: str, text: str, known: str, limits: DocumentLimits) -> Iterator[str]:
    if known != text:
        yield f"another document has the id {id} already"
    if not DOCUMENT_ID.fullmatch(id):
        yield "an id must be `sha256:` with 64 hexadecimal digits in lower case, `x-NAME:ID`, or without a colon"
    elif id.startswith(SHA256_PREFIX) and id != hash_document(text):
        yield f"the document's SHA-256 is {hash_document(text).removeprefix(SHA256_PREFIX)}, not that of its id"
    for error in schema.validate_document(text, limits):
        locations = (error.locations or ())[:1]
        suffix = "".join(f" (line {location.line}, column {location.column})" for location in locations)
        yield f"{error.message}{suffix}"
