"""The export document: its parts, its secrets and its checksum."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TypeVar

from gateway.domain import exact_json
from gateway.domain.enums import IntegrationKind
from gateway.domain.integration_secrets import CONFIG_SECRETS, get_secrets
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.schedules import drop_triggers

D = TypeVar("D")

INTEGRATION, USE_CASES, RESOURCE_RECORDS = "integration", "use_cases", "resource_records"
USE_CASE_GROUPS = "use_case_groups"
EXPORT_KEYS = (INTEGRATION, USE_CASES, RESOURCE_RECORDS, USE_CASE_GROUPS)
"""The keys of an export document. The integration's `envelope` stores all other keys."""

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
"""Ids and audit fields, which the checksum ignores. The names of schedulers contain ids."""


def compose_export(
    integration: D,
    use_cases: Sequence[D],
    records: Sequence[D],
    envelope: Mapping[str, D] | None,
    groups: Sequence[D] | None = None,
) -> dict[str, D | list[D]]:
    """Return the export document of these parts, which are objects or JSON texts. `groups` may be left out."""
    with_groups: dict[str, D | list[D]] = {} if groups is None else {USE_CASE_GROUPS: [*groups]}
    parts: dict[str, D | list[D]] = {
        INTEGRATION: integration,
        USE_CASES: [*use_cases],
        RESOURCE_RECORDS: [*records],
    }
    return {**parts, **with_groups, **(envelope or {})}


def list_redacted_fields(integration: Document) -> list[str]:
    """Return the paths that an export without secrets omits, such as `integration.config.accessToken`."""
    return [f"{INTEGRATION}.config.{name}" for name in get_secrets(integration, IntegrationKind.CONNECTED)]


def encode_canonical(value: Json) -> bytes:
    """Return compact JSON with sorted keys: equal values have equal bytes; `1`, `1.0` and `true` differ."""
    return exact_json.encode(value, sorts_keys=True)


def is_encoding(value: Json, text: str) -> bool:
    """Return whether a JSON text is the exact encoding of a value. Other texts may have the same value."""
    return exact_json.encode(value).decode() == text


def compute_checksum(document: Document) -> str:
    """Return the SHA-256, in hexadecimal, of the content of an export document.

    The hash covers `encode_canonical` of the whole document, including unknown keys, but without:

    - `use_case_groups`, which not every export has;
    - the keys `UNHASHED_KEYS` of the integration, of each use case and of each resource record. Only their
      outermost level counts; deeper keys of the same name are data;
    - `triggerAt` of the recurring schedules of use cases, since time changes it;
    - `accessToken` and `refreshToken` of the integration's `config`;
    - the order of `use_cases` and `resource_records`: each list is sorted by the canonical form of its entries.

    So exports that differ only in ids, owners, instants and tokens have the same checksum.
    """
    hashed_document = {**document, INTEGRATION: _strip_integration(document[INTEGRATION])}
    hashed_document.pop(USE_CASE_GROUPS, None)
    for part in (USE_CASES, RESOURCE_RECORDS):
        entries = document[part]
        if isinstance(entries, list):
            contents = map(drop_triggers, entries) if part == USE_CASES else entries
            stripped = (_drop_keys(entry, UNHASHED_KEYS) for entry in contents)
            hashed_document[part] = sorted(stripped, key=encode_canonical)
    return hashlib.sha256(encode_canonical(hashed_document)).hexdigest()


def _strip_integration(integration: Json) -> Json:
    stripped = _drop_keys(integration, UNHASHED_KEYS)
    if isinstance(stripped, dict) and "config" in stripped:
        stripped["config"] = _drop_keys(stripped["config"], frozenset(CONFIG_SECRETS))
    return stripped


def _drop_keys(value: Json, keys: frozenset[str]) -> Json:
    if not isinstance(value, dict):
        return value
    return {key: item for key, item in value.items() if key not in keys}
