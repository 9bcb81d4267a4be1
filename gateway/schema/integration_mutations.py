"""Mutations that create, update and delete integrations, and the input types of connected integrations."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import strawberry

from gateway import services
from gateway.database import Integration as IntegrationRow
from gateway.database import Writer
from gateway.domain.bounds import MAX_NAME_LENGTH
from gateway.domain.enums import IntegrationAccess, IntegrationKind, Provider, Status
from gateway.domain.lenient_reading import Document
from gateway.schema.context import Info
from gateway.schema.fields import mutation
from gateway.schema.inputs import get_provided_fields, optional_field, to_document
from gateway.schema.integrations import Integration
from gateway.schema.nodes import get_node_id
from gateway.schema.payloads import DeletePayload, ExpectedVersion, UserError, errors_field, run_mutation
from gateway.schema.scalars import TimeZone
from gateway.schema.webhook_inputs import (
    IncomingWebhookInput,
    IncomingWebhookPatch,
    OutgoingWebhookInput,
    OutgoingWebhookPatch,
)

_NAME = f"Display name, not blank, at most {MAX_NAME_LENGTH} characters."
_ACCESS_TOKEN = "Secret access token; readable only with READ_SECRETS."  # noqa: S105 (a description)
_REFRESH_TOKEN = "Secret refresh token; readable only with READ_SECRETS."  # noqa: S105 (a description)
_BLANK_KEEPS = "A blank value keeps the stored token; null deletes it."
_SCOPE = "OAuth scopes that the provider granted, as the provider writes them."
_TOKEN_TYPE = "Type of the access token, such as `Bearer`."  # noqa: S105 (a description)
_EXPIRES_AT = "When the access token expires."
_AUTH_USER_EMAIL = "E-mail address of the account."
_AUTH_USER_NAME = "Name of the account."
_ACCESS = "Who may see the integration. Changing it to SYSTEM needs ADMIN."


@strawberry.input(description="Creates an integration that connects the team to an account at a provider.")
class ConnectedIntegrationInput:
    name: str = strawberry.field(description=_NAME)
    provider: Provider = strawberry.field(description="Provider of the account.")
    access: IntegrationAccess = strawberry.field(
        default=IntegrationAccess.TEAM, description="Who may see the integration. SYSTEM needs ADMIN."
    )
    timezone: TimeZone = strawberry.field(
        default=TimeZone("UTC"), description="Time zone in which the dashboards' days begin."
    )
    scope: str | None = optional_field(_SCOPE)
    access_token: str | None = optional_field(_ACCESS_TOKEN)
    refresh_token: str | None = optional_field(_REFRESH_TOKEN)
    token_type: str | None = optional_field(_TOKEN_TYPE)
    expires_at: datetime | None = optional_field(_EXPIRES_AT)
    auth_user_email: str | None = optional_field(_AUTH_USER_EMAIL)
    auth_user_name: str | None = optional_field(_AUTH_USER_NAME)


@strawberry.input(
    description="Changes to a connected integration. An absent field keeps its value; null clears it. `name`, "
    "`status`, `access` and `timezone` cannot be null (REQUIRED)."
)
class ConnectedIntegrationPatch:
    name: str | None = optional_field(_NAME)
    status: Status | None = optional_field("Whether the integration is switched on.")
    access: IntegrationAccess | None = optional_field(_ACCESS)
    timezone: TimeZone | None = optional_field("Time zone in which the dashboards' days begin.")
    scope: str | None = optional_field(_SCOPE)
    access_token: str | None = optional_field(
        f"{_ACCESS_TOKEN} {_BLANK_KEEPS} A new token sets `renewedAt` to now."
    )
    refresh_token: str | None = optional_field(f"{_REFRESH_TOKEN} {_BLANK_KEEPS}")
    token_type: str | None = optional_field(_TOKEN_TYPE)
    expires_at: datetime | None = optional_field(_EXPIRES_AT)
    error_message: str | None = optional_field("Last error of the account, as the provider writes it.")
    auth_user_email: str | None = optional_field(_AUTH_USER_EMAIL)
    auth_user_name: str | None = optional_field(_AUTH_USER_NAME)


IntegrationId = Annotated[strawberry.ID, strawberry.argument(description="Id of the integration.")]

_KINDS_BY_MEMBER: Mapping[str, IntegrationKind] = {
    "connected": IntegrationKind.CONNECTED,
    "incoming_webhook": IntegrationKind.INCOMING_WEBHOOK,
    "outgoing_webhook": IntegrationKind.OUTGOING_WEBHOOK,
}


@strawberry.input(one_of=True, description="Integration to create. Give exactly one of the three kinds.")
class CreateIntegrationInput:
    connected: ConnectedIntegrationInput | None = optional_field("Connects an account at a provider.")
    incoming_webhook: IncomingWebhookInput | None = optional_field(
        "Creates a webhook that posts the messages it receives."
    )
    outgoing_webhook: OutgoingWebhookInput | None = optional_field(
        "Creates a webhook that calls URLs when an event happens."
    )


@strawberry.input(
    one_of=True,
    description="Changes to an integration. Give exactly one, that of the integration's kind; the kind never "
    "changes. An absent field keeps its value; null clears it.",
)
class UpdateIntegrationInput:
    connected: ConnectedIntegrationPatch | None = optional_field("Changes to a connected integration.")
    incoming_webhook: IncomingWebhookPatch | None = optional_field("Changes to an incoming webhook.")
    outgoing_webhook: OutgoingWebhookPatch | None = optional_field("Changes to an outgoing webhook.")


@strawberry.type(description="Result of creating or updating an integration.")
class IntegrationPayload:
    integration: IntegrationRow | None = strawberry.field(
        graphql_type=Integration | None,
        default=None,
        description="The integration after the mutation; null when `errors` is not empty.",
    )
    errors: list[UserError] = errors_field()


def _get_kind_and_document(
    input: CreateIntegrationInput | UpdateIntegrationInput,
) -> tuple[IntegrationKind, Document]:
    """Return the kind that the input names, and its fields in the documents' spelling."""
    ((member, fields),) = get_provided_fields(input).items()
    return _KINDS_BY_MEMBER[member], to_document(fields)


@strawberry.type
class IntegrationMutations:
    @mutation(
        "Create a connected integration or a webhook. The viewer becomes `createdBy`. Needs WRITE_INTEGRATIONS "
        "for a connected integration and the MANAGE_ or MANAGE_OWN_ permission of its kind for a webhook; else "
        "FORBIDDEN."
    )
    @staticmethod
    async def create_integration(
        info: Info,
        input: Annotated[
            CreateIntegrationInput, strawberry.argument(description="Integration to create, under its kind.")
        ],
    ) -> IntegrationPayload:
        kind, settings = _get_kind_and_document(input)

        async def create(writer: Writer) -> IntegrationPayload:
            return IntegrationPayload(
                integration=await services.integration_changes.create_integration(
                    writer, info.context.viewer, kind, settings
                )
            )

        return await run_mutation(info, IntegrationPayload, create)

    @mutation(
        "Update a connected integration or a webhook. A call that changes nothing keeps `version`. Needs the "
        "same permissions as `createIntegration`; NOT_FOUND when the viewer may not change this integration."
    )
    @staticmethod
    async def update_integration(
        info: Info,
        id: IntegrationId,
        input: Annotated[
            UpdateIntegrationInput, strawberry.argument(description="Changes, under the integration's kind.")
        ],
        expected_version: ExpectedVersion = None,
    ) -> IntegrationPayload:
        kind, changes = _get_kind_and_document(input)

        async def update(writer: Writer) -> IntegrationPayload:
            return IntegrationPayload(
                integration=await services.integration_changes.update_integration(
                    writer, info.context.viewer, id, kind, changes, expected_version
                )
            )

        return await run_mutation(info, IntegrationPayload, update)

    @mutation(
        "Delete a connected integration or a webhook, with its groups, use cases and resource records. Needs the "
        "same permissions as `createIntegration`; NOT_FOUND when the viewer may not delete this integration."
    )
    @staticmethod
    async def delete_integration(
        info: Info,
        id: IntegrationId,
        kind: Annotated[
            IntegrationKind | None,
            strawberry.argument(
                description="Refuse the mutation with INVALID unless the integration is of this kind. Null: any."
            ),
        ] = None,
        expected_version: ExpectedVersion = None,
    ) -> DeletePayload:
        async def delete(writer: Writer) -> DeletePayload:
            row = await services.integration_changes.delete_integration(
                writer, info.context.viewer, id, kind, expected_version
            )
            return DeletePayload.from_nodes([get_node_id(row)])

        return await run_mutation(info, DeletePayload, delete)
