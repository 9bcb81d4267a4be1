"""The export document: how it is put together, and what its checksum covers."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TypeVar

import orjson

from gateway.domain.lenient_reading import Document, Json

D = TypeVar("D")

INTEGRATION, USE_CASES, RESOURCE_RECORDS = "integration", "use_cases", "resource_records"
EXPORT_KEYS = (INTEGRATION, USE_CASES, RESOURCE_RECORDS)
"""The keys of an export document; others are kept in the integration's `envelope`."""

SECRET_KEYS = ("accessToken", "refreshToken")
"""Secrets: keys of a connected integration's `config` that are stored apart from its document."""

UNHASHED_KEYS = frozenset(
    {
        "_id",
        "teamId",
        "integrationId",
        "schedulerNames",
        "createdBy",
        "updatedBy",
        "createdAt",
        "updatedAt",
    }
)
"""The ids and audit fields that no checksum covers; the names of schedulers hold ids."""


def compose_export(
    integration: D, use_cases: Sequence[D], records: Sequence[D], envelope: Mapping[str, D] | None
) -> dict[str, D | list[D]]:
    """The export document of these parts, in whichever form they are."""
    return {INTEGRATION: integration, USE_CASES: [*use_cases], RESOURCE_RECORDS: [*records], **(envelope or {})}


def add_secrets(integration: Document, secrets: Document) -> Document:
    """An integration's document with its secrets back in their places in `config`."""
    config = integration.get("config", {})
    if not secrets or not isinstance(config, dict):
        return integration
    return {**integration, "config": {**config, **secrets}}


def list_redacted_fields(integration: Document, secrets: Document) -> list[str]:
    """Where an export without secrets leaves something out, such as `integration.config.accessToken`."""
    if not isinstance(integration.get("config", {}), dict):
        return []
    return [f"{INTEGRATION}.config.{name}" for name in SECRET_KEYS if name in secrets]


def encode_canonical(value: Json) -> bytes:
    """Compact JSON with sorted keys: equal bytes for equal values, and `1`, `1.0` and `true` are three."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def is_encoding(value: Json, text: str) -> bool:
    """Whether JSON text is what a value was written as; it may be equal if it is not."""
    return orjson.dumps(value).decode() == text


def compute_checksum(document: Document) -> str:
    """The SHA-256, in hexadecimal, of what an export document says, wherever and by whomever it was exported.

    Hashed is the `canonical` form of the whole document, its unknown keys included, after these are taken out:

    - the keys `UNHASHED` of the integration, of each use case and of each resource record, at their outermost
      level only: deeper down they are data;
    - `accessToken` and `refreshToken` of the integration's `config`;
    - the order of `use_cases` and `resource_records`: each is sorted by the canonical form of its entries.

    So exports that differ in ids, owners, instants and tokens alone have the same checksum.
    """
    hashed_document = {**document, INTEGRATION: _strip_integration(document[INTEGRATION])}
    for part in (USE_CASES, RESOURCE_RECORDS):
        entries = document[part]
        if isinstance(entries, list):
            hashed_document[part] = sorted(
                (_drop_keys(entry, UNHASHED_KEYS) for entry in entries), key=encode_canonical
            )
    return hashlib.sha256(encode_canonical(hashed_document)).hexdigest()


def _strip_integration(integration: Json) -> Json:
    stripped = _drop_keys(integration, UNHASHED_KEYS)
    if isinstance(stripped, dict) and "config" in stripped:
        stripped["config"] = _drop_keys(stripped["config"], frozenset(SECRET_KEYS))
    return stripped


def _drop_keys(value: Json, keys: frozenset[str]) -> Json:
    if not isinstance(value, dict):
        return value
    return {key: item for key, item in value.items() if key not in keys}
