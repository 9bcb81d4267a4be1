"""Creating, changing and deleting integrations of both worlds."""

from typing import Annotated

import strawberry

from gateway import services
from gateway.database import Integration as IntegrationRow
from gateway.database import Writer
from gateway.domain.enums import IntegrationKind
from gateway.schema.context import Info
from gateway.schema.fields import mutation
from gateway.schema.inputs import get_provided_fields, optional_field, to_document
from gateway.schema.integration_inputs import ConnectedIntegrationInput, ConnectedIntegrationPatch
from gateway.schema.integrations import Integration
from gateway.schema.payloads import DeletePayload, UserError, errors_field, run_mutation
from gateway.schema.webhook_inputs import (
    IncomingWebhookInput,
    IncomingWebhookPatch,
    OutgoingWebhookInput,
    OutgoingWebhookPatch,
)

ExpectedVersion = Annotated[
    int | None,
    strawberry.argument(description="Refuse with VERSION_CONFLICT when it has another version by now."),
]
IntegrationId = Annotated[strawberry.ID, strawberry.argument(description="The integration's id.")]

_KINDS_BY_MEMBER = {
    "connected": IntegrationKind.CONNECTED,
    "incoming_webhook": IntegrationKind.INCOMING_WEBHOOK,
    "outgoing_webhook": IntegrationKind.OUTGOING_WEBHOOK,
}


@strawberry.input(one_of=True, description="The integration to be made: one of the three kinds.")
class CreateIntegrationInput:
    connected: ConnectedIntegrationInput | None = optional_field("An account at a provider.")
    incoming_webhook: IncomingWebhookInput | None = optional_field("A webhook that posts what it receives.")
    outgoing_webhook: OutgoingWebhookInput | None = optional_field("A webhook that calls out on an event.")


@strawberry.input(
    one_of=True,
    description="Changes to an integration, under the kind that it is of; the kind itself never changes. "
    "Absent keeps, null clears.",
)
class UpdateIntegrationInput:
    connected: ConnectedIntegrationPatch | None = optional_field("Changes to an account at a provider.")
    incoming_webhook: IncomingWebhookPatch | None = optional_field(
        "Changes to a webhook that posts what it receives."
    )
    outgoing_webhook: OutgoingWebhookPatch | None = optional_field(
        "Changes to a webhook that calls out on an event."
    )


@strawberry.type(description="The integration as it is now, or why nothing was done.")
class IntegrationPayload:
    integration: IntegrationRow | None = strawberry.field(
        graphql_type=Integration | None, default=None, description="The integration; null when refused."
    )
    errors: list[UserError] = errors_field()


@strawberry.type
class IntegrationMutations:
    @mutation("Create an integration of either world; the viewer becomes its creator.")
    @staticmethod
    async def create_integration(
        info: Info,
        input: Annotated[
            CreateIntegrationInput, strawberry.argument(description="What is to be made, under its kind.")
        ],
    ) -> IntegrationPayload:
        ((name, chosen),) = get_provided_fields(input).items()
        viewer, kind, settings = info.context.viewer, _KINDS_BY_MEMBER[name], to_document(chosen)

        async def create(writer: Writer) -> IntegrationPayload:
            if kind is IntegrationKind.CONNECTED:
                created = await services.connected_integrations.create_connected_integration(
                    writer, viewer, settings
                )
            else:
                created = await services.webhooks.create_webhook(writer, viewer, kind, settings)
            return IntegrationPayload(integration=created)

        return await run_mutation(info, IntegrationPayload, create)

    @mutation("Change an integration of either world. What already is so is not written again.")
    @staticmethod
    async def update_integration(
        info: Info,
        id: IntegrationId,
        input: Annotated[
            UpdateIntegrationInput, strawberry.argument(description="What is to be changed, under its kind.")
        ],
        expected_version: ExpectedVersion = None,
    ) -> IntegrationPayload:
        ((name, chosen),) = get_provided_fields(input).items()
        viewer, kind, changes = info.context.viewer, _KINDS_BY_MEMBER[name], to_document(chosen)

        async def update(writer: Writer) -> IntegrationPayload:
            if kind is IntegrationKind.CONNECTED:
                changed = await services.connected_integrations.update_connected_integration(
                    writer, viewer, id, changes, expected_version
                )
            else:
                changed = await services.webhooks.update_webhook(
                    writer, viewer, id, kind, changes, expected_version
                )
            return IntegrationPayload(integration=changed)

        return await run_mutation(info, IntegrationPayload, update)

    @mutation("Delete an integration of either world with all that hangs below it.")
    @staticmethod
    async def delete_integration(
        info: Info, id: IntegrationId, expected_version: ExpectedVersion = None
    ) -> DeletePayload:
        async def delete(writer: Writer) -> DeletePayload:
            await services.integrations.delete_integration(writer, info.context.viewer, id, expected_version)
            return DeletePayload(deleted_ids=[id])

        return await run_mutation(info, DeletePayload, delete)
