"""Authentication with keys, in both forms of headers."""

import asyncio
from datetime import timedelta

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import select

from gateway import services
from gateway.database.database import Database
from gateway.database.tables import ApiKey
from gateway.domain.calendar import instants
from gateway.domain.enums import Permission
from gateway.settings import Settings
from gateway.web.app import create_app
from tests.support.gateway import (
    OTHER_TEAM,
    TEAM,
    USER,
    Gateway,
    collect_statements,
    read_answer,
    send_first_request,
    serve_gateway,
)

VIEWER = "{ viewer { userId teamId name permissions } }"
KNOWN = {"data": {"viewer": {"userId": USER, "teamId": TEAM, "name": USER, "permissions": ["READ_RECORDS"]}}}
UNKNOWN = {
    "errors": [
        {
            "message": "The request has no valid key; send one that is not expired or revoked: "
            "`Authorization: Bearer KEY`.",
            "extensions": {"code": "UNAUTHENTICATED"},
        }
    ]
}


async def test_a_bearer_key_authenticates_the_viewer(gateway: Gateway) -> None:
    client = await gateway.client(permissions=[Permission.READ_RECORDS])
    assert await client(VIEWER) == KNOWN


async def test_the_pair_of_headers_authenticates_the_viewer(gateway: Gateway) -> None:
    client = await gateway.client(permissions=[Permission.READ_RECORDS])
    headers = {"X-Auth-Token": client.key, "X-User-Id": USER}
    response = await gateway.http.post("/graphql", json={"query": VIEWER}, headers=headers)
    assert response.json() == KNOWN


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic {key}"},
        {"Authorization": "Bearer {key}x"},
        {"Authorization": "Bearer gw_000000000000_x"},
        {"X-Auth-Token": "{key}"},
        {"X-User-Id": USER},
        {"X-Auth-Token": "{key}", "X-User-Id": "somebody.else"},
        {"Authorization": "Bearer {key}", "X-Auth-Token": "{key}", "X-User-Id": USER},
    ],
)
async def test_an_invalid_credential_reveals_nothing_of_the_schema(
    gateway: Gateway, headers: dict[str, str]
) -> None:
    client = await gateway.client()
    sent = {name: value.format(key=client.key) for name, value in headers.items()}
    for query in ("{ __schema { types { name } } }", "{ nonsense", VIEWER):
        response = await gateway.http.post("/graphql", json={"query": query}, headers=sent)
        assert (response.status_code, read_answer(response)) == (401, UNKNOWN)
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert response.headers["Content-Type"].startswith("application/json")


async def test_401_has_the_requested_media_type(gateway: Gateway) -> None:
    headers = {"Accept": "application/graphql-response+json"}
    response = await gateway.http.post("/graphql", json={"query": VIEWER}, headers=headers)
    assert response.status_code == 401
    assert response.headers["Content-Type"].startswith("application/graphql-response+json")


async def test_a_revoked_key_and_an_expired_one_are_refused(gateway: Gateway) -> None:
    client = await gateway.client()
    async with gateway.database.write() as session:
        expired = await services.keys.create_key(
            session,
            team_id=TEAM,
            user_id=USER,
            name="expired",
            permissions=[],
            expires_at=instants.now() - timedelta(seconds=1),
        )
        await services.keys.revoke_key(session, client.key.split("_")[1])
    for key in (client.key, expired):
        headers = {"Authorization": f"Bearer {key}"}
        response = await gateway.http.post("/graphql", json={"query": VIEWER}, headers=headers)
        assert (response.status_code, read_answer(response)) == (401, UNKNOWN)


async def test_a_key_is_stored_only_as_its_digest(gateway: Gateway) -> None:
    client = await gateway.client()
    async with gateway.read() as session:
        (row,) = await session.scalars(select(ApiKey))
    assert len(row.digest) == 64
    assert client.key.split("_", 2)[2] not in repr(vars(row))


async def test_a_key_is_cached_for_as_long_as_is_set(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(Settings(database_url=database_url, key_memory=5))
    now = 1000.0
    monkeypatch.setattr("gateway.web.authentication.monotonic", lambda: now)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://gateway") as http,
    ):
        client = await Gateway(app, database, http).client(permissions=[Permission.READ_RECORDS])
        assert await client(VIEWER) == KNOWN
        async with database.write() as session:
            await services.keys.revoke_key(session, client.key.split("_")[1])
        now += 4.9
        with collect_statements() as statements:
            assert await client(VIEWER) == KNOWN
        assert statements == []
        now += 0.2
        assert (await client.send(VIEWER, {})).status_code == 401


async def test_concurrent_requests_with_one_key_look_it_up_once(database_url: str) -> None:
    async with serve_gateway(database_url, key_memory=60) as gateway:
        client, other = await gateway.client(), await gateway.client(OTHER_TEAM)
        await send_first_request(gateway)
        with collect_statements() as statements:
            answers = await asyncio.gather(*(sender(VIEWER) for sender in [client, other] * 10))
        assert [answer["data"]["viewer"]["teamId"] for answer in answers] == [TEAM, OTHER_TEAM] * 10
        assert len(statements) == 2
