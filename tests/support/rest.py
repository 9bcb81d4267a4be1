"""Requests to the URLs of the REST documents, and the rows that they read."""

from collections.abc import Mapping
from typing import Any

from httpx import Response

from gateway import services
from gateway.domain.lenient_reading import Json
from tests.support.gateway import Client, Gateway

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
    """Send a request with the client's bearer key."""
    sent = {"Authorization": f"Bearer {client.key}", **(headers or {})}
    return await client.http.request(method, path, headers=sent, **request)
