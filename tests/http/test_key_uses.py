"""The hour of the last use of each key."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from gateway import services
from gateway.database.tables import ApiKey
from gateway.domain.calendar import instants
from gateway.services.pending_writes import PendingWrites
from tests.support.commands import run_gateway
from tests.support.gateway import OTHER_TEAM, TEAM, Client, Gateway, collect_statements, serve_gateway
from tests.support.sessions import open_session
from tests.support.signing_in import SAME_ORIGIN, VIEWER, open_browser, sign_in

QUERY = "{ viewer { userId } }"


async def read_use(gateway: Gateway, client: Client) -> datetime | None:
    """Return the last use of the client's key, after what waits is written."""
    await gateway.write_pending()
    async with gateway.read() as session:
        key = await session.get_one(ApiKey, (client.viewer.team_id, client.viewer.key_id))
        return key.last_used_at


async def set_use(gateway: Gateway, used_at: datetime) -> None:
    async with open_session(gateway.database) as session:
        await session.execute(update(ApiKey).values(last_used_at=used_at))


def this_hour() -> datetime:
    return instants.now().replace(minute=0, second=0, microsecond=0)


def is_recent(hour: datetime | None) -> bool:
    """Return whether it is the beginning of this hour, or of the one before if that has just ended."""
    assert hour is not None
    assert (hour.minute, hour.second, hour.microsecond) == (0, 0, 0)
    return timedelta() <= instants.now() - hour < timedelta(hours=1, minutes=5)


async def test_a_key_has_the_hour_of_its_last_use(gateway: Gateway) -> None:
    client, unused = await gateway.client(), await gateway.client(OTHER_TEAM)
    assert await read_use(gateway, client) is None
    await client.data(QUERY)
    assert is_recent(await read_use(gateway, client))
    assert await read_use(gateway, unused) is None


async def test_an_invalid_key_is_not_used(gateway: Gateway) -> None:
    client = await gateway.client()
    headers = {"Authorization": f"Bearer {client.key}guess"}
    assert (await gateway.http.post("/graphql", json={"query": QUERY}, headers=headers)).status_code == 401
    assert await read_use(gateway, client) is None


async def test_a_session_uses_its_key(gateway: Gateway) -> None:
    client = await gateway.client()
    async with open_browser(gateway) as http:
        await sign_in(http, client)
    async with serve_gateway(gateway.database.url.render_as_string(hide_password=False)) as other:
        # Another process has not seen the key itself.
        await gateway.write_pending()
        await set_use(gateway, this_hour() - timedelta(hours=5))
        async with open_browser(other) as browser:
            browser.cookies.update(http.cookies)
            response = await browser.post("/graphql", json=VIEWER, headers=SAME_ORIGIN)
            assert response.status_code == 200
    assert is_recent(await read_use(gateway, client))


async def test_a_request_writes_nothing_itself_and_a_key_is_written_once_an_hour(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, now = await gateway.client(), instants.now()
    monkeypatch.setattr(instants, "now", lambda: now)
    with collect_statements() as statements:
        for _ in range(3):
            await client.data(QUERY)
    assert [each for each in statements if not each.startswith("SELECT")] == []
    await gateway.write_pending()
    with collect_statements() as statements:
        await client.data(QUERY)
        await gateway.write_pending()
    assert [each for each in statements if not each.startswith("SELECT")] == []
    monkeypatch.setattr(instants, "now", lambda: now + timedelta(hours=1))
    with collect_statements() as statements:
        await client.data(QUERY)
        await gateway.write_pending()
    assert len([each for each in statements if each.startswith("UPDATE api_key")]) == 1


async def test_keys_of_a_team_are_written_with_one_statement(gateway: Gateway) -> None:
    clients = [await gateway.client() for _ in range(3)]
    for client in clients:
        await client.data(QUERY)
    with collect_statements() as statements:
        await gateway.write_pending()
    assert len(statements) == 1
    assert all([is_recent(await read_use(gateway, client)) for client in clients])


async def test_the_latest_use_of_all_replicas_counts(gateway: Gateway) -> None:
    client = await gateway.client()
    later = this_hour() + timedelta(hours=2)
    await set_use(gateway, later)
    await client.data(QUERY)
    assert await read_use(gateway, client) == later


async def test_a_use_that_cannot_be_written_waits(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await gateway.client()
    pending = PendingWrites()
    pending.note_use(client.viewer)

    def fail(*_arguments: object) -> None:
        raise OSError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(services.pending_writes, "_update_last_uses", fail)
        with pytest.raises(OSError, match="gone"):
            await pending.flush(gateway.database)
    assert pending
    await pending.flush(gateway.database)
    assert not pending
    assert is_recent(await read_use(gateway, client))


@pytest.mark.usefixtures("restored_logging")
async def test_the_list_of_keys_shows_the_last_use(gateway: Gateway) -> None:
    client = await gateway.client()
    await gateway.client(OTHER_TEAM)
    await client.data(QUERY)
    used_at = await read_use(gateway, client)
    url = gateway.database.url.render_as_string(hide_password=False)
    printed = (await asyncio.to_thread(run_gateway, "keys", "list", database_url=url)).stdout
    cells = {
        line.split("│")[2].strip(): line.split("│")[8].strip()
        for line in printed.splitlines()
        if TEAM in line or OTHER_TEAM in line
    }
    assert cells == {TEAM: f"{used_at:%Y-%m-%d %H:00}", OTHER_TEAM: "never"}
