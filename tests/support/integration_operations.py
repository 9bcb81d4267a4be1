"""The mutations of integrations."""

from typing import Any

from sqlalchemy import select

from gateway import services
from gateway.database.tables import Integration
from tests.support.factories import KEYRING
from tests.support.gateway import Client, Gateway

FIELDS = """
  errors { code message path }
  integration {
    __typename id kind name enabled version createdBy { id username } updatedBy { id username }
    ... on WebhookIntegration { username userId channel alias script scriptEnabled scriptCompiled token }
    ... on IncomingWebhook { overrideDestinationChannelEnabled }
    ... on OutgoingWebhook {
      event urls triggerWords triggerWordAnywhere targetRoom impersonateUser runOnEdits retryFailedCalls retryCount
      retryDelay
    }
    ... on ConnectedIntegration {
      logicalId status access timezone
      config {
        provider authType scope tokenType accessToken refreshToken tokenState expiresAt connectedAt renewedAt
        errorMessage authUserEmail authUserName
      }
    }
  }
"""
CREATE = "mutation ($input: CreateIntegrationInput!) { createIntegration(input: $input) {" + FIELDS + "} }"
UPDATE = (
    "mutation ($id: ID!, $input: UpdateIntegrationInput!, $version: Int) {"
    " updateIntegration(id: $id, input: $input, expectedVersion: $version) {" + FIELDS + "} }"
)
DELETE = """
  mutation ($id: ID!, $kind: IntegrationKind, $version: Int) {
    deleteIntegration(id: $id, kind: $kind, expectedVersion: $version) { deletedIds errors { code message path } }
  }
"""


async def create(client: Client, /, **input: Any) -> Any:
    return (await client.data(CREATE, input=input))["createIntegration"]


async def update(client: Client, id: str, version: int | None = None, /, **input: Any) -> Any:
    return (await client.data(UPDATE, id=id, input=input, version=version))["updateIntegration"]


async def delete(client: Client, id: str, version: int | None = None, kind: str | None = None) -> Any:
    return (await client.data(DELETE, id=id, version=version, kind=kind))["deleteIntegration"]


def get_problems(payload: Any) -> list[tuple[str, list[str]]]:
    """Return code and path of each error of a payload."""
    return [(error["code"], error["path"]) for error in payload["errors"]]


async def read_integrations(gateway: Gateway) -> list[dict[str, Any]]:
    """Return the columns of all integrations, ordered by team and id, with decrypted secrets in the documents."""
    async with gateway.read() as session:
        found = await session.scalars(select(Integration).order_by(Integration.team_id, Integration.id))
        return [
            {
                **{column.key: getattr(row, column.key) for column in Integration.__table__.columns},
                "document": services.secrets.decrypt_document(KEYRING, row),
            }
            for row in found
        ]
