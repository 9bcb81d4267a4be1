"""Creating, changing and deleting integrations of both worlds."""

from typing import Annotated

import strawberry

from gateway import services
from gateway.database.tables import Integration as IntegrationRow
from gateway.database.writing import WriteSession
from gateway.domain.enums import IntegrationKind
from gateway.schema.context import Info
from gateway.schema.fields import mutation
from gateway.schema.inputs import given, optional, to_document
from gateway.schema.integration_inputs import ConnectedIntegrationInput, ConnectedIntegrationPatch
from gateway.schema.integrations import Integration
from gateway.schema.payloads import DeletePayload, UserError, answer, refusals
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

_KINDS = {
    "connected": IntegrationKind.CONNECTED,
    "incoming_webhook": IntegrationKind.INCOMING_WEBHOOK,
    "outgoing_webhook": IntegrationKind.OUTGOING_WEBHOOK,
}


@strawberry.input(one_of=True, description="The integration to be made: one of the three kinds.")
class CreateIntegrationInput:
    connected: ConnectedIntegrationInput | None = optional("An account at a provider.")
    incoming_webhook: IncomingWebhookInput | None = optional("A webhook that posts what it receives.")
    outgoing_webhook: OutgoingWebhookInput | None = optional("A webhook that calls out on an event.")


@strawberry.input(
    one_of=True,
    description="Changes to an integration, under the kind that it is of; the kind itself never changes. "
    "Absent keeps, null clears.",
)
class UpdateIntegrationInput:
    connected: ConnectedIntegrationPatch | None = optional("Changes to an account at a provider.")
    incoming_webhook: IncomingWebhookPatch | None = optional("Changes to a webhook that posts what it receives.")
    outgoing_webhook: OutgoingWebhookPatch | None = optional("Changes to a webhook that calls out on an event.")


@strawberry.type(description="The integration as it is now, or why nothing was done.")
class IntegrationPayload:
    integration: IntegrationRow | None = strawberry.field(
        graphql_type=Integration | None, default=None, description="The integration; null when refused."
    )
    errors: list[UserError] = refusals()


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
        ((name, chosen),) = given(input).items()
        viewer, kind, settings = info.context.viewer, _KINDS[name], to_document(chosen)

        async def work(session: WriteSession) -> IntegrationPayload:
            if kind is IntegrationKind.CONNECTED:
                made = await services.connected_integrations.create(session, viewer, settings)
            else:
                made = await services.webhooks.create(session, viewer, kind, settings)
            return IntegrationPayload(integration=made)

        return await answer(info, IntegrationPayload, work)

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
        ((name, chosen),) = given(input).items()
        viewer, kind, changes = info.context.viewer, _KINDS[name], to_document(chosen)

        async def work(session: WriteSession) -> IntegrationPayload:
            if kind is IntegrationKind.CONNECTED:
                changed = await services.connected_integrations.update(
                    session, viewer, id, changes, expected_version
                )
            else:
                changed = await services.webhooks.update(session, viewer, id, kind, changes, expected_version)
            return IntegrationPayload(integration=changed)

        return await answer(info, IntegrationPayload, work)

    @mutation("Delete an integration of either world with all that hangs below it.")
    @staticmethod
    async def delete_integration(
        info: Info, id: IntegrationId, expected_version: ExpectedVersion = None
    ) -> DeletePayload:
        async def work(session: WriteSession) -> DeletePayload:
            await services.integrations.delete(session, info.context.viewer, id, expected_version)
            return DeletePayload(deleted_ids=[id])

        return await answer(info, DeletePayload, work)
