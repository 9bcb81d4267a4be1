"""Webhooks: what their events take, and what their documents hold when one is made or changed."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from gateway.domain.calendar import instants
from gateway.domain.enums import IntegrationKind, RetryDelay, WebhookEvent
from gateway.domain.lenient_reading import Document
from gateway.domain.viewer import Viewer

KINDS = (IntegrationKind.INCOMING_WEBHOOK, IntegrationKind.OUTGOING_WEBHOOK)

ALL_CHANNELS = ("all_public_channels", "all_private_groups", "all_direct_messages")
"""What an outgoing webhook may listen to beside single channels and people."""

DEFAULT_RETRY_COUNT = 4
DEFAULT_RETRY_DELAY = RetryDelay.POWERS_OF_TEN

_TOKEN_BYTES = 24


class Takes(NamedTuple):
    """What an event makes use of."""

    channels: bool = False
    trigger_words: bool = False
    target_room: bool = False


EVENTS: Mapping[WebhookEvent, Takes] = {
    WebhookEvent.SEND_MESSAGE: Takes(channels=True, trigger_words=True),
    WebhookEvent.FILE_UPLOADED: Takes(channels=True),
    WebhookEvent.ROOM_ARCHIVED: Takes(),
    WebhookEvent.ROOM_CREATED: Takes(),
    WebhookEvent.ROOM_JOINED: Takes(channels=True),
    WebhookEvent.ROOM_LEFT: Takes(channels=True),
    WebhookEvent.USER_CREATED: Takes(target_room=True),
}
"""The events that can be chosen."""


def may_manage(viewer: Viewer, kind: IntegrationKind, team_id: str, created_by: str | None) -> bool:
    """Whether the viewer may change a webhook, and so see its token and script."""
    every = viewer.webhook_scope(kind)
    own = every is not None and created_by == viewer.user_id
    return team_id == viewer.team_id and (every is True or own)


def new_token() -> str:
    """What an incoming webhook is called with: 48 characters."""
    return secrets.token_hex(_TOKEN_BYTES)


def event_of(document: Document) -> WebhookEvent | None:
    """The event of a webhook's document; one that the gateway does not know is OTHER."""
    event = document.get("event")
    if not isinstance(event, str):
        return None
    try:
        return WebhookEvent(event)
    except ValueError:
        return WebhookEvent.OTHER


def is_channel(text: str, kind: IntegrationKind) -> bool:
    """Whether this names a channel (`#general`) or a person (`@rocket.cat`), or, outgoing, all of some sort."""
    if text in ALL_CHANNELS:
        return kind is IntegrationKind.OUTGOING_WEBHOOK
    return text.startswith(("@", "#")) and text[1:].strip() != ""


def is_web_address(text: str) -> bool:
    """Whether this is an http(s) URL with a host."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(map(str.isspace, text))
    except ValueError:
        return False


def without_blanks(texts: Sequence[str]) -> list[str]:
    return [text for text in texts if text.strip()]


def created(
    settings: Document, kind: IntegrationKind, *, id: str, user_id: str, username: str | None, at: datetime
) -> Document:
    """A Rocket.Chat document with these settings, made now by this user."""
    when = instants.isoformat(at)
    return {
        "_id": id,
        "type": kind.value,
        **settings,
        "userId": user_id,
        "_createdAt": when,
        "_createdBy": {"_id": user_id, "username": username},
        "_updatedAt": when,
    }


def touched(document: Document, *, user_id: str, username: str | None, at: datetime) -> Document:
    """A Rocket.Chat document with the audit keys of one that this user changes now."""
    by: Document = {"_id": user_id, "username": username}
    return {**document, "_updatedAt": instants.isoformat(at), "_updatedBy": by}
