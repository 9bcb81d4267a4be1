"""The manifest of trusted documents, read and checked once, when the gateway starts."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from gateway.domain.lenient_reading import Document, Json
from gateway.errors import SettingsInvalid
from gateway.execution import Limits
from gateway.schema import schema
from gateway.settings import Settings, variable
from gateway.web import strict_json

ID = re.compile(r"sha256:[0-9a-f]{64}|x-[\w.~-]+:[\w.~-]+|[^:]+", re.ASCII)
"""Of GraphQL over HTTP's appendix on persisted documents, which has all other prefixes to itself."""

SHA256 = "sha256:"

_FORMAT = "apollo-persisted-query-manifest"
_SHOWN = 5
"""Of what is wrong, so much is said at once."""

Entry = tuple[str, Json, Json]
"""Where it stands, an id, and the text of a document."""


def digest(text: str) -> str:
    """The id that everybody can give a document."""
    return SHA256 + hashlib.sha256(text.encode()).hexdigest()


def trusted(settings: Settings) -> Mapping[str, str]:
    """The trusted documents by the manifest's ids, and by their digests; none where they are off.

    Raises SettingsInvalid, which names the file, the place and the reason.
    """
    name, mode = variable("document_manifest"), variable("trusted_documents")
    is_on = settings.trusted_documents != "off"
    if not is_on and settings.document_manifest:
        raise SettingsInvalid(f"{name} is set, but {mode} is off: set that to allow or only, or unset this one.")
    if not is_on:
        return {}
    if not settings.document_manifest:
        raise SettingsInvalid(f"{mode} is {settings.trusted_documents}: then {name} must name the file of them.")
    texts = _read(Path(settings.document_manifest), f"{name}: {settings.document_manifest}", Limits(settings))
    return {**texts, **{digest(text): text for text in texts.values()}}


def _read(file: Path, said: str, limits: Limits) -> Mapping[str, str]:
    try:
        content = strict_json.loads(file.read_bytes())
    except OSError as error:
        raise SettingsInvalid(f"{said}: {error.strerror}") from None
    except ValueError as error:
        raise SettingsInvalid(f"{said} {error}") from None
    if not isinstance(content, dict):
        raise SettingsInvalid(f"{said} must be an object: of the format {_FORMAT}, or of ids with their documents")
    texts: dict[str, str] = {}
    faults = []
    for place, id, text in _apollo(content, said) if "format" in content else _relay(content):
        if isinstance(id, str) and isinstance(text, str):
            faults += [f"{place}: {fault}" for fault in _faults(id, text, texts.setdefault(id, text), limits)]
        else:
            faults.append(f"{place}: needs an id and a document, both of them text")
    if faults:
        more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise SettingsInvalid(f"{said}: {'; '.join(faults[:_SHOWN])}{more}")
    return texts


def _apollo(content: Document, said: str) -> Iterator[Entry]:
    operations = content.get("operations")
    if content["format"] != _FORMAT or content.get("version") != 1 or not isinstance(operations, list):
        raise SettingsInvalid(f"{said} must have the `format` {_FORMAT}, `version` 1 and a list of `operations`")
    for index, operation in enumerate(operations):
        entry = operation if isinstance(operation, dict) else {}
        yield f"operations[{index}]", entry.get("id"), entry.get("body")


def _relay(content: Document) -> Iterator[Entry]:
    for id, text in content.items():
        yield id, id, text


def _faults(id: str, text: str, known: str, limits: Limits) -> Iterator[str]:
    if known != text:
        yield f"the id {id} stands for another document already"
    if not ID.fullmatch(id):
        yield "an id must be `sha256:` with 64 small hexadecimal digits, without a colon, or `x-NAME:ID`"
    elif id.startswith(SHA256) and id != digest(text):
        yield f"the document's SHA-256 is {digest(text).removeprefix(SHA256)}, not what its id says"
    for error in schema.faults(text, limits):
        where = "".join(f" (line {place.line}, column {place.column})" for place in (error.locations or ())[:1])
        yield f"{error.message}{where}"
