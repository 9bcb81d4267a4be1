"""Sessions of browsers: they begin with a key, and end by signing out, expiry or revocation of the key."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from httpx import AsyncClient
from sqlalchemy import select, update

from gateway import services
from gateway.database.tables import BrowserSession, User
from gateway.domain.calendar import instants
from gateway.domain.enums import Permission
from gateway.errors import Refused
from tests.support.endpoints import get_message
from tests.support.gateway import TEAM, USER, Client, Gateway, serve_gateway
from tests.support.sessions import open_session
from tests.support.signing_in import (
    SAME_ORIGIN,
    VIEWER,
    VIEWER_RESPONSE,
    assert_refused,
    count_rows,
    open_browser,
    revoke_key,
    sign_in,
)


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[AsyncClient]:
    async with open_browser(gateway) as found:
        yield found


async def test_signing_in_returns_the_user_the_team_and_the_expiry(gateway: Gateway, http: AsyncClient) -> None:
    client = await gateway.client(permissions=[Permission.READ_RECORDS, Permission.READ_INTEGRATIONS])
    before = instants.now()
    response = await http.post("/session", json={"key": client.key}, headers=SAME_ORIGIN)
    session_json = response.json()
    expires_at, csrf_token = instants.parse_instant(session_json.pop("expiresAt")), session_json.pop("csrfToken")
    assert session_json == {
        "user": {"id": USER, "name": USER},
        "team": {"id": TEAM, "name": TEAM},
        "permissions": ["READ_INTEGRATIONS", "READ_RECORDS"],
    }
    assert expires_at is not None
    assert timedelta(hours=8) <= expires_at - before < timedelta(hours=8, minutes=2)
    assert len(csrf_token) == 64
    assert (response.status_code, response.headers["Cache-Control"]) == (201, "no-store")

    again = await http.get("/session", headers={"Sec-Fetch-Site": "same-origin"})
    assert (again.status_code, again.json()) == (200, response.json())


async def test_only_a_digest_of_the_cookie_is_stored(gateway: Gateway, http: AsyncClient) -> None:
    await sign_in(http, await gateway.client())
    async with gateway.read() as session:
        (row,) = await session.scalars(select(BrowserSession))
    assert len(row.id) == 64
    assert http.cookies["gateway_session"] not in repr(vars(row))


async def test_the_session_has_the_name_of_the_user(gateway: Gateway, http: AsyncClient) -> None:
    client = await gateway.client()
    async with open_session(gateway.database) as session:
        user = await session.get_one(User, (TEAM, USER))
        user.name = "Ada Kimball"
    assert (await sign_in(http, client))["user"] == {"id": USER, "name": "Ada Kimball"}


async def test_all_invalid_keys_get_the_same_refusal(gateway: Gateway) -> None:
    revoked = await gateway.client()
    await revoke_key(gateway, revoked)
    async with gateway.database.write() as session:
        expired = await services.keys.create_key(
            session, team_id=TEAM, user_id=USER, name="old", permissions=[], expires_at=instants.now()
        )
    answers = set()
    for key in (revoked.key, expired, f"{expired}x", "gw_000000000000_x", "", "ключ", "a b"):
        async with open_browser(gateway) as http:
            response = await http.post(
                "/session", json={"key": key}, headers={**SAME_ORIGIN, "X-Request-Id": "test"}
            )
        assert_refused(response, 401, "UNAUTHENTICATED")
        answers.add((response.content, *sorted(response.headers.items())))
    assert len(answers) == 1
    assert await count_rows(gateway, BrowserSession) == 0


async def test_a_revoked_key_that_is_still_cached_cannot_sign_in(database_url: str) -> None:
    async with serve_gateway(database_url, key_memory=60) as gateway, open_browser(gateway) as http:
        client = await gateway.client()
        await client.data("{ viewer { userId } }")
        await revoke_key(gateway, client)
        assert_refused(await http.post("/session", json={"key": client.key}), 401, "UNAUTHENTICATED")
        assert await count_rows(gateway, BrowserSession) == 0


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code", "message"),
    [
        (b"{", "application/json", 400, "BAD_REQUEST", "is not JSON"),
        (b"[]", "application/json", 400, "BAD_REQUEST", "has no `key`"),
        (b"{}", "application/json", 400, "BAD_REQUEST", "has no `key`"),
        (b'{"key": 1}', "application/json", 400, "BAD_REQUEST", "has no `key`"),
        (b'{"key": "a", "key": "b"}', "application/json", 400, "BAD_REQUEST", "twice"),
        (b'{"key": "a"}', "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE", "send `application/json`"),
        (b"key=a", "application/x-www-form-urlencoded", 415, "UNSUPPORTED_MEDIA_TYPE", "send `application/json`"),
    ],
)
async def test_a_body_without_a_key_is_refused(
    http: AsyncClient, content: bytes, content_type: str, status: int, code: str, message: str
) -> None:
    response = await http.post("/session", content=content, headers={"Content-Type": content_type})
    assert_refused(response, status, code)
    assert message in get_message(response)


async def test_signing_out_ends_the_session_at_once_on_every_replica(database_url: str) -> None:
    async with (
        serve_gateway(database_url, key_memory=60) as gateway,
        serve_gateway(database_url, key_memory=60) as replica,
        open_browser(gateway) as http,
        open_browser(replica) as other_http,
    ):
        csrf = {"X-CSRF-Token": (await sign_in(http, await gateway.client()))["csrfToken"]}
        other_http.cookies = http.cookies
        old_cookies = dict(http.cookies)
        assert (await other_http.post("/graphql", json=VIEWER)).json() == VIEWER_RESPONSE

        assert_refused(await http.delete("/session"), 403, "CSRF_TOKEN_INVALID")
        assert (await http.get("/session")).status_code == 200
        left = await http.delete("/session", headers={**SAME_ORIGIN, **csrf})
        assert (left.status_code, left.content, dict(http.cookies)) == (204, b"", {})

        for client in (http, other_http):
            client.cookies.update(old_cookies)
            assert_refused(await client.get("/session"), 401, "UNAUTHENTICATED")
            assert_refused(await client.post("/graphql", json=VIEWER), 401, "UNAUTHENTICATED")
            assert_refused(await client.delete("/session", headers=csrf), 401, "UNAUTHENTICATED")
        assert await count_rows(gateway, BrowserSession) == 0


async def test_a_revoked_key_ends_its_sessions_at_once(database_url: str) -> None:
    async with serve_gateway(database_url, key_memory=60) as gateway, open_browser(gateway) as http:
        client = await gateway.client()
        await sign_in(http, client)
        assert (await http.post("/graphql", json=VIEWER)).json() == VIEWER_RESPONSE
        await revoke_key(gateway, client)
        assert_refused(await http.post("/graphql", json=VIEWER), 401, "UNAUTHENTICATED")
        assert_refused(await http.get("/session"), 401, "UNAUTHENTICATED")


@pytest.mark.parametrize("key_lifetime", [None, timedelta(hours=2)])
async def test_a_session_expires_no_later_than_its_key(
    gateway: Gateway, http: AsyncClient, monkeypatch: pytest.MonkeyPatch, key_lifetime: timedelta | None
) -> None:
    now = instants.now()
    async with gateway.database.write() as session:
        key = await services.keys.create_key(
            session,
            team_id=TEAM,
            user_id=USER,
            name="any",
            permissions=[Permission.ADMIN],
            expires_at=None if key_lifetime is None else now + key_lifetime,
        )
    session_json = (await http.post("/session", json={"key": key})).json()
    ends = datetime.fromisoformat(session_json["expiresAt"])
    assert abs(ends - now - (key_lifetime or timedelta(hours=8))) < timedelta(minutes=2)
    for passed, status in ((ends - timedelta(seconds=1), 200), (ends, 401)):
        with monkeypatch.context() as clock:
            clock.setattr("gateway.domain.calendar.instants.now", lambda passed=passed: passed)
            assert (await http.get("/session")).status_code == status
            assert (await http.post("/graphql", json=VIEWER)).status_code == status


async def test_signing_in_deletes_the_previous_session_and_expired_ones(
    gateway: Gateway, http: AsyncClient
) -> None:
    client = await gateway.client()
    async with open_browser(gateway) as other:
        await sign_in(other, client)
        await sign_in(http, client)
        old_cookies = dict(http.cookies)
        await sign_in(http, client)
        assert dict(http.cookies) != old_cookies
        assert await count_rows(gateway, BrowserSession) == 2
        other.cookies.clear()
        other.cookies.update(old_cookies)
        assert (await other.get("/session")).status_code == 401
    async with gateway.read() as session:
        await session.execute(update(BrowserSession).values(expires_at=instants.now() - timedelta(seconds=1)))
    await sign_in(http, client)
    assert await count_rows(gateway, BrowserSession) == 1


async def test_signing_in_is_charged_to_the_key(database_url: str) -> None:
    async with serve_gateway(database_url, rate_limit=25_000, cost_limit=25_000, rate_refill=1) as gateway:
        client = await gateway.client()
        async with open_browser(gateway) as http:
            for _ in range(2):
                await sign_in(http, client)
            refused = await http.post("/session", json={"key": client.key})
        assert_refused(refused, 429, "RATE_LIMITED")
        assert int(refused.headers["Retry-After"]) > 4000
        assert await count_rows(gateway, BrowserSession) == 1


@pytest.mark.parametrize("method", ["PUT", "PATCH", "HEAD", "TRACE"])
async def test_other_methods_are_refused(http: AsyncClient, method: str) -> None:
    response = await http.request(method, "/session")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, POST, DELETE, OPTIONS")


async def test_a_widget_key_signs_nobody_in(gateway: Gateway, http: AsyncClient) -> None:
    """Whoever reads such a key in a page would learn the user and the team, and use up the key's rate limit."""
    client = await gateway.client()
    signed_in = await sign_in(http, client)
    widget = await gateway.client(permissions=[Permission.READ_STATISTICS])
    budget = await read_budget(widget)
    for _ in range(3):
        response = await http.post("/session", json={"key": widget.key}, headers=SAME_ORIGIN)
        assert_refused(response, 403, "FORBIDDEN")
        assert get_message(response) == (
            "A widget key cannot sign in; send it with each request to /graphql, or use another key."
        )
        assert USER not in response.text
        assert TEAM not in response.text
    # The browser's own session goes on.
    assert (await http.get("/session", headers=SAME_ORIGIN)).json() == signed_in
    assert await count_rows(gateway, BrowserSession) == 1
    async with gateway.database.write() as session:
        with pytest.raises(Refused, match="cannot sign in"):
            await services.sessions.create_session(session, widget.viewer)
    assert await read_budget(widget) > budget - 1000


async def read_budget(client: Client) -> int:
    """Return what remains of the rate limit of a client's key."""
    response = await client.send("{ integrations { totalCount } }", {})
    return int(response.headers["RateLimit"].removeprefix('"cost";r=').partition(";")[0])
