"""Type, query and mutation of groups of use cases."""

from datetime import datetime
from typing import Annotated

import strawberry

from gateway import services
from gateway.database import Integration as IntegrationRow
from gateway.database import UseCaseGroup as UseCaseGroupRow
from gateway.database import Writer
from gateway.domain.calendar import instants
from gateway.domain.enums import OnConflict, Outcome, Provider, UseCaseKey
from gateway.domain.use_case_groups import find_next_run
from gateway.execution import BatchRequest, ListSize
from gateway.schema.context import Info
from gateway.schema.fields import batched_field, field, mutation
from gateway.schema.nodes import Node, get_node_id
from gateway.schema.parent_integrations import integration_field
from gateway.schema.payloads import DeletePayload, ExpectedVersion, UserError, errors_field, run_mutation
from gateway.schema.scalars import Time, TimeZone
from gateway.schema.use_case_inputs import UseCaseGroupInput
from gateway.schema.use_cases import UseCase

GROUP_LIST_SIZE = ListSize(assumed_size=len(UseCaseKey))
"""A group contains each use case at most once."""

GroupId = Annotated[strawberry.ID, strawberry.argument(description="Id of the group.")]


@strawberry.type(
    description="Named set of use cases that share a sheet, an assistant, a time zone and a daily start time."
)
class UseCaseGroup(Node):
    id: strawberry.ID = strawberry.field(description="Id of the group, unique within its team.")
    name: str = strawberry.field(description="Display name.")
    slug: str = strawberry.field(description="Name for scripts; unique within the integration.")
    sheet_link: str | None = strawberry.field(description="URL of the sheet that the use cases read.")
    assistant_id: strawberry.ID | None = strawberry.field(
        description="Id of the assistant that talks to patients."
    )
    timezone: TimeZone | None = strawberry.field(description="Time zone of `startTime`; null: UTC.")
    start_time: Time | None = strawberry.field(
        description="Time of day when the use cases run; null: they do not run."
    )
    version: int = strawberry.field(description="Version number; each change adds 1. For `expectedVersion`.")
    created_at: datetime = strawberry.field(description="When the group was created.")
    updated_at: datetime = strawberry.field(description="When the group was last changed.")

    integration: IntegrationRow = integration_field()

    @field(
        "Time of the next run; null without `startTime`. A local time that daylight saving skips runs when the "
        "gap ends. A local time that occurs twice runs at the first.",
        reads=("start_time", "timezone"),
    )
    @staticmethod
    def next_run_at(root: strawberry.Parent[UseCaseGroupRow]) -> datetime | None:
        return find_next_run(root.start_time, root.timezone, instants.now())

    use_cases: list[UseCase] = batched_field(
        "Use cases of the group, the oldest first. Needs READ_INTEGRATIONS.",
        lambda row, _: BatchRequest(services.use_cases.list_use_cases_of_groups, (row.team_id, row.id)),
        lambda rows, *_: rows or [],
        directives=[GROUP_LIST_SIZE],
    )


@strawberry.type
class UseCaseGroupQueries:
    @field(
        "Find a group of use cases by id. NOT_FOUND when it does not exist or the viewer may not see it. Needs "
        "READ_INTEGRATIONS.",
        graphql_type=UseCaseGroup | None,
    )
    @staticmethod
    async def use_case_group(info: Info, id: GroupId) -> UseCaseGroupRow:
        async with info.context.read() as reader:
            return await services.use_case_groups.get_use_case_group(reader, info.context.viewer, id)

    @field(
        "Find a group of use cases by its `slug`. NOT_FOUND when it does not exist or the viewer may not see it. "
        "Needs READ_INTEGRATIONS.",
        graphql_type=UseCaseGroup | None,
    )
    @staticmethod
    async def use_case_group_by_slug(
        info: Info,
        integration_id: Annotated[
            strawberry.ID, strawberry.argument(description="Id of the integration that the group belongs to.")
        ],
        slug: Annotated[str, strawberry.argument(description="`slug` of the group.")],
    ) -> UseCaseGroupRow:
        async with info.context.read() as reader:
            return await services.use_case_groups.get_use_case_group_by_slug(
                reader, info.context.viewer, integration_id, slug
            )


@strawberry.type(description="Result of one use case of an upsert.")
class UpsertedUseCase:
    use_case: UseCase = strawberry.field(description="The use case after the upsert.")
    outcome: Outcome = strawberry.field(description="Effect of the upsert on the use case.")
    changed_paths: list[str] = strawberry.field(
        description="Changed keys of the document, such as `config.actions.0.templateName`; empty unless the "
        "outcome is UPDATED."
    )


@strawberry.type(description="Result of an upsert of a group.")
class UpsertUseCaseGroupPayload:
    group: UseCaseGroupRow | None = strawberry.field(
        graphql_type=UseCaseGroup | None,
        default=None,
        description="The group after the upsert; null when `errors` is not empty.",
    )
    outcome: Outcome | None = strawberry.field(
        default=None,
        description="Effect of the upsert. UNCHANGED when neither the group nor a use case changed; null when "
        "`errors` is not empty.",
    )
    use_cases: list[services.use_case_groups.upsert.UpsertedUseCase] = strawberry.field(
        graphql_type=list[UpsertedUseCase],
        default_factory=list,
        description="Use cases of the input, in the same order, then other use cases that changed with the group. "
        "A repetition with an `Idempotency-Key` leaves out those that were deleted since.",
        directives=[GROUP_LIST_SIZE],
    )
    conflicting_group: UseCaseGroupRow | None = strawberry.field(
        graphql_type=UseCaseGroup | None,
        default=None,
        description="The group that has the `slug`, when that is the CONFLICT; else null.",
    )
    errors: list[UserError] = errors_field()


@strawberry.type
class UseCaseGroupMutations:
    @mutation(
        "Create or update a group and the use cases that the input lists, all or nothing. Idempotent with "
        "`groupId`, or with `slug` and `onConflict: UPDATE`: the same call again is UNCHANGED. Otherwise each "
        "call creates a new group. A group adopts a listed use case that has no group, if the integration has "
        "exactly one of that key: an import followed by an upsert never doubles a reminder. Needs "
        "WRITE_INTEGRATIONS; NOT_FOUND when the provider is not connected."
    )
    @staticmethod
    async def upsert_use_case_group(
        info: Info,
        provider: Annotated[
            Provider, strawberry.argument(description="Provider of the integration that the group belongs to.")
        ],
        input: Annotated[UseCaseGroupInput, strawberry.argument(description="The group and its use cases.")],
        integration_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="Id of the integration. Without it, the only one at the provider, the one with the "
                "group, or the only active one; else CONFLICT."
            ),
        ] = None,
        on_conflict: Annotated[
            OnConflict,
            strawberry.argument(
                description="What to do when a group of the integration has the `slug`. With `groupId`, the "
                "`slug` of another group is always a CONFLICT."
            ),
        ] = OnConflict.REFUSE,
        dry_run: Annotated[
            bool, strawberry.argument(description="Run the whole mutation, return its payload, and roll it back.")
        ] = False,
    ) -> UpsertUseCaseGroupPayload:
        viewer, group_input = info.context.viewer, input.to_domain(on_conflict)

        async def upsert(writer: Writer) -> UpsertUseCaseGroupPayload:
            result = await services.use_case_groups.upsert.upsert_group(
                writer, viewer, provider, group_input, integration_id
            )
            return UpsertUseCaseGroupPayload(
                group=result.group, outcome=result.outcome, use_cases=[*result.use_cases]
            )

        return await run_mutation(info, UpsertUseCaseGroupPayload, upsert, dry_run=dry_run)

    @mutation(
        "Delete a group together with its use cases, and list all of them. Needs WRITE_INTEGRATIONS. The same "
        "call again is NOT_FOUND."
    )
    @staticmethod
    async def delete_use_case_group(
        info: Info, id: GroupId, expected_version: ExpectedVersion = None
    ) -> DeletePayload:
        async def delete(writer: Writer) -> DeletePayload:
            rows = await services.use_case_groups.delete_group(writer, info.context.viewer, id, expected_version)
            return DeletePayload.from_nodes(map(get_node_id, rows))

        return await run_mutation(info, DeletePayload, delete)
