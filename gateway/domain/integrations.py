"""Connected integrations and webhooks: the columns that documents determine, secrets, and the state of tokens."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypedDict

from gateway.domain import webhooks
from gateway.domain.calendar import instants, timezones
from gateway.domain.documents import (
    AuditColumns,
    get_text_or_none,
    read_audit_columns,
    read_webhook_audit_columns,
)
from gateway.domain.enums import (
    IntegrationAccess,
    IntegrationKind,
    IntegrationOrderField,
    Provider,
    SortDirection,
    Status,
    TokenState,
    WebhookEvent,
    parse_member,
)
from gateway.domain.lenient_reading import Document
from gateway.domain.paging import SortKey, SortOrder
from gateway.domain.text import fold

_MAX_SORT_KEY_LENGTH = 400
"""In characters, for the columns that sort and search names. PostgreSQL limits the size of an index entry."""

EXPIRING_SOON = timedelta(hours=24)


_SORT_COLUMNS = {
    IntegrationOrderField.ID: "id",
    IntegrationOrderField.KIND: "kind",
    IntegrationOrderField.NAME: "name_key",
    IntegrationOrderField.ENABLED: "enabled",
    IntegrationOrderField.CREATED_AT: "created_at",
    IntegrationOrderField.UPDATED_AT: "updated_at",
    IntegrationOrderField.USERNAME: "username_key",
    IntegrationOrderField.CREATED_BY: "created_by",
    IntegrationOrderField.EVENT: "event",
    IntegrationOrderField.USER_ID: "user_id",
}


def build_sort_order(*keys: tuple[IntegrationOrderField, SortDirection]) -> SortOrder:
    """Return the order by these keys, by default newest first."""
    orderings = keys or ((IntegrationOrderField.CREATED_AT, SortDirection.DESC),)
    return complete_order(
        SortKey(_SORT_COLUMNS[field], direction is SortDirection.DESC) for field, direction in orderings
    )


def complete_order(keys: Iterable[SortKey]) -> SortOrder:
    """Return the order by these keys. Id and team break ties, since an id is unique in a team only."""
    sort_keys = [*keys]
    if all(key.column != "id" for key in sort_keys):
        sort_keys.append(SortKey("id"))
    return SortOrder((*sort_keys, SortKey("team_id")))


class IntegrationColumns(AuditColumns):
    """The columns of `gateway.database.tables.Integration` that its document determines."""

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
    has_token: bool | None
    expires_at: datetime | None
    user_id: str | None
    event: WebhookEvent | None
    channels: str | None
    urls: str | None


class _NameColumns(TypedDict):
    name: str
    name_key: str
    username: str | None
    username_key: str


def _build_name_columns(name: str, username: str | None) -> _NameColumns:
    return _NameColumns(
        name=name,
        name_key=fold(name)[:_MAX_SORT_KEY_LENGTH],
        username=username,
        username_key=fold(username or "")[:_MAX_SORT_KEY_LENGTH],
    )


def read_connected_columns(document: Document, logical_id: str, at: datetime) -> IntegrationColumns:
    """Return the columns for the `integration` of an export document, with its secrets.

    Defaults for missing or unknown values are the provider OTHER, the zone UTC, and not enabled. `at` replaces
    missing instants.
    """
    config = document.get("config")
    config = config if isinstance(config, dict) else {}
    zone, expires_at = document.get("timezone"), config.get("expiresAt")
    return IntegrationColumns(
        kind=IntegrationKind.CONNECTED,
        logical_id=logical_id,
        **_build_name_columns(get_text_or_none(document.get("name")) or str(document.get("_id")), None),
        enabled=document.get("status") == Status.ACTIVE.value,
        access=read_access(document),
        timezone=zone if isinstance(zone, str) and timezones.is_timezone(zone) else "UTC",
        provider=parse_member(Provider, config.get("provider")),
        has_token=bool(config.get("accessToken")),
        expires_at=instants.parse_instant(expires_at) if isinstance(expires_at, str) else None,
        user_id=None,
        event=None,
        channels=None,
        urls=None,
        **read_audit_columns(document, at),
    )


def read_webhook_columns(document: Document, at: datetime) -> IntegrationColumns:
    """Return the columns for a Rocket.Chat webhook. Without a name, the username, alias or id is the name."""
    username = get_text_or_none(document.get("username"))
    display_name = next(
        name
        for key in ("name", "username", "alias", "_id")
        if (name := get_text_or_none(document.get(key))) is not None
    )
    kind, user_id = IntegrationKind(document["type"]), document.get("userId")
    return IntegrationColumns(
        kind=kind,
        logical_id=None,
        **_build_name_columns(display_name, username),
        enabled=document.get("enabled") is True,
        access=None,
        timezone=None,
        provider=None,
        has_token=None,
        expires_at=None,
        user_id=user_id if isinstance(user_id, str) else None,
        event=webhooks.get_event(document) if kind is IntegrationKind.OUTGOING_WEBHOOK else None,
        channels=webhooks.encode_texts(document.get("channel")),
        urls=webhooks.encode_texts(document.get("urls")),
        **read_webhook_audit_columns(document, at),
    )


def read_access(document: Document) -> IntegrationAccess:
    """Return who may see an integration: the team without a word, and only the creator for an unknown one."""
    word = document.get("access")
    if word is None:
        return IntegrationAccess.TEAM
    return parse_member(IntegrationAccess, word) or IntegrationAccess.PERSONAL


def get_token_state(has_token: bool | None, expires_at: datetime | str | None, at: datetime) -> TokenState:
    """Return the state of an access token at an instant; a token without expiry is always valid.

    `gateway.sql.integration_filters` has the same rule in SQL.
    """
    if not has_token:
        return TokenState.MISSING
    if expires_at is None:
        return TokenState.VALID
    remaining = instants.to_instant(expires_at) - at
    if remaining <= timedelta():
        return TokenState.EXPIRED
    return TokenState.EXPIRING_SOON if remaining <= EXPIRING_SOON else TokenState.VALID
