"""Browsers that sign in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import func, select

from gateway import services
from gateway.database.tables import BrowserSession, Integration
from tests.support.endpoints import get_codes
from tests.support.gateway import USER, Client, Gateway

VIEWER = {"query": "{ viewer { userId } }"}
VIEWER_RESPONSE = {"data": {"viewer": {"userId": USER}}}
SAME_ORIGIN = {"Origin": "http://gateway", "Sec-Fetch-Site": "same-origin"}


@asynccontextmanager
async def open_browser(gateway: Gateway, origin: str = "http://gateway") -> AsyncIterator[AsyncClient]:
    """Open an HTTP client with its own cookies."""
    async with AsyncClient(transport=ASGITransport(gateway.app), base_url=origin) as http:
        yield http


async def sign_in(http: AsyncClient, client: Client) -> Any:
    """Sign in with the key of a client, and return the JSON of the session."""
    response = await http.post("/session", json={"key": client.key}, headers=SAME_ORIGIN)
    assert response.status_code == 201, response.text
    return response.json()


async def count_rows(gateway: Gateway, entity: type[BrowserSession | Integration]) -> int:
    async with gateway.read() as session:
        return await session.scalar(select(func.count()).select_from(entity)) or 0


async def revoke_key(gateway: Gateway, client: Client) -> None:
    async with gateway.database.write() as session:
        await services.keys.revoke_key(session, client.key.split("_")[1])


def assert_refused(response: Response, status: int, code: str) -> None:
    assert (response.status_code, get_codes(response)) == (status, [code])
    assert "set-cookie" not in response.headers
