"""Webhooks: options of their events, validation, and their documents."""

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from gateway.domain.bounds import MAX_LINK_LENGTH, is_blank, trim
from gateway.domain.calendar import instants
from gateway.domain.enums import IntegrationKind, RetryDelay, WebhookEvent
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.viewer import Viewer

WEBHOOK_KINDS = (IntegrationKind.INCOMING_WEBHOOK, IntegrationKind.OUTGOING_WEBHOOK)
WEBHOOK_TYPES = tuple(kind.value for kind in WEBHOOK_KINDS)
"""The words for these kinds under the key `type` of documents."""

ALL_CHANNELS = ("all_public_channels", "all_private_groups", "all_direct_messages")
"""Groups of channels for outgoing webhooks, beside single channels and users."""

DEFAULT_RETRY_COUNT = 4
DEFAULT_RETRY_DELAY = RetryDelay.POWERS_OF_TEN

GUARDED_KEYS = frozenset({"token", "script", "scriptCompiled", "scriptError"})
"""The keys of documents that only a viewer sees who may manage the webhook."""

_TOKEN_BYTES = 24


class EventOptions(NamedTuple):
    """The settings that a webhook for an event has."""

    channels: bool = False
    trigger_words: bool = False
    target_room: bool = False


EVENT_OPTIONS: Mapping[WebhookEvent, EventOptions] = {
    WebhookEvent.SEND_MESSAGE: EventOptions(channels=True, trigger_words=True),
    WebhookEvent.FILE_UPLOADED: EventOptions(channels=True),
    WebhookEvent.ROOM_ARCHIVED: EventOptions(),
    WebhookEvent.ROOM_CREATED: EventOptions(),
    WebhookEvent.ROOM_JOINED: EventOptions(channels=True),
    WebhookEvent.ROOM_LEFT: EventOptions(channels=True),
    WebhookEvent.USER_CREATED: EventOptions(target_room=True),
}
"""The options of each event that a client may choose."""


def may_manage_webhook(viewer: Viewer, kind: IntegrationKind, team_id: str, created_by: str | None) -> bool:
    """Return whether the viewer may change a webhook. Only then do they see its token and script."""
    scope = viewer.get_webhook_scope(kind)
    is_own = scope is not None and created_by == viewer.user_id
    return team_id == viewer.team_id and (scope is True or is_own)


def hide_secrets(document: Document) -> Document:
    """Return the document as a viewer sees it who may not manage the webhook."""
    return {key: value for key, value in document.items() if key not in GUARDED_KEYS}


def new_token() -> str:
    """Return a new token of an incoming webhook, of 48 characters."""
    return secrets.token_hex(_TOKEN_BYTES)


def get_event(document: Document) -> WebhookEvent | None:
    """Return the event in a webhook's document; an unknown event is OTHER."""
    event = document.get("event")
    if not isinstance(event, str):
        return None
    try:
        return WebhookEvent(event)
    except ValueError:
        return WebhookEvent.OTHER


def encode_texts(texts: Json) -> str:
    """Return the texts of a list of a document as one text: each is a line, in JSON, between line breaks.

    Other values are skipped, and any other value than a list is empty.
    """
    listed = texts if isinstance(texts, list) else []
    return "\n" + "".join(f"{json.dumps(text)}\n" for text in listed if isinstance(text, str))


def encode_text(text: str) -> str:
    """Return the part of the text of `encode_texts` that it has if this is one of the texts."""
    return f"\n{json.dumps(text)}\n"


def find_channel_fault(text: str, kind: IntegrationKind) -> str | None:
    """Return why a text is neither a channel (`#general`) nor a user (`@rocket.cat`); None if it is one.

    For outgoing webhooks, `ALL_CHANNELS` are valid too.
    """
    is_outgoing = kind is IntegrationKind.OUTGOING_WEBHOOK
    if is_outgoing and text in ALL_CHANNELS:
        return None
    if "," in text:
        return "A channel must not contain a comma; give each channel as an entry of its own."
    if text.startswith(("@", "#")) and not is_blank(text[1:]):
        return None
    groups = f", or be one of {', '.join(ALL_CHANNELS)}" if is_outgoing else ""
    return f"A channel must be `#` and its name, or `@` and a username{groups}."


def find_link_fault(link: str, name: str) -> str | None:
    """Return why a text is not an http(s) URL with a host; None if it is. `trim` removes what is ignored."""
    text = trim(link)[:MAX_LINK_LENGTH]  # A longer one is refused anyway.
    invisible = next(filter(is_blank, text), "")
    if invisible.isspace():
        return f"{name} must not contain a space; write `%20` instead."
    if invisible:
        return (
            f"{name} must not contain the invisible character U+{ord(invisible):04X}; remove or percent-encode it."
        )
    try:
        parts = urlsplit(text)
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_valid = False
    return None if is_valid else f"{name} must begin with http:// or https:// and have a host."


def drop_blanks(texts: Sequence[str]) -> list[str]:
    return [text for text in texts if not is_blank(text)]


def build_webhook_document(
    settings: Document, kind: IntegrationKind, *, id: str, user_id: str, username: str | None, at: datetime
) -> Document:
    """Return the Rocket.Chat document of a webhook that a user creates now."""
    timestamp = instants.format_instant(at)
    return {
        "_id": id,
        "type": kind.value,
        **settings,
        "_createdAt": timestamp,
        "_createdBy": {"_id": user_id, "username": username},
        "_updatedAt": timestamp,
    }


def mark_webhook_updated(document: Document, *, user_id: str, username: str | None, at: datetime) -> Document:
    """Return a Rocket.Chat document with the audit keys for a change by a user now."""
    updated_by: Document = {"_id": user_id, "username": username}
    return {**document, "_updatedAt": instants.format_instant(at), "_updatedBy": updated_by}
