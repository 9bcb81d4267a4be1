"""Requests to the URLs of the REST documents, and the rows that they read."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from httpx import Response

from gateway import services
from gateway.domain.lenient_reading import Json
from tests.support.gateway import Client, Gateway
from tests.support.openapi import assert_described

EXPORT = "/integrations/v2/integrations/{}/export"
EXAMPLE = "5eb7cf5a86d9755df3a6c593"
"""The id of the integration in the example of document 1."""

MISSING = "0" * 24
"""An id that no integration has."""


async def import_document(gateway: Gateway, document: Json, team_id: str | None = None) -> None:
    """Import a document to the letter, as an operator does."""
    async with gateway.database.write() as writer:
        await services.imports.import_as_operator(writer, document, team_id)


async def send(
    client: Client, path: str, method: str = "GET", headers: Mapping[str, str] | None = None, **request: Any
) -> Response:
    """Send a request with the client's bearer key. Asserts that the OpenAPI document describes the answer."""
    sent = {"Authorization": f"Bearer {client.key}", **(headers or {})}
    response = await client.http.request(method, path, headers=sent, **request)
    assert_described(response)
    return response


class StreamedRequest:
    """A request whose client acts on each part of the body, and may disconnect."""

    def __init__(
        self,
        gateway: Gateway,
        client: Client,
        path: str,
        on_part: Callable[[int], Awaitable[None]],
        method: str = "GET",
    ) -> None:
        """`on_part` takes the number of the part, from 1, before the client has read it."""
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.parts: list[bytes] = []
        self.is_complete = False
        self.leaves = asyncio.Event()
        self._gateway, self._on_part, self._has_body = gateway, on_part, False
        self._scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [(b"authorization", f"Bearer {client.key}".encode())],
        }

    async def run(self) -> None:
        """Send the request, and return when the gateway has finished it."""
        await self._gateway.app(self._scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        if not self._has_body:
            self._has_body = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
            return
        self.is_complete = not message.get("more_body", False)
        if part := message["body"]:
            self.parts.append(part)
            await self._on_part(len(self.parts))
