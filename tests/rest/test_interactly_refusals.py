"""How Interactly's URLs refuse requests: statuses and bodies of FastAPI."""

from typing import Any

import pytest

from tests.support.examples import INTEGRATION
from tests.support.gateway import Gateway
from tests.support.rest import EXPORT, MISSING, send

TOO_SHORT = {
    "loc": ["path", "integration_id"],
    "msg": "String should have at least 24 characters",
    "type": "string_too_short",
}
TOO_LONG = {
    "loc": ["path", "integration_id"],
    "msg": "String should have at most 24 characters",
    "type": "string_too_long",
}
MISMATCH = {
    "loc": ["path", "integration_id"],
    "msg": "String should match pattern '^[0-9a-f]{24}$'",
    "type": "string_pattern_mismatch",
}
SECRETS_ENUM = {"loc": ["query", "secrets"], "msg": "Input should be 'omit' or 'include'", "type": "enum"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer gw_unknown_key"},
        {"Authorization": "Basic abc"},
        {"Authorization": ""},
        {"X-Auth-Token": "KEY", "X-User-Id": "USER"},
        {"Cookie": "gateway_session=abc"},
    ],
    ids=["none", "unknown", "basic", "empty", "Rocket.Chat's", "cookie"],
)
async def test_without_a_valid_bearer_key_nothing_else_is_looked_at(
    gateway: Gateway, headers: dict[str, str]
) -> None:
    response = await gateway.http.get(EXPORT.format("not an id"), headers=headers)
    assert (response.status_code, response.json()) == (401, {"detail": "Not authenticated"})
    assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_the_headers_of_rocket_chat_are_not_read(gateway: Gateway) -> None:
    client = await gateway.client()
    headers = {"X-Auth-Token": client.key, "X-User-Id": client.viewer.user_id}
    response = await gateway.http.get(EXPORT.format(MISSING), headers=headers)
    assert response.status_code == 401
    # Nor do they get in the way of a valid key.
    headers["X-Auth-Token"] = "wrong"
    assert (await send(client, EXPORT.format(MISSING), headers=headers)).status_code == 404


@pytest.mark.parametrize(
    "path", ["/integrations/v2/nothing", "/integrations/", "/integrations/v2/integrations/a/b/export"]
)
async def test_an_unknown_path_is_not_found(gateway: Gateway, path: str) -> None:
    response = await gateway.http.get(path)
    assert (response.status_code, response.json()) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_another_method_is_not_allowed(gateway: Gateway, method: str) -> None:
    response = await gateway.http.request(method, EXPORT.format(INTEGRATION))
    assert (response.status_code, response.json()) == (405, {"detail": "Method Not Allowed"})
    assert response.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("id", "problem"),
    [
        ("a" * 23, TOO_SHORT),
        ("a" * 25, TOO_LONG),
        ("A" * 24, MISMATCH),
        ("a" * 23 + "g", MISMATCH),
        ("%00" * 24, MISMATCH),
        ("é" * 24, MISMATCH),
    ],
    ids=["short", "long", "upper case", "no digit", "NUL", "letters"],
)
async def test_an_impossible_id_is_unprocessable(gateway: Gateway, id: str, problem: dict[str, Any]) -> None:
    response = await send(await gateway.client(), EXPORT.format(id))
    assert (response.status_code, response.json()) == (422, {"detail": [problem]})


async def test_all_problems_of_path_and_query_come_at_once_without_the_input(gateway: Gateway) -> None:
    response = await send(await gateway.client(), EXPORT.format("x"), params={"secrets": "SHOW"})
    assert (response.status_code, response.json()) == (422, {"detail": [TOO_SHORT, SECRETS_ENUM]})
