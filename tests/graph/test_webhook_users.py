"""The user whom a webhook acts as: `userId` follows `username`."""

import pytest
from sqlalchemy import update as update_rows

from gateway.database.tables import ApiKey
from gateway.domain.lenient_reading import Json
from tests.graph.test_webhook_mutations import INCOMING, OUTGOING
from tests.support.factories import AT, store, user, webhook
from tests.support.gateway import OTHER_TEAM, USER, Gateway
from tests.support.integration_operations import create, read_integrations, update
from tests.support.sessions import open_session

UNKNOWN = "No user of the team has this `username`. Choose one who has a key or whom an import added."


@pytest.mark.parametrize(
    ("kind", "settings"),
    [("incomingWebhook", INCOMING), ("outgoingWebhook", OUTGOING)],
    ids=["incoming", "outgoing"],
)
async def test_the_user_id_follows_the_username(gateway: Gateway, kind: str, settings: dict[str, Json]) -> None:
    await store(gateway.database, user("u1", "rocket.cat"), user("u2", "front.desk"))
    client = await gateway.client()
    created = await create(client, **{kind: {**settings, "username": "rocket.cat"}})
    assert (created["integration"]["username"], created["integration"]["userId"]) == ("rocket.cat", "u1")
    changed = await update(client, created["integration"]["id"], **{kind: {"username": "front.desk"}})
    assert (changed["integration"]["username"], changed["integration"]["userId"]) == ("front.desk", "u2")
    (row,) = await read_integrations(gateway)
    assert (row["document"]["username"], row["document"]["userId"]) == ("front.desk", "u2")
    assert row["created_by"] == USER


async def test_a_username_of_no_user_of_the_team_is_refused(gateway: Gateway) -> None:
    await store(gateway.database, user("u1", "theirs", team_id=OTHER_TEAM), user("u2", None))
    await store(gateway.database, webhook({"_id": "w", "username": "rocket.cat", "userId": "u9"}))
    client, before = await gateway.client(), await read_integrations(gateway)
    error = {"code": "INVALID", "message": UNKNOWN, "path": ["input", "incomingWebhook", "username"]}
    for username in ("theirs", "u2", "ROCKET.CAT"):
        refused = await create(client, incomingWebhook={**INCOMING, "username": username})
        assert (refused["integration"], refused["errors"]) == (None, [error])
        refused = await update(client, "w", incomingWebhook={"username": username})
        assert (refused["integration"], refused["errors"]) == (None, [error])
    assert await read_integrations(gateway) == before


async def test_an_imported_username_stays_with_its_user_id_until_it_changes(gateway: Gateway) -> None:
    await store(gateway.database, webhook({"_id": "w", "name": "n", "username": "rocket.cat", "userId": "u9"}))
    client = await gateway.client()
    same = await update(client, "w", incomingWebhook={"username": "rocket.cat", "name": "new"})
    assert (same["errors"], same["integration"]["userId"], same["integration"]["version"]) == ([], "u9", 2)
    changed = await update(client, "w", incomingWebhook={"username": USER})
    assert (changed["integration"]["username"], changed["integration"]["userId"]) == (USER, USER)


async def test_of_users_with_one_name_one_who_holds_a_key_is_chosen(gateway: Gateway) -> None:
    await store(gateway.database, *(user(id, "rocket.cat") for id in ("u1", "u2", "u3")))
    client = await gateway.client()

    async def find() -> str:
        created = await create(client, incomingWebhook={**INCOMING, "username": "rocket.cat"})
        return str(created["integration"]["userId"])

    assert await find() == "u1"
    await gateway.client(user_id="u3")
    assert await find() == "u3"
    await gateway.client(user_id="u2")
    assert await find() == "u2"
    async with open_session(gateway.database) as session:
        revoked = update_rows(ApiKey).where(ApiKey.user_id.in_(["u2", "u3"])).values(revoked_at=AT)
        await session.execute(revoked)
    assert await find() == "u1"
