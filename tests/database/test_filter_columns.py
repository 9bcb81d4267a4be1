"""The migration that fills the columns of integrations which filters read."""

from typing import Any

import pytest
from sqlalchemy import select, text

from gateway.database import migrations
from gateway.database.database import Database
from gateway.database.tables import Integration
from gateway.domain.integrations import read_connected_columns, read_webhook_columns
from gateway.domain.lenient_reading import Document
from tests.support.factories import connected, store, webhook
from tests.support.sessions import open_session

COLUMNS = ("has_token", "expires_at", "user_id", "event", "channels", "urls")
CONFIGS: list[Any] = [
    {"accessToken": "t", "expiresAt": "2025-03-09T12:00:00.123456Z"},
    {"accessToken": "t", "expiresAt": " 2025-03-09t12:00:00+02:00 "},
    {"accessToken": "", "expiresAt": "2025-03-09T12:00:00"},
    {"refreshToken": "r", "expiresAt": "0001-01-01T00:00:00+02:00"},
    {"accessToken": 5, "expiresAt": 5},
    {"accessToken": None, "expiresAt": "2025-02-30T00:00:00Z"},
    {"expiresAt": None},
    1,
    None,
]
WEBHOOKS: list[Document] = [
    {"type": "webhook-outgoing", "event": "sendMessage", "channel": ["#a", "@b"], "userId": "u", "urls": ["u", 5]},
    {
        "type": "webhook-outgoing",
        "event": "slashCommand",
        "channel": ["#\n\"\\'é💥", 5, ""],
        "userId": "",
        "urls": ["é"],
    },
    {"type": "webhook-outgoing", "event": "other", "channel": "#a", "userId": 5},
    {"type": "webhook-outgoing", "event": 5, "channel": {"#a": 1}},
    {"type": "webhook-outgoing"},
    {"type": "webhook-incoming", "event": "sendMessage", "channel": [], "userId": "v"},
]


async def read_columns(database: Database) -> dict[str, dict[str, object]]:
    async with open_session(database) as session:
        rows = await session.scalars(select(Integration))
        return {row.id: {name: getattr(row, name) for name in COLUMNS} for row in rows}


async def test_the_migration_fills_the_columns_as_writes_do(database: Database) -> None:
    rows = [connected(f"c{number}", config=config) for number, config in enumerate(CONFIGS)]
    rows += [webhook({"_id": f"w{number}", **keys}) for number, keys in enumerate(WEBHOOKS)]
    await store(database, *rows)
    written = await read_columns(database)
    assert len({str(values) for values in written.values()}) >= 10
    await migrations.downgrade(database, "0003")
    await migrations.upgrade(database)
    assert await read_columns(database) == written


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_migration_fills_more_than_one_batch(database: Database) -> None:
    await store(database, *(connected(f"{number:03}", config={"accessToken": "t"}) for number in range(401)))
    await migrations.downgrade(database, "0003")
    await migrations.upgrade(database)
    async with open_session(database) as session:
        assert await session.scalar(text("SELECT count(*) FROM integration WHERE has_token")) == 401


def test_the_columns_of_a_document_are_these() -> None:
    at = connected("c").created_at
    config: Document = {"accessToken": "t", "expiresAt": "2025-03-09T12:00:00+02:00"}
    account = read_connected_columns({"_id": "c", "config": config}, "l", at)
    assert {name: str(account[name]) for name in COLUMNS} == {  # type: ignore[literal-required]  # a column
        "has_token": "True",
        "expires_at": "2025-03-09 10:00:00+00:00",
        "user_id": "None",
        "event": "None",
        "channels": "None",
        "urls": "None",
    }
    found = read_webhook_columns({"_id": "w", **WEBHOOKS[1]}, at)
    assert {name: str(found[name]) for name in COLUMNS} == {  # type: ignore[literal-required]  # a column
        "has_token": "None",
        "expires_at": "None",
        "user_id": "",
        "event": "WebhookEvent.OTHER",
        "channels": '\n"#\\n\\"\\\\\'\\u00e9\\ud83d\\udca5"\n""\n',
        "urls": '\n"\\u00e9"\n',
    }
