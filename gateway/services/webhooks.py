"""Webhooks made and changed. Their scripts and URLs are stored: never run, never called."""

from gateway.database import Integration, Writer
from gateway.domain import webhooks
from gateway.domain.calendar import instants
from gateway.domain.enums import ErrorCode, IntegrationKind, WebhookEvent
from gateway.domain.ids import new_id
from gateway.domain.integrations import read_webhook_columns
from gateway.domain.lenient_reading import Document, LenientObject
from gateway.domain.viewer import Viewer
from gateway.errors import ProblemList
from gateway.services.integrations import (
    INPUT_FIELDS,
    check_name,
    lock_integration_for_update,
    require_kind_permission,
)
from gateway.services.users import get_usernames

_REQUIRED_KEYS = (
    "name",
    "username",
    "enabled",
    "scriptEnabled",
    "overrideDestinationChannelEnabled",
    "event",
    "triggerWordAnywhere",
    "impersonateUser",
    "runOnEdits",
    "retryFailedCalls",
)
"""What cannot be cleared."""


async def create_webhook(writer: Writer, viewer: Viewer, kind: IntegrationKind, settings: Document) -> Integration:
    """A new webhook of the viewer's with these settings, which are keys of its document.

    Raises Refused: FORBIDDEN without a right to that kind, and whatever is wrong with the settings.
    """
    require_kind_permission(viewer, kind)
    cleaned = _drop_blank_token(settings)
    document = _apply_changes(cleaned, {})
    if kind is IntegrationKind.OUTGOING_WEBHOOK:
        document.setdefault("retryCount", webhooks.DEFAULT_RETRY_COUNT)
        document.setdefault("retryDelay", webhooks.DEFAULT_RETRY_DELAY.value)
    else:
        document["token"] = webhooks.new_token()
    _check_settings(kind, cleaned, document)
    id = new_id()
    document = webhooks.build_webhook_document(
        document,
        kind,
        id=id,
        user_id=viewer.user_id,
        username=await _get_username(writer, viewer),
        at=writer.as_of,
    )
    values = {
        "team_id": viewer.team_id,
        "id": id,
        "version": 1,
        "document": document,
        "secrets": {},
        **read_webhook_columns(document, writer.as_of),
    }
    return await writer.insert_row(Integration, values)


async def update_webhook(
    writer: Writer,
    viewer: Viewer,
    id: str,
    kind: IntegrationKind,
    changes: Document,
    expected_version: int | None,
) -> Integration:
    """Change these keys of a webhook's document: absent keeps, null clears, a blank secret keeps.

    Raises Refused: what `hold_for_update` does, and whatever is wrong with the changes.
    """
    row = await lock_integration_for_update(writer, viewer, id, kind, expected_version)
    cleaned = _drop_blank_token(changes)
    document = _apply_changes(cleaned, row.document)
    _check_settings(kind, cleaned, document)
    if document == row.document:
        return row
    document = webhooks.mark_webhook_updated(
        document, user_id=viewer.user_id, username=await _get_username(writer, viewer), at=writer.as_of
    )
    columns = read_webhook_columns(document, instants.to_instant(row.created_at))
    return await writer.update_row(Integration, row, {"document": document, "version": row.version + 1, **columns})


async def _get_username(writer: Writer, viewer: Viewer) -> str | None:
    return (await get_usernames(writer, viewer, [viewer.user_id])).get(viewer.user_id)


def _drop_blank_token(settings: Document) -> Document:
    """The settings without a blank token, which stands for one that is not told."""
    token = settings.get("token")
    is_blank = isinstance(token, str) and not token.strip()
    return {key: value for key, value in settings.items() if key != "token" or not is_blank}


def _apply_changes(settings: Document, document: Document) -> Document:
    """The document with what was given: null clears, blank URLs and trigger words fall away."""
    changed = dict(document)
    for key, value in settings.items():
        if key in ("urls", "triggerWords") and value is not None:
            changed[key] = [*webhooks.drop_blanks(LenientObject(settings, None).read_texts(key))]
        elif value is not None:
            changed[key] = value
        elif changed.get(key) is not None:
            del changed[key]
    event = webhooks.EVENT_OPTIONS.get(webhooks.get_event(changed) or WebhookEvent.OTHER)
    if settings.keys() & {"event", "triggerWords"} and event is not None and not event.trigger_words:
        changed.pop("triggerWords", None)
    if changed.get("script") != document.get("script"):
        # They tell of the script that was.
        changed.pop("scriptCompiled", None)
        changed.pop("scriptError", None)
    return changed


def _check_settings(kind: IntegrationKind, settings: Document, document: Document) -> None:
    """Raises Refused with all that is wrong with what was given, and with what it makes of the document."""
    problems = ProblemList()
    path = ("input", INPUT_FIELDS[kind])
    for key in _REQUIRED_KEYS:
        value = settings.get(key)
        if key in settings and value is None:
            problems.add(ErrorCode.REQUIRED, f"`{key}` cannot be cleared; leave it out to keep it.", *path, key)
        elif key in ("name", "username") and isinstance(value, str):
            check_name(problems, value, *path, key)
    _check_channels(problems, kind, settings, document)
    if kind is IntegrationKind.OUTGOING_WEBHOOK:
        _check_event(problems, settings, document, *path)
        _check_calls(problems, settings, *path)
    problems.raise_if_any()


def _check_channels(problems: ProblemList, kind: IntegrationKind, settings: Document, document: Document) -> None:
    path = ("input", INPUT_FIELDS[kind], "channel")
    is_outgoing = kind is IntegrationKind.OUTGOING_WEBHOOK
    or_all = f", or is {', '.join(webhooks.ALL_CHANNELS)}" if is_outgoing else ""
    for index, channel in enumerate(LenientObject(settings, None).read_texts("channel")):
        if not webhooks.is_channel(channel, kind):
            problems.add_invalid(f"A channel begins with `#`, a person with `@`{or_all}.", *path, index)
    event = webhooks.EVENT_OPTIONS.get(webhooks.get_event(document) or WebhookEvent.OTHER)
    is_required = not is_outgoing or (event is not None and event.channels)
    if is_required and settings.keys() & {"channel", "event"} and not document.get("channel"):
        problems.add(ErrorCode.REQUIRED, "Give at least one channel, such as `#general`.", *path)


def _check_event(problems: ProblemList, settings: Document, document: Document, *path: str) -> None:
    event = webhooks.get_event(document)
    if "event" in settings and event is WebhookEvent.OTHER:
        known = ", ".join(word.name for word in webhooks.EVENT_OPTIONS)
        problems.add_invalid(f"OTHER cannot be chosen: give one of {known}.", *path, "event")
    takes = webhooks.EVENT_OPTIONS.get(event or WebhookEvent.OTHER)
    if takes is not None and takes.target_room and settings.keys() & {"event", "targetRoom"}:
        target = document.get("targetRoom")
        if not isinstance(target, str) or not target.strip():
            problems.add(ErrorCode.REQUIRED, "USER_CREATED has no room of its own: name one.", *path, "targetRoom")


def _check_calls(problems: ProblemList, settings: Document, *path: str) -> None:
    urls = LenientObject(settings, None).read_texts("urls")
    for index, url in enumerate(urls):
        if url.strip() and not webhooks.is_web_address(url):
            problems.add_invalid("A URL begins with http:// or https:// and names a host.", *path, "urls", index)
    if "urls" in settings and not webhooks.drop_blanks(urls):
        problems.add(ErrorCode.REQUIRED, "Give at least one URL to call.", *path, "urls")
    count = settings.get("retryCount")
    if isinstance(count, int) and count < 0:
        problems.add_invalid(f"`retryCount` must be 0 or more, not {count}.", *path, "retryCount")
