"""The webhooks of the clinic group, in the shape of document 5."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from string import ascii_letters, digits

from gateway.demo.clinics import HARBORVIEW, LAKESIDE, DemoTeam
from gateway.domain.calendar import instants
from gateway.domain.lenient_reading import Document, Json

_BOT = {"username": "front.desk", "userId": "front.desk"}
_ID_LENGTH = 17
_TOKEN_LENGTH = 48

_INCOMING: Sequence[tuple[DemoTeam, str, Document]] = (
    (
        LAKESIDE,
        "New bookings",
        {
            "channel": ["#front-desk"],
            "alias": "Bookings",
            "emoji": ":calendar:",
            "scriptEnabled": True,
            "script": "class Script {\n  process_incoming_request({ request }) {\n"
            "    return { content: { text: request.content.text } };\n  }\n}\n",
            "scriptEngine": "isolated-vm",
        },
    ),
    (LAKESIDE, "Failed reminders", {"channel": ["#operations", "@mara.lindqvist"], "scriptEnabled": False}),
    (HARBORVIEW, "Lab results", {"channel": ["#nurses"], "alias": "Lab", "scriptEnabled": False}),
)
_OUTGOING: Sequence[tuple[DemoTeam, str, Document]] = (
    (
        LAKESIDE,
        "Reschedule requests",
        {
            "event": "sendMessage",
            "urls": ["https://hooks.example.org/lakeside/reschedule"],
            "channel": ["#front-desk"],
            "triggerWords": ["reschedule", "!move"],
            "triggerWordAnywhere": False,
        },
    ),
    (
        LAKESIDE,
        "Archive to records",
        {
            "event": "fileUploaded",
            "urls": ["https://hooks.example.org/lakeside/files", "https://hooks.example.org/backup/files"],
            "channel": ["all_private_groups"],
            "enabled": False,
        },
    ),
    (
        HARBORVIEW,
        "Welcome new staff",
        {
            "event": "userCreated",
            "urls": ["https://hooks.example.org/harborview/welcome"],
            "channel": [],
            "targetRoom": "#welcome",
        },
    ),
    (
        HARBORVIEW,
        "Room log",
        {
            "event": "roomJoined",
            "urls": ["https://hooks.example.org/harborview/rooms"],
            "channel": ["#nurses"],
        },
    ),
)
_OUTGOING_DEFAULTS: Document = {
    "scriptEnabled": False,
    "impersonateUser": False,
    "runOnEdits": True,
    "retryFailedCalls": True,
    "retryCount": 4,
    "retryDelay": "powers-of-ten",
}


def build_webhooks(team: DemoTeam, now: datetime) -> Document:
    """Return the webhooks of a team as a response of `integrations.list`."""
    rng = Random(f"webhooks/{team.id}")
    incoming: list[Json] = [
        _build_webhook(
            rng, owner, name, now, {"type": "webhook-incoming", "token": _pick_letters(rng, _TOKEN_LENGTH), **own}
        )
        for owner, name, own in _INCOMING
        if owner is team
    ]
    outgoing: list[Json] = [
        _build_webhook(rng, owner, name, now, {"type": "webhook-outgoing", **_OUTGOING_DEFAULTS, **own})
        for owner, name, own in _OUTGOING
        if owner is team
    ]
    count = len(incoming) + len(outgoing)
    return {"integrations": incoming + outgoing, "offset": 0, "items": count, "total": count, "success": True}


def _build_webhook(rng: Random, team: DemoTeam, name: str, now: datetime, settings: Document) -> Document:
    created_at = now - timedelta(days=rng.randrange(30, 700), seconds=rng.randrange(86_400))
    person: Document = {"_id": team.user_id, "username": team.username}
    return {
        "_id": _pick_letters(rng, _ID_LENGTH),
        "name": name,
        "enabled": True,
        **_BOT,
        **settings,
        "_createdAt": instants.format_instant(created_at),
        "_createdBy": person,
        "_updatedAt": instants.format_instant(created_at + timedelta(days=rng.randrange(30))),
    }


def _pick_letters(rng: Random, count: int) -> str:
    return "".join(rng.choices(ascii_letters + digits, k=count))
