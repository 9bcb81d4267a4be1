"""Create and update webhooks. Their scripts and URLs are only stored: the gateway never runs or calls them."""

from gateway.database import Integration, Writer
from gateway.domain import webhooks
from gateway.domain.audit import AuditAction
from gateway.domain.bounds import MAX_NAME_LENGTH, find_document_excess, find_excesses, is_blank, trim
from gateway.domain.calendar import instants
from gateway.domain.documents import find_changed_paths
from gateway.domain.enums import ErrorCode, IntegrationKind, WebhookEvent
from gateway.domain.ids import new_id
from gateway.domain.integrations import read_webhook_columns
from gateway.domain.lenient_reading import Document, LenientObject
from gateway.domain.viewer import Viewer
from gateway.errors import ProblemList
from gateway.services import audit
from gateway.services.integrations import (
    INPUT_FIELDS,
    check_blank,
    check_not_other,
    lock_integration_for_update,
    require_kind_permission,
)
from gateway.services.secrets import decrypt_document, encrypt_document
from gateway.services.teams import find_user_id, get_usernames

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
"""The keys of the document that cannot be cleared."""


async def create_webhook(writer: Writer, viewer: Viewer, kind: IntegrationKind, settings: Document) -> Integration:
    """Create a webhook of this kind that belongs to the viewer, and return its row.

    `settings` are keys of its document, of which `username` determines `userId`. An incoming webhook gets a new
    token. The viewer needs the permission of
    `require_kind_permission`. Raises Refused: FORBIDDEN without it, else all problems of the settings (REQUIRED,
    INVALID).
    """
    require_kind_permission(viewer, kind)
    cleaned = await _add_user_id(writer, viewer, _drop_blank_token(settings), {})
    document = _apply_changes(cleaned, {})
    if kind is IntegrationKind.OUTGOING_WEBHOOK:
        document.setdefault("retryCount", webhooks.DEFAULT_RETRY_COUNT)
        document.setdefault("retryDelay", webhooks.DEFAULT_RETRY_DELAY.value)
    else:
        document["token"] = webhooks.new_token()
    _check_settings(kind, cleaned, document, None)
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
        **encrypt_document(writer.keyring, viewer.team_id, id, kind, document),
        **read_webhook_columns(document, writer.as_of),
    }
    await audit.record(writer, viewer, AuditAction.INTEGRATION_CREATE, f"integration {id}")
    return await writer.insert_row(Integration, values)


async def update_webhook(
    writer: Writer,
    viewer: Viewer,
    id: str,
    kind: IntegrationKind,
    changes: Document,
    expected_version: int | None,
) -> Integration:
    """Update these keys of a webhook's document, and return its row; without a change, write nothing.

    An absent key keeps its value, null clears it, and a blank token keeps the stored one. A new `username`
    determines `userId`. The viewer needs the permission of `require_kind_permission`. Raises Refused: as
    `lock_integration_for_update`, and all problems of the changes (REQUIRED, INVALID).
    """
    row = await lock_integration_for_update(writer, viewer, id, kind, expected_version)
    stored = decrypt_document(writer.keyring, row)
    cleaned = await _add_user_id(writer, viewer, _drop_blank_token(changes), stored)
    document = _apply_changes(cleaned, stored)
    _check_settings(kind, cleaned, document, stored)
    if document == stored:
        return row
    changed_paths = find_changed_paths(stored, document)
    await audit.record(writer, viewer, AuditAction.INTEGRATION_UPDATE, f"integration {id}", changed_paths)
    document = webhooks.mark_webhook_updated(
        document, user_id=viewer.user_id, username=await _get_username(writer, viewer), at=writer.as_of
    )
    new_values = {
        **encrypt_document(writer.keyring, row.team_id, row.id, kind, document),
        **read_webhook_columns(document, instants.to_instant(row.created_at)),
        "version": row.version + 1,
    }
    return await writer.update_row(Integration, row, new_values)


async def _get_username(writer: Writer, viewer: Viewer) -> str | None:
    return (await get_usernames(writer, viewer, [viewer.user_id])).get(viewer.user_id)


async def _add_user_id(writer: Writer, viewer: Viewer, settings: Document, stored: Document) -> Document:
    """Return the settings with the id of the user whom a new `username` names; None if the team has no such user.

    A blank or too long `username` is another problem.
    """
    username = settings.get("username")
    if not isinstance(username, str) or is_blank(username) or len(username) > MAX_NAME_LENGTH:
        return settings
    if username == stored.get("username"):
        return settings
    return {**settings, "userId": await find_user_id(writer, viewer, username)}


def _drop_blank_token(settings: Document) -> Document:
    """Return the settings without a blank token, which clients send to keep the stored one."""
    token = settings.get("token")
    drops = isinstance(token, str) and is_blank(token)
    return {key: value for key, value in settings.items() if key != "token" or not drops}


def _apply_changes(settings: Document, document: Document) -> Document:
    """Return the document with these settings: null clears a key.

    Blank URLs and trigger words are dropped, and URLs are trimmed.
    """
    changed = dict(document)
    for key, value in settings.items():
        if key in ("urls", "triggerWords") and value is not None:
            texts = webhooks.drop_blanks(LenientObject(settings, None).read_texts(key))
            changed[key] = [trim(text) if key == "urls" else text for text in texts]
        elif value is not None:
            changed[key] = value
        elif changed.get(key) is not None:
            del changed[key]
    options = webhooks.EVENT_OPTIONS.get(webhooks.get_event(changed) or WebhookEvent.OTHER)
    if settings.keys() & {"event", "triggerWords"} and options is not None and not options.trigger_words:
        changed.pop("triggerWords", None)
    if changed.get("script") != document.get("script"):
        # They describe the previous script.
        changed.pop("scriptCompiled", None)
        changed.pop("scriptError", None)
    return changed


def _check_settings(
    kind: IntegrationKind, settings: Document, document: Document, stored: Document | None
) -> None:
    """Raise Refused with all problems of the settings, and of the document that has them."""
    problems = ProblemList()
    path = ("input", INPUT_FIELDS[kind])
    for key in _REQUIRED_KEYS:
        value = settings.get(key)
        if key in settings and value is None:
            problems.add(ErrorCode.REQUIRED, f"`{key}` cannot be cleared; leave it out to keep it.", *path, key)
        elif key in ("name", "username") and isinstance(value, str):
            check_blank(problems, value, *path, key)
    problems.extend(find_excesses(settings, *path))
    _check_user(problems, settings, *path)
    problems.extend(find_document_excess(document, *path, stored=stored))
    _check_channels(problems, kind, settings, document)
    if kind is IntegrationKind.OUTGOING_WEBHOOK:
        _check_event(problems, settings, document, *path)
        _check_calls(problems, settings, *path)
    problems.raise_if_any()


def _check_user(problems: ProblemList, settings: Document, *path: str) -> None:
    """Add a problem (INVALID) if no user of the team has the `username`."""
    if settings.get("userId", "") is None:
        problems.add_invalid(
            "No user of the team has this `username`. Choose one who has a key or whom an import added.",
            *path,
            "username",
        )


def _check_channels(problems: ProblemList, kind: IntegrationKind, settings: Document, document: Document) -> None:
    path = ("input", INPUT_FIELDS[kind], "channel")
    for index, channel in enumerate(LenientObject(settings, None).read_texts("channel")):
        fault = webhooks.find_channel_fault(channel, kind)
        if fault is not None:
            problems.add_invalid(fault, *path, index)
    options = webhooks.EVENT_OPTIONS.get(webhooks.get_event(document) or WebhookEvent.OTHER)
    is_required = kind is IntegrationKind.INCOMING_WEBHOOK or (options is not None and options.channels)
    if is_required and settings.keys() & {"channel", "event"} and not document.get("channel"):
        problems.add(ErrorCode.REQUIRED, "`channel` must have at least one entry, such as `#general`.", *path)


def _check_event(problems: ProblemList, settings: Document, document: Document, *path: str) -> None:
    event = webhooks.get_event(document)
    if "event" in settings and event is not None:
        check_not_other(problems, event, *path, "event")
    options = webhooks.EVENT_OPTIONS.get(event or WebhookEvent.OTHER)
    if options is not None and options.target_room and settings.keys() & {"event", "targetRoom"}:
        target = document.get("targetRoom")
        if not isinstance(target, str) or is_blank(target):
            problems.add(
                ErrorCode.REQUIRED, "`targetRoom` is required for the event USER_CREATED.", *path, "targetRoom"
            )


def _check_calls(problems: ProblemList, settings: Document, *path: str) -> None:
    urls = LenientObject(settings, None).read_texts("urls")
    for index, url in enumerate(urls):
        fault = None if is_blank(url) else webhooks.find_link_fault(url, "A URL")
        if fault is not None:
            problems.add_invalid(fault, *path, "urls", index)
    if "urls" in settings and not webhooks.drop_blanks(urls):
        problems.add(ErrorCode.REQUIRED, "`urls` must have at least one URL.", *path, "urls")
    count = settings.get("retryCount")
    if isinstance(count, int) and count < 0:
        problems.add_invalid(f"`retryCount` must be 0 or more, not {count}.", *path, "retryCount")
