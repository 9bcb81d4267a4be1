"""One integration with all that hangs below it, and back again."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, cast

import strawberry

from gateway import services
from gateway.database import Integration as IntegrationRow
from gateway.database import Writer
from gateway.domain.documents import exports
from gateway.domain.enums import ImportMode, Outcome, SecretsMode
from gateway.domain.lenient_reading import Document, Json
from gateway.execution import BatchRequest, Cost, ListSize
from gateway.schema.connected_integrations import ConnectedIntegration
from gateway.schema.context import Info
from gateway.schema.fields import MUTATION_COST, batched_field, field, mutation
from gateway.schema.payloads import UserError, errors_field, run_mutation
from gateway.schema.resource_records import ResourceRecord
from gateway.schema.scalars import JSON
from gateway.schema.use_cases import UseCase

_USE_CASE_LIST_SIZE = ListSize(assumed_size=20)
_RECORD_LIST_SIZE = ListSize(assumed_size=200)
"""What an export counts for, which is never paged: the use cases and records of an ordinary clinic."""


@dataclass(frozen=True, slots=True)
class ExportSource:
    """What an export is answered from."""

    integration: IntegrationRow
    secrets: SecretsMode
    disclose: Callable[[IntegrationRow], Document]
    """Gives the integration's secrets, and has it written down that it did."""


def _request_contents(root: ExportSource, _: object) -> BatchRequest:
    return BatchRequest(services.exports.list_children, root.integration.id)


def _build_document(below: services.exports.IntegrationChildren, root: ExportSource, _: object) -> object:
    secrets = root.disclose(root.integration) if root.secrets is SecretsMode.INCLUDE else {}
    return services.exports.build_document(root.integration, below, secrets)


@strawberry.type(description="One integration with all its use cases and resource records, read in one snapshot.")
class IntegrationExport:
    integration: ConnectedIntegration = strawberry.field(description="The integration itself.")

    use_cases: list[UseCase] = batched_field(
        "All its use cases, the oldest first.",
        lambda root, _: BatchRequest(services.exports.list_use_cases, root.integration.id),
        lambda found, *_: found or (),
        directives=[_USE_CASE_LIST_SIZE],
    )
    resource_records: list[ResourceRecord] = batched_field(
        "All its resource records, the oldest first.",
        lambda root, _: BatchRequest(services.exports.list_resource_records, root.integration.id),
        lambda found, *_: found or (),
        directives=[_RECORD_LIST_SIZE],
    )

    document: object = batched_field(
        "The export in the documents' own spelling: `integration`, `use_cases`, `resource_records`, and whatever "
        "else the imported document held.",
        _request_contents,
        _build_document,
        graphql_type=JSON,
        reads=("team_id", "id", "document", "secrets", "envelope"),
        directives=[Cost(weight=1000)],
    )

    @field(
        "SHA-256 over the canonical form of `document` (compact, keys sorted, both lists sorted) without `_id`, "
        "`teamId`, `integrationId`, `schedulerNames`, who made and changed it and when, and tokens: what was "
        "exported here and imported elsewhere has the same.",
        directives=[Cost(weight=5000)],
    )
    @staticmethod
    async def checksum(root: strawberry.Parent[ExportSource], info: Info) -> str:
        below = await info.context.load(services.exports.list_children, root.integration.id)
        # In a thread: it takes all documents apart, and there may be very many.
        return await asyncio.to_thread(
            services.exports.compute_checksum,
            root.integration,
            below or services.exports.IntegrationChildren([], []),
        )

    @field(
        "Paths of what was left out of `document`, such as `integration.config.accessToken`.",
        reads=("document", "secrets"),
    )
    @staticmethod
    def redacted_fields(root: strawberry.Parent[ExportSource]) -> list[str]:
        if root.secrets is SecretsMode.INCLUDE:
            return []
        return exports.list_redacted_fields(root.integration.document, root.integration.secrets)


@strawberry.type
class ExportQueries:
    @field(
        "One integration with all its use cases and resource records, read in one snapshot. Null with NOT_FOUND "
        "when it does not exist, is not visible or is a webhook.",
        graphql_type=IntegrationExport | None,
    )
    @staticmethod
    async def integration_export(
        info: Info,
        integration_id: Annotated[strawberry.ID, strawberry.argument(description="The integration's id.")],
        secrets: Annotated[
            SecretsMode,
            strawberry.argument(description="Whether `document` has tokens; INCLUDE needs READ_SECRETS."),
        ] = SecretsMode.OMIT,
    ) -> ExportSource:
        async with info.context.read() as session:
            row = await services.exports.get_connected_integration(
                session, info.context.viewer, integration_id, secrets
            )
        return ExportSource(row, secrets, info.context.read_secrets)


@strawberry.type(description="What became of an imported document, or why nothing did.")
class ImportIntegrationPayload:
    integration: IntegrationRow | None = strawberry.field(
        graphql_type=ConnectedIntegration | None, default=None, description="The integration as it is now."
    )
    outcome: Outcome | None = strawberry.field(
        default=None, description="UPDATED also when only something below the integration changed."
    )
    created: int = strawberry.field(
        default=0, description="How many of the integration, its use cases and resource records are new."
    )
    updated: int = strawberry.field(default=0, description="How many of them were changed.")
    unchanged: int = strawberry.field(default=0, description="How many of them were as the document says already.")
    deleted: int = strawberry.field(
        default=0, description="How many use cases and resource records REPLACE deleted."
    )
    errors: list[UserError] = errors_field()


@strawberry.type
class ImportMutations:
    @mutation(
        "Take an export document back in, all of it or nothing. What it says of teams, people, instants and "
        "tokens is not believed; ids are kept where they are free.",
        weight=10 * MUTATION_COST,
    )
    @staticmethod
    async def import_integration(
        info: Info,
        document: Annotated[
            JSON,
            strawberry.argument(description="An export document: `integration`, `use_cases`, `resource_records`."),
        ],
        mode: Annotated[
            ImportMode, strawberry.argument(description="What happens to what is there already.")
        ] = ImportMode.MERGE,
        dry_run: Annotated[
            bool, strawberry.argument(description="Do all of it, answer, and keep nothing.")
        ] = False,
    ) -> ImportIntegrationPayload:
        async def import_document(writer: Writer) -> ImportIntegrationPayload:
            result = await services.imports.import_as_viewer(
                writer, info.context.viewer, cast(Json, document), mode
            )
            return ImportIntegrationPayload(
                integration=result.integration,
                outcome=result.outcome,
                created=result.tally.created,
                updated=result.tally.updated,
                unchanged=result.tally.unchanged,
                deleted=result.tally.deleted,
            )

        return await run_mutation(info, ImportIntegrationPayload, import_document, dry_run=dry_run)
