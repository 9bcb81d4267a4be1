"""Groups of use cases."""

from datetime import datetime
from typing import Annotated

import strawberry

from gateway import services
from gateway.database import Integration as IntegrationRow
from gateway.database import UseCaseGroup as UseCaseGroupRow
from gateway.database import Writer
from gateway.domain import schedules
from gateway.domain.calendar import instants, timezones
from gateway.domain.enums import Outcome, Provider, UseCaseKey
from gateway.execution import BatchRequest, ListSize
from gateway.schema.context import Info
from gateway.schema.fields import batched_field, field, mutation
from gateway.schema.nodes import Node
from gateway.schema.payloads import UserError, errors_field, run_mutation
from gateway.schema.scalars import Time, TimeZone
from gateway.schema.use_case_inputs import UseCaseGroupInput
from gateway.schema.use_cases import UseCase, integration_field

GROUP_LIST_SIZE = ListSize(assumed_size=len(UseCaseKey))
"""A group has each of the known use cases at most once."""


@strawberry.type(description="A named set of use cases that share a sheet, an assistant and a daily start time.")
class UseCaseGroup(Node):
    id: strawberry.ID = strawberry.field(description="The group's id.")
    name: str = strawberry.field(description="What people call it.")
    slug: str = strawberry.field(description="What scripts call it; unique within its integration.")
    sheet_link: str | None = strawberry.field(description="The sheet that its use cases read from.")
    assistant_id: strawberry.ID | None = strawberry.field(description="The assistant that talks to patients.")
    timezone: TimeZone | None = strawberry.field(description="The zone of `startTime`; UTC when there is none.")
    start_time: Time | None = strawberry.field(description="When its use cases run each day; null for never.")
    version: int = strawberry.field(description="Counts its changes; for `expectedVersion`.")
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")

    integration: IntegrationRow = integration_field()

    @field(
        "The next instant at which the group runs, with daylight saving applied: a wall time that does not exist "
        "runs when the gap ends, one that exists twice at the first.",
        reads=("start_time", "timezone"),
    )
    @staticmethod
    def next_run_at(root: strawberry.Parent[UseCaseGroupRow]) -> datetime | None:
        if root.start_time is None:
            return None
        return schedules.find_next_run(root.start_time, timezones.get_zone(root.timezone), instants.now())

    use_cases: list[UseCase] = batched_field(
        "Its use cases, the oldest first.",
        lambda row, _: BatchRequest(services.use_cases.list_use_cases_of_groups, (row.team_id, row.id)),
        lambda found, *_: found or [],
        directives=[GROUP_LIST_SIZE],
    )


@strawberry.type
class UseCaseGroupQueries:
    @field(
        "One group of use cases. Null with NOT_FOUND when it does not exist or is not visible.",
        graphql_type=UseCaseGroup | None,
    )
    @staticmethod
    async def use_case_group(
        info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The group's id.")]
    ) -> UseCaseGroupRow:
        async with info.context.read() as session:
            return await services.use_case_groups.get_use_case_group(session, info.context.viewer, id)


@strawberry.type(description="What an upsert did to one use case.")
class UpsertedUseCase:
    use_case: UseCase = strawberry.field(description="The use case as it is now.")
    outcome: Outcome = strawberry.field(description="Whether it was created, updated or left unchanged.")
    changed_paths: list[str] = strawberry.field(
        description="The keys of its document that were changed, such as `config.actions.0.templateName`; none "
        "for one that was created or left unchanged."
    )


@strawberry.type(description="The group and its use cases as they are now, or why nothing was done.")
class UpsertUseCaseGroupPayload:
    group: UseCaseGroupRow | None = strawberry.field(
        graphql_type=UseCaseGroup | None, default=None, description="The group; null when refused."
    )
    outcome: Outcome | None = strawberry.field(
        default=None,
        description="UNCHANGED when neither the group nor any of its use cases had to be written; null when "
        "refused.",
    )
    use_cases: list[services.use_case_groups.upsert.UpsertedUseCase] = strawberry.field(
        graphql_type=list[UpsertedUseCase],
        default_factory=list,
        description="The use cases listed, in that order, then others that a change of the group reached.",
        directives=[GROUP_LIST_SIZE],
    )
    errors: list[UserError] = errors_field()


@strawberry.type
class UseCaseGroupMutations:
    @mutation("Create or update a group and the use cases listed under it, all or nothing.")
    @staticmethod
    async def upsert_use_case_group(
        info: Info,
        provider: Annotated[
            Provider, strawberry.argument(description="Where the integration is that the group hangs below.")
        ],
        input: Annotated[UseCaseGroupInput, strawberry.argument(description="The group as it is to be.")],
        integration_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Which integration, where the team has several at the provider."),
        ] = None,
        dry_run: Annotated[
            bool, strawberry.argument(description="Give the same payload and keep nothing.")
        ] = False,
    ) -> UpsertUseCaseGroupPayload:
        viewer, group_input = info.context.viewer, input.to_domain()

        async def upsert(writer: Writer) -> UpsertUseCaseGroupPayload:
            result = await services.use_case_groups.upsert.upsert_group(
                writer, viewer, provider, group_input, integration_id
            )
            return UpsertUseCaseGroupPayload(
                group=result.group, outcome=result.outcome, use_cases=[*result.use_cases]
            )

        return await run_mutation(info, UpsertUseCaseGroupPayload, upsert, dry_run=dry_run)
