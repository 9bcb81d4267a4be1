"""The manifest of trusted documents, read and checked once, when the gateway starts."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from gateway.domain.lenient_reading import Document, Json
from gateway.errors import SettingsInvalid
from gateway.execution import DocumentLimits
from gateway.schema import schema
from gateway.settings import Settings, get_variable_name
from gateway.web import strict_json

DOCUMENT_ID = re.compile(r"sha256:[0-9a-f]{64}|x-[\w.~-]+:[\w.~-]+|[^:]+", re.ASCII)
"""Of GraphQL over HTTP's appendix on persisted documents, which has all other prefixes to itself."""

SHA256_PREFIX = "sha256:"

_APOLLO_FORMAT = "apollo-persisted-query-manifest"
_MAX_SHOWN_FAULTS = 5
"""Of what is wrong, so much is said at once."""

ManifestEntry = tuple[str, Json, Json]
"""Where it stands, an id, and the text of a document."""


def hash_document(text: str) -> str:
    """The id that everybody can give a document."""
    return SHA256_PREFIX + hashlib.sha256(text.encode()).hexdigest()


def load_trusted_documents(settings: Settings) -> Mapping[str, str]:
    """The trusted documents by the manifest's ids, and by their digests; none where they are off.

    Raises SettingsInvalid, which names the file, the place and the reason.
    """
    name, mode = get_variable_name("document_manifest"), get_variable_name("trusted_documents")
    is_on = settings.trusted_documents != "off"
    if not is_on and settings.document_manifest:
        raise SettingsInvalid(f"{name} is set, but {mode} is off: set that to allow or only, or unset this one.")
    if not is_on:
        return {}
    if not settings.document_manifest:
        raise SettingsInvalid(f"{mode} is {settings.trusted_documents}: then {name} must name the file of them.")
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
            f"{source} must be an object: of the format {_APOLLO_FORMAT}, or of ids with their documents"
        )
    texts: dict[str, str] = {}
    faults = []
    for place, id, text in _read_apollo(content, source) if "format" in content else _read_relay(content):
        if isinstance(id, str) and isinstance(text, str):
            faults += [f"{place}: {fault}" for fault in _find_faults(id, text, texts.setdefault(id, text), limits)]
        else:
            faults.append(f"{place}: needs an id and a document, both of them text")
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
        yield f"the id {id} stands for another document already"
    if not DOCUMENT_ID.fullmatch(id):
        yield "an id must be `sha256:` with 64 small hexadecimal digits, without a colon, or `x-NAME:ID`"
    elif id.startswith(SHA256_PREFIX) and id != hash_document(text):
        yield f"the document's SHA-256 is {hash_document(text).removeprefix(SHA256_PREFIX)}, not what its id says"
    for error in schema.validate_document(text, limits):
        where = "".join(f" (line {place.line}, column {place.column})" for place in (error.locations or ())[:1])
        yield f"{error.message}{where}"
