"""Filters of integrations in plain Python, to compare with the database."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from gateway import services
from gateway.database.tables import Integration
from gateway.domain.calendar import instants
from gateway.domain.enums import IntegrationAccess, IntegrationKind, Provider, TokenState, WebhookEvent
from gateway.domain.text import fold
from tests.support.factories import KEYRING

KINDS = {kind.name: kind for kind in IntegrationKind}
PROVIDERS = {provider.name: provider for provider in Provider}
ACCESSES = {access.name: access for access in IntegrationAccess}
TOKEN_STATES = [state.name for state in TokenState]
EVENTS = {event.name: event for event in WebhookEvent}

Test = dict[str, Any]
"""A filter, or a part of one, in the variables of a query."""

TEXT_TESTS: dict[str, Callable[[str | None, Any], bool]] = {
    "eq": lambda value, test: value == test,
    "ne": lambda value, test: value != test,
    "in": lambda value, test: value in test,
    "gt": lambda value, test: value is not None and value > test,
    "gte": lambda value, test: value is not None and value >= test,
    "lt": lambda value, test: value is not None and value < test,
    "lte": lambda value, test: value is not None and value <= test,
    "contains": lambda value, test: value is not None and fold(test) in fold(value),
    "startsWith": lambda value, test: value is not None and fold(value).startswith(fold(test)),
    "endsWith": lambda value, test: value is not None and fold(value).endswith(fold(test)),
    "isNull": lambda value, test: (value is None) is test,
}
EXACT_TESTS: dict[str, Callable[[str | None, Any], bool]] = {
    **TEXT_TESTS,
    "contains": lambda value, test: value is not None and test in value,
    "startsWith": lambda value, test: value is not None and value.startswith(test),
    "endsWith": lambda value, test: value is not None and value.endswith(test),
}
"""The tests with `matchCase: true`."""

FOLDED_TESTS: dict[str, Callable[[str | None, Any], bool]] = {
    **TEXT_TESTS,
    "eq": lambda value, test: value is not None and fold(value) == fold(test),
    "ne": lambda value, test: value is None or fold(value) != fold(test),
    "in": lambda value, test: value is not None and fold(value) in map(fold, test),
}
"""The tests with `matchCase: false`."""

INSTANT_TESTS: dict[str, Callable[[datetime, datetime], bool]] = {
    "eq": lambda value, test: value == test,
    "ne": lambda value, test: value != test,
    "gt": lambda value, test: value > test,
    "gte": lambda value, test: value >= test,
    "lt": lambda value, test: value < test,
    "lte": lambda value, test: value <= test,
}


def _text_meets(value: str | None, test: Test) -> bool:
    tests = {None: TEXT_TESTS, True: EXACT_TESTS, False: FOLDED_TESTS}[test.get("matchCase")]
    conditions = {name: wanted for name, wanted in test.items() if name != "matchCase" and wanted is not None}
    return all(tests[name](value, wanted) for name, wanted in conditions.items())


def _instant_meets(value: datetime, test: Test) -> bool:
    return all(
        value in map(datetime.fromisoformat, wanted)
        if name == "in"
        else INSTANT_TESTS[name](value, datetime.fromisoformat(wanted))
        for name, wanted in test.items()
    )


def read_token_state(row: Integration) -> str | None:
    """Return the state of the token of a connected integration, from its document and secrets."""
    if row.kind is not IntegrationKind.CONNECTED:
        return None
    if not services.secrets.decrypt_secret(KEYRING, row, "accessToken"):
        return "MISSING"
    config: Any = row.document["config"]
    expires_at = instants.parse_instant(config.get("expiresAt") or "")
    if expires_at is None:
        return "VALID"
    remaining = expires_at - instants.now()
    day = timedelta(hours=24)
    return "EXPIRED" if remaining <= timedelta() else "EXPIRING_SOON" if remaining <= day else "VALID"


def has_error(row: Integration) -> bool:
    """Return whether a connected integration has an error message, from its document."""
    config = row.document.get("config")
    message = config.get("errorMessage") if isinstance(config, dict) else None
    return row.kind is IntegrationKind.CONNECTED and isinstance(message, str) and message != ""


def read_event(row: Integration) -> str | None:
    """Return the event of an outgoing webhook, from its document."""
    word = row.document.get("event")
    if row.kind is not IntegrationKind.OUTGOING_WEBHOOK or not isinstance(word, str):
        return None
    return next((name for name, event in EVENTS.items() if event.value == word), "OTHER")


def read_texts(row: Integration, key: str) -> list[str] | None:
    """Return a list of texts of a webhook, from its document; None for a connected integration."""
    if row.kind is IntegrationKind.CONNECTED:
        return None
    texts = row.document.get(key)
    return [text for text in texts if isinstance(text, str)] if isinstance(texts, list) else []


def read_user_id(row: Integration) -> str | None:
    """Return the user that a webhook acts as, from its document."""
    user_id = row.document.get("userId") if row.kind is not IntegrationKind.CONNECTED else None
    return user_id if isinstance(user_id, str) else None


FIELDS: dict[str, Callable[[Integration, Any], bool]] = {
    "and": lambda row, test: all(meets(row, inner) for inner in test),
    "or": lambda row, test: any(meets(row, inner) for inner in test),
    "not": lambda row, test: not meets(row, test),
    "id": lambda row, test: row.id in test,
    "access": lambda row, test: row.access in {ACCESSES[name] for name in test},
    "tokenState": lambda row, test: read_token_state(row) in test,
    "hasError": lambda row, test: has_error(row) is test,
    "channel": lambda row, test: test in (read_texts(row, "channel") or ()),
    "channels": lambda row, test: read_texts(row, "channel") == test,
    "url": lambda row, test: test in (read_texts(row, "urls") or ()),
    "urls": lambda row, test: read_texts(row, "urls") == test,
    "event": lambda row, test: read_event(row) in test,
    "userId": lambda row, test: read_user_id(row) == test,
    "kind": lambda row, test: row.kind in {KINDS[name] for name in test},
    "name": lambda row, test: _text_meets(row.name, test),
    "username": lambda row, test: _text_meets(row.username, test),
    "enabled": lambda row, test: row.enabled is test,
    "provider": lambda row, test: row.provider in {PROVIDERS[name] for name in test},
    "createdBy": lambda row, test: test in ("", row.created_by),
    "createdAt": lambda row, test: _instant_meets(row.created_at, test),
    "updatedAt": lambda row, test: _instant_meets(row.updated_at, test),
}


def meets(row: Integration, filter: Test) -> bool:
    """Return whether a row meets a filter."""
    return all(FIELDS[name](row, test) for name, test in filter.items() if test is not None)
