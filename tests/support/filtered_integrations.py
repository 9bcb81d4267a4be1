"""Integrations that tests filter, with many different values."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from gateway.database.tables import Integration
from gateway.domain.calendar import instants
from gateway.domain.lenient_reading import Json
from tests.support.factories import connected, webhook
from tests.support.gateway import USER

NAMES = [
    "Alpha",
    "alpha",
    "ALPHA 100%",
    "a_pha",
    "Straße",
    "STRASSE",
    "İstanbul",
    "\\back",
    "é",
    "e\u0301",
    "Ωmega",
]
USERNAMES = [None, "rocket.cat", "Rocket.Cat", "100%", "_"]
CREATORS = [None, USER, "rocket.cat", "Rocket.Cat"]
DAYS = [datetime(2024, 1, day, tzinfo=UTC) for day in range(1, 6)]
CHANNELS = ["#general", "#General", "@rocket.cat", '#"quoted\\"', "#two\nlines", '"', "é", ""]
URLS = ["https://example.com/a", "https://example.com/A", "http://example.com/?q=%25", "x\ny"]
USER_IDS = ["rocket.cat", "Rocket.Cat", ""]
WORDS = [None, "sendMessage", "roomLeft", "other", "slashCommand"]


def build_token(chance: Random) -> dict[str, Json]:
    """Return a token, if any, and its expiry: an hour or more from where its state changes."""
    hours = chance.choice([None, -1000, -1, 1, 23, 25, 1000])
    expires_at = None if hours is None else instants.format_instant(instants.now() + timedelta(hours=hours))
    return {"accessToken": chance.choice([None, "", "token", "token"]), "expiresAt": expires_at}


def build_integrations() -> list[Integration]:
    """Return a few dozen connected integrations and webhooks, always the same."""
    chance = Random(44)
    rows = []
    for number in range(44):
        at = chance.choice(DAYS)
        creator = chance.choice(CREATORS)
        created, updated = (instants.format_instant(at + timedelta(milliseconds=ms)) for ms in (0, number % 3))
        if number % 3 == 0:
            keys: dict[str, Any] = {
                "name": chance.choice(NAMES),
                "status": chance.choice(["active", "inactive"]),
                "access": chance.choice(["team", "system", None, *(["personal", "?"] if creator == USER else [])]),
                "config": {
                    "provider": chance.choice(["microsoft", "google", "someone.new"]),
                    **build_token(chance),
                    "errorMessage": chance.choice([None, "", "revoked", "é\n%", 5, ["revoked"], {"a": "b"}, True]),
                },
                "createdAt": created,
                "updatedAt": updated,
                "createdBy": creator,
            }
            rows.append(connected(f"c{number}", **keys))
            continue
        document: dict[str, Any] = {
            "_id": f"w{number}",
            "type": chance.choice(["webhook-incoming", "webhook-outgoing"]),
            "name": chance.choice(NAMES),
            "username": chance.choice(USERNAMES),
            "enabled": chance.choice([True, False]),
            "event": chance.choice(WORDS),
            "channel": chance.choice([None, *([text] for text in CHANNELS), CHANNELS]),
            "urls": chance.choice([None, *([url] for url in URLS), URLS, [], 5]),
            "userId": chance.choice([None, *USER_IDS]),
            "_createdAt": created,
            "_updatedAt": updated,
            "_createdBy": {"_id": creator} if creator else None,
        }
        rows.append(webhook(document))
    return rows
