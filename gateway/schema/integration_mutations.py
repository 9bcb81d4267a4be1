"""Creating, changing and deleting integrations of both worlds."""

from typing import Annotated

import strawberry

from gateway import services
from gateway.database import WriteSession
from gateway.schema.context import Info
from gateway.schema.fields import mutation
from gateway.schema.payloads import DeletePayload, answer

ExpectedVersion = Annotated[
    int | None,
    strawberry.argument(description="Refuse with VERSION_CONFLICT when it has another version by now."),
]


@strawberry.type
class IntegrationMutations:
    @mutation("Delete an integration with all that hangs below it.")
    @staticmethod
    async def delete_integration(
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The integration's id.")],
        expected_version: ExpectedVersion = None,
    ) -> DeletePayload:
        async def work(session: WriteSession) -> DeletePayload:
            await services.integrations.delete(session, info.context.viewer, id, expected_version)
            return DeletePayload(deleted_ids=[id])

        return await answer(info, DeletePayload, work)
