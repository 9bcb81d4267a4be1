"""Webhooks made and changed. Their scripts and URLs are stored: never run, never called."""

from gateway.database.tables import Integration
from gateway.database.writing import WriteSession
from gateway.domain import webhooks
from gateway.domain.enums import ErrorCode, IntegrationKind, WebhookEvent
from gateway.domain.ids import new_id
from gateway.domain.integrations import webhook_columns
from gateway.domain.lenient_reading import Document, Section
from gateway.domain.viewer import Viewer
from gateway.errors import Problems
from gateway.services.integrations import INPUT_FIELDS, check_name, hold_for_update, require_right
from gateway.services.users import usernames

_LASTING = (
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


async def create(session: WriteSession, viewer: Viewer, kind: IntegrationKind, settings: Document) -> Integration:
    """A new webhook of the viewer's with these settings, which are keys of its document.

    Raises Refused: FORBIDDEN without a right to that kind, and whatever is wrong with the settings.
    """
    require_right(viewer, kind)
    given = _given(settings)
    document = _with(given, {})
    if kind is IntegrationKind.OUTGOING_WEBHOOK:
        document.setdefault("retryCount", webhooks.DEFAULT_RETRY_COUNT)
        document.setdefault("retryDelay", webhooks.DEFAULT_RETRY_DELAY.value)
    else:
        document["token"] = webhooks.new_token()
    _check(kind, given, document)
    id = new_id()
    document = webhooks.created(
        document,
        kind,
        id=id,
        user_id=viewer.user_id,
        username=await _username(session, viewer),
        at=session.as_of,
    )
    row = Integration(team_id=viewer.team_id, id=id, secrets={}, version=1)
    row.hold(document, webhook_columns(document, session.as_of))
    session.add(row)
    return row


async def update(
    session: WriteSession,
    viewer: Viewer,
    id: str,
    kind: IntegrationKind,
    changes: Document,
    expected_version: int | None,
) -> Integration:
    """Change these keys of a webhook's document: absent keeps, null clears, a blank secret keeps.

    Raises Refused: what `hold_for_update` does, and whatever is wrong with the changes.
    """
    row = await hold_for_update(session, viewer, id, kind, expected_version)
    given = _given(changes)
    document = _with(given, row.document)
    _check(kind, given, document)
    if document != row.document:
        document = webhooks.touched(
            document, user_id=viewer.user_id, username=await _username(session, viewer), at=session.as_of
        )
        row.hold(document, webhook_columns(document, row.created_at))
        row.version += 1
    return row


async def _username(session: WriteSession, viewer: Viewer) -> str | None:
    return (await usernames(session, viewer, [viewer.user_id])).get(viewer.user_id)


def _given(settings: Document) -> Document:
    """The settings without a blank token, which stands for one that is not told."""
    token = settings.get("token")
    blank = isinstance(token, str) and not token.strip()
    return {key: value for key, value in settings.items() if key != "token" or not blank}


def _with(given: Document, document: Document) -> Document:
    """The document with what was given: null clears, blank URLs and trigger words fall away."""
    changed = dict(document)
    for key, value in given.items():
        if key in ("urls", "triggerWords") and value is not None:
            changed[key] = [*webhooks.without_blanks(Section(given, None).texts(key))]
        elif value is not None:
            changed[key] = value
        elif changed.get(key) is not None:
            del changed[key]
    event = webhooks.EVENTS.get(webhooks.event_of(changed) or WebhookEvent.OTHER)
    if given.keys() & {"event", "triggerWords"} and event is not None and not event.trigger_words:
        changed.pop("triggerWords", None)
    if changed.get("script") != document.get("script"):
        # They tell of the script that was.
        changed.pop("scriptCompiled", None)
        changed.pop("scriptError", None)
    return changed


def _check(kind: IntegrationKind, given: Document, document: Document) -> None:
    """Raises Refused with all that is wrong with what was given, and with what it makes of the document."""
    problems = Problems()
    path = ("input", INPUT_FIELDS[kind])
    for key in _LASTING:
        value = given.get(key)
        if key in given and value is None:
            problems.add(ErrorCode.REQUIRED, f"`{key}` cannot be cleared; leave it out to keep it.", *path, key)
        elif key in ("name", "username") and isinstance(value, str):
            check_name(problems, value, *path, key)
    _check_channels(problems, kind, given, document)
    if kind is IntegrationKind.OUTGOING_WEBHOOK:
        _check_event(problems, given, document, *path)
        _check_calls(problems, given, *path)
    problems.raise_if_any()


def _check_channels(problems: Problems, kind: IntegrationKind, given: Document, document: Document) -> None:
    path = ("input", INPUT_FIELDS[kind], "channel")
    outgoing = kind is IntegrationKind.OUTGOING_WEBHOOK
    or_all = f", or is {', '.join(webhooks.ALL_CHANNELS)}" if outgoing else ""
    for index, channel in enumerate(Section(given, None).texts("channel")):
        if not webhooks.is_channel(channel, kind):
            problems.invalid(f"A channel begins with `#`, a person with `@`{or_all}.", *path, index)
    event = webhooks.EVENTS.get(webhooks.event_of(document) or WebhookEvent.OTHER)
    needed = not outgoing or (event is not None and event.channels)
    if needed and given.keys() & {"channel", "event"} and not document.get("channel"):
        problems.add(ErrorCode.REQUIRED, "Give at least one channel, such as `#general`.", *path)


def _check_event(problems: Problems, given: Document, document: Document, *path: str) -> None:
    event = webhooks.event_of(document)
    if "event" in given and event is WebhookEvent.OTHER:
        known = ", ".join(word.name for word in webhooks.EVENTS)
        problems.invalid(f"OTHER cannot be chosen: give one of {known}.", *path, "event")
    takes = webhooks.EVENTS.get(event or WebhookEvent.OTHER)
    if takes is not None and takes.target_room and given.keys() & {"event", "targetRoom"}:
        room = document.get("targetRoom")
        if not isinstance(room, str) or not room.strip():
            problems.add(ErrorCode.REQUIRED, "USER_CREATED has no room of its own: name one.", *path, "targetRoom")


def _check_calls(problems: Problems, given: Document, *path: str) -> None:
    urls = Section(given, None).texts("urls")
    for index, url in enumerate(urls):
        if url.strip() and not webhooks.is_web_address(url):
            problems.invalid("A URL begins with http:// or https:// and names a host.", *path, "urls", index)
    if "urls" in given and not webhooks.without_blanks(urls):
        problems.add(ErrorCode.REQUIRED, "Give at least one URL to call.", *path, "urls")
    count = given.get("retryCount")
    if isinstance(count, int) and count < 0:
        problems.invalid(f"`retryCount` must be 0 or more, not {count}.", *path, "retryCount")
