"""Requests to the URLs of Rocket.Chat's documents."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from httpx import Response

from gateway import services
from gateway.domain.documents import read_entry
from gateway.domain.lenient_reading import Json
from gateway.errors import ProblemList
from tests.support.gateway import TEAM, Client, Gateway
from tests.support.openapi import assert_described

GET, LIST = "/api/v1/integrations.get", "/api/v1/integrations.list"

_ALL_FIELDS = """
  id kind name enabled createdAt updatedAt createdBy { id username }
  ... on WebhookIntegration {
    username userId channel alias avatar emoji scriptEnabled scriptEngine script scriptCompiled scriptError token
  }
  ... on IncomingWebhook { overrideDestinationChannelEnabled }
  ... on OutgoingWebhook {
    event urls triggerWords triggerWordAnywhere targetRoom impersonateUser runOnEdits retryFailedCalls retryCount
    retryDelay
  }
"""
GET_QUERY = f"query($id: ID!) {{ integration(id: $id) {{ {_ALL_FIELDS} }} }}"
LIST_QUERY = f"""query($filter: IntegrationFilter, $orderBy: [IntegrationOrder!], $first: Int, $offset: Int) {{
  integrations(filter: $filter, orderBy: $orderBy, first: $first, offset: $offset) {{
    totalCount nodes {{ {_ALL_FIELDS} }}
  }}
}}"""
"""The same questions in GraphQL."""

MISSING = {"success": False, "error": "The integration does not exists."}
"""The answer to an id of a webhook that is not there, as the document spells it."""


async def ask(
    client: Client, path: str, method: str = "GET", headers: Mapping[str, str] | None = None, **parameters: Any
) -> Response:
    """Send a request with the client's key and user. Objects and numbers become parameters in JSON.

    Asserts that the OpenAPI document describes the answer.
    """
    params = {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in parameters.items()
    }
    sent = {**get_credentials(client), **(headers or {})}
    response = await client.http.request(method, path, params=params, headers=sent)
    assert_described(response)
    return response


def get_credentials(client: Client) -> dict[str, str]:
    return {"X-Auth-Token": client.key, "X-User-Id": client.viewer.user_id}


async def list_ids(client: Client, **parameters: Any) -> list[str]:
    """Return the ids of the webhooks of a list, in its order."""
    response = await ask(client, LIST, **parameters)
    assert response.status_code == 200, response.text
    return [document["_id"] for document in response.json()["integrations"]]


async def import_webhooks(gateway: Gateway, documents: Sequence[Json]) -> None:
    """Import webhooks to the letter, as an operator does."""
    problems = ProblemList()
    entries = [entry for each in documents if (entry := read_entry(each, problems.add)) is not None]
    async with gateway.database.write() as writer:
        await services.imports.webhooks.import_webhooks(writer, entries, TEAM, problems.add)
    problems.raise_if_any()
