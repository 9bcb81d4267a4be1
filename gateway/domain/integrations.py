"""Integrations of both worlds: what their documents say about a row, and the state of a token."""

from datetime import datetime, timedelta
from enum import Enum
from typing import TypedDict, TypeVar

from gateway.domain.calendar import instants, timezones
from gateway.domain.documents.audit_fields import AuditColumns, audit_columns, text_or_none, webhook_audit_columns
from gateway.domain.enums import (
    IntegrationAccess,
    IntegrationKind,
    IntegrationOrderField,
    IntegrationStatus,
    Provider,
    SortDirection,
    TokenState,
)
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.paging import Key, Order
from gateway.domain.text import fold

E = TypeVar("E", bound=Enum)

SECRETS = ("accessToken", "refreshToken")
"""The keys of a connected integration's `config` that are kept out of its document."""

MAX_NAME_LENGTH = 200
"""Characters of a name or username that somebody gives; documents may hold longer ones."""

_MAX_KEY_LENGTH = 400
"""Characters of a name that lists are sorted and searched by: an index of PostgreSQL takes no longer ones."""

EXPIRING_SOON = timedelta(hours=24)


_SORTED_BY = {
    IntegrationOrderField.NAME: "name_key",
    IntegrationOrderField.CREATED_AT: "created_at",
    IntegrationOrderField.UPDATED_AT: "updated_at",
    IntegrationOrderField.USERNAME: "username_key",
    IntegrationOrderField.CREATED_BY: "created_by",
}


def in_order(*keys: tuple[IntegrationOrderField, SortDirection]) -> Order:
    """Integrations by these keys, or the newest first; then by id, and by team, as ids are a team's own."""
    wanted = keys or ((IntegrationOrderField.CREATED_AT, SortDirection.DESC),)
    sorted_by = (Key(_SORTED_BY[field], direction is SortDirection.DESC) for field, direction in wanted)
    return Order((*sorted_by, Key("id"), Key("team_id")))


class IntegrationColumns(AuditColumns):
    """The columns of `gateway.database.tables.Integration` that follow from its document."""

    kind: IntegrationKind
    logical_id: str | None
    name: str
    name_key: str
    username: str | None
    username_key: str
    enabled: bool
    access: IntegrationAccess | None
    timezone: str | None
    provider: Provider | None


class _Shared(TypedDict):
    name: str
    name_key: str
    username: str | None
    username_key: str


def _named(name: str, username: str | None) -> _Shared:
    return _Shared(
        name=name,
        name_key=fold(name)[:_MAX_KEY_LENGTH],
        username=username,
        username_key=fold(username or "")[:_MAX_KEY_LENGTH],
    )


def connected_columns(document: Document, logical_id: str, at: datetime) -> IntegrationColumns:
    """Of document 1's `integration`; what is missing or unknown reads as team access, UTC and not enabled."""
    config = document.get("config")
    config = config if isinstance(config, dict) else {}
    zone = document.get("timezone")
    return IntegrationColumns(
        kind=IntegrationKind.CONNECTED,
        logical_id=logical_id,
        **_named(text_or_none(document.get("name")) or str(document.get("_id")), None),
        enabled=document.get("status") == IntegrationStatus.ACTIVE.value,
        access=_member(IntegrationAccess, document.get("access")) or IntegrationAccess.TEAM,
        timezone=zone if isinstance(zone, str) and timezones.is_timezone(zone) else "UTC",
        provider=_member(Provider, config.get("provider")),
        **audit_columns(document, at),
    )


def webhook_columns(document: Document, at: datetime) -> IntegrationColumns:
    """Of a record of documents 4 and 5; an absent name reads as username, alias or id."""
    username = text_or_none(document.get("username"))
    named = next(
        name
        for key in ("name", "username", "alias", "_id")
        if (name := text_or_none(document.get(key))) is not None
    )
    return IntegrationColumns(
        kind=IntegrationKind(document["type"]),
        logical_id=None,
        **_named(named, username),
        enabled=document.get("enabled") is True,
        access=None,
        timezone=None,
        provider=None,
        **webhook_audit_columns(document, at),
    )


def _member(words: type[E], value: Json) -> E | None:
    try:
        return words(value)
    except ValueError:
        return None


def split_secrets(document: Document) -> tuple[Document, Document]:
    """The document without its secrets, and the secrets."""
    config = document.get("config")
    if not isinstance(config, dict):
        return document, {}
    secrets: Document = {key: config[key] for key in SECRETS if key in config}
    kept: Document = {key: value for key, value in config.items() if key not in SECRETS}
    return {**document, "config": kept}, secrets


def token_state(secrets: Document, expires_at: datetime | None) -> TokenState:
    """How the access token stands now; without an expiry it is valid for good."""
    if not secrets.get("accessToken"):
        return TokenState.MISSING
    if expires_at is None:
        return TokenState.VALID
    left = expires_at - instants.now()
    if left <= timedelta():
        return TokenState.EXPIRED
    return TokenState.EXPIRING_SOON if left <= EXPIRING_SOON else TokenState.VALID
