"""Export and import of one integration with its use cases and resource records."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, cast

import strawberry

from gateway import services
from gateway.database import Integration as IntegrationRow
from gateway.database import Writer
from gateway.domain.documents import exports
from gateway.domain.enums import GroupsMode, ImportMode, Outcome, SecretsMode
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
"""Assumed sizes of an export's lists, which have no pages: those of an ordinary clinic."""


class ByteCounter:
    """Counts bytes of the answer before they are copied into it."""

    def __init__(self, check: Callable[[int], None]) -> None:
        """`check` takes the sum, and raises if it is too large."""
        self._sum, self._check = 0, check

    def count(self, size: int) -> None:
        self._sum += size
        self._check(self._sum)


@dataclass(frozen=True, slots=True)
class ExportSource:
    """Source of an export."""

    integration: IntegrationRow
    secrets: SecretsMode
    groups: GroupsMode
    disclose: Callable[[IntegrationRow], Document]
    """Returns the integration's secrets, and notes that for the audit log."""
    written: ByteCounter
    """Counts `document` each time that it is selected."""


def _request_contents(root: ExportSource, _: object) -> BatchRequest:
    return BatchRequest(services.exports.list_children, root.integration.id, (root.groups,))


def _build_document(children: services.exports.IntegrationChildren, root: ExportSource, _: object) -> object:
    root.written.count(services.exports.measure_documents(root.integration, children))
    secrets = root.disclose(root.integration) if root.secrets is SecretsMode.INCLUDE else None
    return services.exports.build_document(root.integration, children, secrets)


@strawberry.type(
    description="Connected integration with all its use cases and resource records, from one snapshot."
)
class IntegrationExport:
    integration: ConnectedIntegration = strawberry.field(description="The connected integration.")

    use_cases: list[UseCase] = batched_field(
        "All use cases of the integration, the oldest first.",
        lambda root, _: BatchRequest(services.exports.list_use_cases, root.integration.id),
        lambda rows, *_: rows or (),
        directives=[_USE_CASE_LIST_SIZE],
    )
    resource_records: list[ResourceRecord] = batched_field(
        "All resource records of the integration, the oldest first.",
        lambda root, _: BatchRequest(services.exports.list_resource_records, root.integration.id),
        lambda rows, *_: rows or (),
        directives=[_RECORD_LIST_SIZE],
    )

    document: object = batched_field(
        "Export document in the spelling of the documents: `integration`, `use_cases`, `resource_records`, with "
        "`groups: INCLUDE` also `use_case_groups`, and the other keys of the imported document.",
        _request_contents,
        _build_document,
        graphql_type=JSON,
        reads=("team_id", "id", "document", "secrets", "envelope"),
        directives=[Cost(weight=1000)],
    )

    @field(
        "SHA-256 of `document` in canonical form (compact JSON, sorted keys, sorted lists). It leaves out `_id`, "
        "`teamId`, `integrationId`, `schedulerNames`, users, times of changes, next runs of recurring schedules "
        "and tokens, so it stays the same after an import elsewhere.",
        directives=[Cost(weight=5000)],
    )
    @staticmethod
    async def checksum(root: strawberry.Parent[ExportSource], info: Info) -> str:
        children = await info.context.load(services.exports.list_children, root.integration.id, root.groups)
        # In a thread, because it parses every document of the integration.
        return await asyncio.to_thread(
            services.exports.compute_checksum,
            root.integration,
            children or services.exports.IntegrationChildren([], []),
        )

    @field(
        "Paths of the secrets that `document` leaves out, such as `integration.config.accessToken`; empty with "
        "`secrets: INCLUDE`.",
        reads=("document",),
    )
    @staticmethod
    def redacted_fields(root: strawberry.Parent[ExportSource]) -> list[str]:
        if root.secrets is SecretsMode.INCLUDE:
            return []
        return exports.list_redacted_fields(root.integration.document)


@strawberry.type
class ExportQueries:
    @field(
        "Export a connected integration with all its use cases and resource records, from one snapshot. "
        "NOT_FOUND when it does not exist, is a webhook, or the viewer may not see it. Needs READ_INTEGRATIONS "
        "and READ_RECORDS.",
        graphql_type=IntegrationExport | None,
    )
    @staticmethod
    async def integration_export(
        info: Info,
        integration_id: Annotated[
            strawberry.ID, strawberry.argument(description="Id of the connected integration.")
        ],
        secrets: Annotated[
            SecretsMode,
            strawberry.argument(
                description="Whether `document` includes tokens. INCLUDE is FORBIDDEN without READ_SECRETS."
            ),
        ] = SecretsMode.OMIT,
        groups: Annotated[
            GroupsMode,
            strawberry.argument(
                description="Whether `document` has a fourth key, `use_case_groups`, which imports restore groups "
                "from."
            ),
        ] = GroupsMode.OMIT,
    ) -> ExportSource:
        await info.context.answer.begin_export()
        async with info.context.read() as reader:
            row = await services.exports.get_connected_integration(
                reader, info.context.viewer, integration_id, secrets
            )
        info.context.disclosures.export(row)
        written = ByteCounter(info.context.answer.check)
        return ExportSource(row, secrets, groups, info.context.disclosures.export_secrets, written)


@strawberry.type(description="Result of an import.")
class ImportIntegrationPayload:
    integration: IntegrationRow | None = strawberry.field(
        graphql_type=ConnectedIntegration | None,
        default=None,
        description="The integration after the import; null when `errors` is not empty.",
    )
    outcome: Outcome | None = strawberry.field(
        default=None,
        description="Effect of the import; UPDATED also when only a use case or record changed. Null when "
        "`errors` is not empty.",
    )
    created: int = strawberry.field(
        default=0,
        description="Number of created objects: the integration, its groups, use cases and resource records.",
    )
    updated: int = strawberry.field(default=0, description="Number of updated objects.")
    unchanged: int = strawberry.field(
        default=0, description="Number of objects that already had the document's values."
    )
    deleted: int = strawberry.field(
        default=0, description="Number of groups, use cases and resource records that REPLACE deleted."
    )
    errors: list[UserError] = errors_field()


@strawberry.type
class ImportMutations:
    @mutation(
        "Import an export document, all or nothing. Teams, users, times and tokens of the document are ignored; "
        "an id in use elsewhere is replaced. Needs WRITE_INTEGRATIONS and WRITE_RECORDS, and ADMIN for `access: "
        "system`.",
        weight=10 * MUTATION_COST,
    )
    @staticmethod
    async def import_integration(
        info: Info,
        document: Annotated[
            JSON,
            strawberry.argument(
                description="Export document with `integration`, `use_cases` and `resource_records`.",
                directives=[Cost(weight=5)],
            ),
        ],
        mode: Annotated[
            ImportMode, strawberry.argument(description="How to treat stored objects.")
        ] = ImportMode.MERGE,
        dry_run: Annotated[
            bool, strawberry.argument(description="Run the whole mutation, return its payload, and roll it back.")
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
