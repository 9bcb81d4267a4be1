"""The HTTP endpoint with a valid key, and requests to it."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from httpx import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from gateway.settings import Settings
from gateway.web.app import create_app
from gateway.web.error_codes import GraphQLErrorCode
from tests.support.gateway import TEAM, USER, Gateway, read_answer

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
VIEWER = "{ viewer { userId teamId } }"
VIEWER_RESPONSE = {"data": {"viewer": {"userId": USER, "teamId": TEAM}}}


@dataclass(frozen=True)
class Endpoint:
    """The endpoint of a running gateway, and a key for it."""

    app: Starlette
    settings: Settings
    http: AsyncClient
    key: str

    async def send(
        self, method: str = "POST", headers: Mapping[str, str | None] | None = None, **request: Any
    ) -> Response:
        """Send a request with the key. A header that is None is not sent."""
        sent = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        given = {name: value for name, value in sent.items() if value is not None}
        built = self.http.build_request(method, "/graphql", headers=given, **request)
        for name, value in sent.items():
            if value is None and name in built.headers:
                del built.headers[name]
        return await self.http.send(built)

    async def post(self, body: bytes | str, **headers: str | None) -> Response:
        """Send a body with the media type of JSON."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.send(headers={"Content-Type": JSON, **named}, content=body)


@asynccontextmanager
async def open_endpoint(template: Path, folder: Path, **settings: Any) -> AsyncIterator[Endpoint]:
    """Run a gateway with these settings on an empty SQLite database."""
    shutil.copyfile(template, folder / "gateway.db")
    given = Settings(database_url=f"sqlite+aiosqlite:///{folder / 'gateway.db'}", **settings)
    app = create_app(given)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://gateway") as http,
    ):
        client = await Gateway(app, app.state.database, http).client()
        yield Endpoint(app, given, http, client.key)


def get_codes(response: Response) -> list[str]:
    """Return the codes of a refusal: its errors have known codes and messages, and it has no data."""
    body = read_answer(response)
    assert list(body) == ["errors"], body
    assert all(error["message"] for error in body["errors"])
    return [GraphQLErrorCode[error["extensions"]["code"]].name for error in body["errors"]]


def get_message(response: Response) -> str:
    """Return the message of the only error of a response."""
    (error,) = response.json()["errors"]
    return str(error["message"])


async def exchange_messages(
    endpoint: Endpoint, received: list[dict[str, Any]], **request: Any
) -> list[dict[str, Any]]:
    """Send ASGI messages to the endpoint and then nothing, and return its messages."""
    headers = [(b"authorization", f"Bearer {endpoint.key}".encode()), (b"content-type", JSON.encode())]
    post = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    scope = {**post, **request}
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not received:
            await asyncio.Event().wait()
        return received.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await endpoint.app(scope, receive, send)
    return sent
