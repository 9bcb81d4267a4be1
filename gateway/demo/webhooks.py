"""The clinic group's webhooks, as document 5 lists them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from string import ascii_letters, digits

from gateway.demo.clinics import HARBORVIEW, LAKESIDE, Team
from gateway.domain.calendar import instants
from gateway.domain.lenient_reading import Document, Json

_BOT = {"username": "front.desk", "userId": "front.desk"}
_ID_LENGTH = 17
_TOKEN_LENGTH = 48

_INCOMING: Sequence[tuple[Team, str, Document]] = (
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
_OUTGOING: Sequence[tuple[Team, str, Document]] = (
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
_OUTGOING_SHARED: Document = {
    "scriptEnabled": False,
    "impersonateUser": False,
    "runOnEdits": True,
    "retryFailedCalls": True,
    "retryCount": 4,
    "retryDelay": "powers-of-ten",
}


def webhooks(team: Team, now: datetime) -> Document:
    """A team's webhooks in the shape of an `integrations.list` response."""
    chance = Random(f"webhooks/{team.id}")
    incoming: list[Json] = [
        _webhook(
            chance, owner, name, now, {"type": "webhook-incoming", "token": _letters(chance, _TOKEN_LENGTH), **own}
        )
        for owner, name, own in _INCOMING
        if owner is team
    ]
    outgoing: list[Json] = [
        _webhook(chance, owner, name, now, {"type": "webhook-outgoing", **_OUTGOING_SHARED, **own})
        for owner, name, own in _OUTGOING
        if owner is team
    ]
    count = len(incoming) + len(outgoing)
    return {"integrations": incoming + outgoing, "offset": 0, "items": count, "total": count, "success": True}


def _webhook(chance: Random, team: Team, name: str, now: datetime, own: Document) -> Document:
    created_at = now - timedelta(days=chance.randrange(30, 700), seconds=chance.randrange(86_400))
    person: Document = {"_id": team.user_id, "username": team.username}
    return {
        "_id": _letters(chance, _ID_LENGTH),
        "name": name,
        "enabled": True,
        **_BOT,
        **own,
        "_createdAt": instants.isoformat(created_at),
        "_createdBy": person,
        "_updatedAt": instants.isoformat(created_at + timedelta(days=chance.randrange(30))),
    }


def _letters(chance: Random, count: int) -> str:
    return "".join(chance.choices(ascii_letters + digits, k=count))
