"""Session cookies have the permissions of the key. Mutations need a CSRF token; other origins are refused."""

from collections.abc import AsyncIterator

import pytest
from httpx import ASGITransport, AsyncClient

from gateway.database.tables import BrowserSession, Integration
from gateway.domain.enums import Permission
from gateway.settings import Settings
from gateway.web.app import create_app
from tests.http.test_reporting import read_log_lines
from tests.support.factories import store, webhook
from tests.support.gateway import OTHER_TEAM, USER, Gateway, serve_gateway
from tests.support.signing_in import (
    SAME_ORIGIN,
    VIEWER,
    VIEWER_RESPONSE,
    assert_refused,
    count_rows,
    open_browser,
    sign_in,
)

WEBHOOK = "w" * 17
DELETION = {"query": f'mutation {{ deleteIntegration(id: "{WEBHOOK}") {{ errors {{ code }} }} }}'}


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[AsyncClient]:
    async with open_browser(gateway) as found:
        yield found


@pytest.mark.parametrize(
    ("origin", "name", "more"),
    [("http://gateway", "gateway_session", ""), ("https://gateway", "__Host-gateway_session", "; Secure")],
)
async def test_the_cookie_is_http_only_and_same_site_strict(
    gateway: Gateway, origin: str, name: str, more: str
) -> None:
    client = await gateway.client()
    async with open_browser(gateway, origin) as http:
        response = await http.post("/session", json={"key": client.key}, headers={"Origin": origin})
        cookie, attributes = response.headers["Set-Cookie"].split("; ", 1)
        assert attributes == f"Path=/; HttpOnly; SameSite=Strict{more}"
        assert cookie.startswith(f"{name}=")
        assert client.key not in cookie
        assert client.key.split("_", 2)[2] not in cookie
        assert (await http.get("/session")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "http://gateway:8080"},
        {"Origin": "https://gateway"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://gateway", "Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_pages_of_other_origins_can_neither_sign_in_nor_use_a_session(
    gateway: Gateway, http: AsyncClient, headers: dict[str, str]
) -> None:
    client = await gateway.client()
    assert_refused(
        await http.post("/session", json={"key": client.key}, headers=headers), 403, "ORIGIN_NOT_ALLOWED"
    )
    assert await count_rows(gateway, BrowserSession) == 0

    csrf = {"X-CSRF-Token": (await sign_in(http, client))["csrfToken"]}
    assert_refused(await http.get("/session", headers=headers), 403, "ORIGIN_NOT_ALLOWED")
    assert_refused(await http.delete("/session", headers={**headers, **csrf}), 403, "ORIGIN_NOT_ALLOWED")
    assert_refused(await http.post("/graphql", json=VIEWER, headers={**headers, **csrf}), 401, "UNAUTHENTICATED")
    assert (await http.post("/graphql", json=VIEWER)).json() == VIEWER_RESPONSE


async def test_a_session_has_the_user_and_permissions_of_its_key(gateway: Gateway, http: AsyncClient) -> None:
    client = await gateway.client(permissions=[Permission.READ_RECORDS])
    await sign_in(http, client)
    assert (await http.post("/graphql", json=VIEWER, headers=SAME_ORIGIN)).json() == VIEWER_RESPONSE
    read = await http.get("/graphql", params=VIEWER)
    assert read.json() == VIEWER_RESPONSE
    assert read.headers["Cache-Control"] == "private, no-cache"
    assert {"Cookie", "Authorization", "Origin"} <= set(read.headers["Vary"].split(", "))
    refused = await http.post("/graphql", json={"query": "{ integrations { totalCount } }"})
    assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_key_in_a_header_overrides_the_cookie(gateway: Gateway, http: AsyncClient) -> None:
    await sign_in(http, await gateway.client())
    other = await gateway.client(OTHER_TEAM, "somebody.else")
    headers = {"Authorization": f"Bearer {other.key}"}
    answer = (await http.post("/graphql", json=VIEWER, headers=headers)).json()
    assert answer == {"data": {"viewer": {"userId": "somebody.else"}}}
    bad = await http.post("/graphql", json=VIEWER, headers={"Authorization": "Bearer gw_000000000000_x"})
    assert_refused(bad, 401, "UNAUTHENTICATED")


@pytest.mark.parametrize("token", [None, "", "x" * 64, "other", "ë"])
async def test_a_mutation_over_the_cookie_needs_the_sessions_csrf_token(
    gateway: Gateway, http: AsyncClient, token: str | None
) -> None:
    client = await gateway.client()
    await store(gateway.database, webhook({"_id": WEBHOOK}))
    csrf_token = (await sign_in(http, client))["csrfToken"]
    async with open_browser(gateway) as other:
        theirs = (await sign_in(other, client))["csrfToken"]
    sent = {} if token is None else {b"X-CSRF-Token": (theirs if token == "other" else token).encode("latin-1")}
    refused = await http.post("/graphql", json=DELETION, headers=sent)
    assert_refused(refused, 403, "CSRF_TOKEN_INVALID")
    assert await count_rows(gateway, Integration) == 1

    # GET is refused even with the token.
    got = await http.get("/graphql", params=DELETION, headers={"X-CSRF-Token": csrf_token})
    assert_refused(got, 405, "METHOD_NOT_ALLOWED")
    assert await count_rows(gateway, Integration) == 1

    done = await http.post("/graphql", json=DELETION, headers={**SAME_ORIGIN, "X-CSRF-Token": csrf_token})
    assert done.json() == {"data": {"deleteIntegration": {"errors": []}}}
    assert await count_rows(gateway, Integration) == 0


async def test_an_invalid_cookie_is_unauthenticated(http: AsyncClient) -> None:
    for cookie in ("gateway_session", "gateway_session=", "=;;=", "gateway_session=ë", '"', "a=b; c"):
        headers = {b"Cookie": cookie.encode("latin-1")}
        for response in (await http.get("/session", headers=headers), await http.get("/graphql", headers=headers)):
            assert_refused(response, 401, "UNAUTHENTICATED")


async def test_the_log_has_the_key_id_of_a_session_but_no_secret(
    gateway: Gateway, http: AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client = await gateway.client()
    await read_log_lines(gateway, capsys)
    csrf_token = (await sign_in(http, client))["csrfToken"]
    token = http.cookies["gateway_session"]
    await http.post("/graphql", json=VIEWER)
    await http.post("/session", json={"key": f"{client.key}x"})
    await http.delete("/session", headers={"X-CSRF-Token": csrf_token})
    log_lines = await read_log_lines(gateway, capsys)
    assert [line["status"] for line in log_lines] == [201, 200, 401, 204]
    assert [line["key_id"] for line in log_lines] == [
        client.viewer.key_id,
        client.viewer.key_id,
        None,
        client.viewer.key_id,
    ]
    for secret in (client.key, client.key.split("_", 2)[2], token, csrf_token):
        assert secret not in str(log_lines)


@pytest.mark.parametrize(
    ("host", "client_address", "has_key", "status"),
    [
        ("127.0.0.1:8000", "127.0.0.1", True, 200),
        ("localhost:8000", "127.0.0.1", True, 200),
        ("[::1]:8000", "::1", True, 200),
        ("rebound.example:8000", "127.0.0.1", True, 401),
        ("127.0.0.1.rebound.example:8000", "127.0.0.1", True, 401),
        ("[::1", "127.0.0.1", True, 401),
        ("", "127.0.0.1", True, 401),
        ("127.0.0.1:8000", "192.0.2.1", True, 401),
        ("127.0.0.1:8000", "testclient", True, 401),
        ("127.0.0.1:8000", "127.0.0.1", False, 401),
    ],
)
async def test_the_demo_signs_in_visitors_of_its_own_machine_only(
    database_url: str, host: str, client_address: str, has_key: bool, status: int
) -> None:
    async with serve_gateway(database_url) as plain:
        client = await plain.client()
    app = create_app(Settings(database_url=database_url), client.key if has_key else None)
    transport = ASGITransport(app, client=(client_address, 1))
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=transport, base_url="http://gateway", headers={"Host": host}) as http,
    ):
        refused = await http.get("/session", headers={"Sec-Fetch-Site": "cross-site"})
        assert_refused(refused, 403, "ORIGIN_NOT_ALLOWED")
        response = await http.get("/session")
        assert response.status_code == status
        if status == 200:
            assert response.json()["user"]["id"] == USER
            assert (await http.post("/graphql", json=VIEWER)).json() == VIEWER_RESPONSE
            assert (await http.get("/session")).json() == response.json()
        else:
            assert_refused(response, 401, "UNAUTHENTICATED")
