"""The upsert of the ORM peer. It uses the functions of the gateway's domain to change documents."""

from datetime import time
from typing import cast

import strawberry
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain import enums
from gateway.domain.calendar import instants
from gateway.domain.documents.audit_fields import mark_updated
from gateway.domain.use_case_groups import SHARED_COLUMNS, SharedColumns, apply_group
from gateway.domain.use_case_groups import ListedUseCase as Listed
from gateway.domain.use_cases import ActionInput, read_use_case_columns
from tests.benchmarks.documents import TEAM, USER
from tests.benchmarks.peers.orm_context import Info
from tests.benchmarks.peers.orm_enums import ActionType, Outcome, Provider, UseCaseKey
from tests.benchmarks.peers.orm_rows import GroupRow, IntegrationRow, UseCaseRow
from tests.benchmarks.peers.orm_types import UseCase


@strawberry.input
class UseCaseActionInput:
    action_type: ActionType
    context: str
    day: int = 7
    template_name: str


@strawberry.input
class UseCaseInput:
    use_case: UseCaseKey
    enabled: bool = True
    actions: list[UseCaseActionInput]

    def to_domain(self) -> Listed:
        actions = [
            ActionInput(
                enums.ActionType(action.action_type.value), action.context, action.day, action.template_name
            )
            for action in self.actions
        ]
        return Listed(enums.UseCaseKey(self.use_case.value), self.enabled, actions)


@strawberry.input
class UseCaseGroupInput:
    group_id: strawberry.ID
    name: str
    sheet_link: str | None = None
    assistant_id: strawberry.ID | None = None
    timezone: str | None = None
    start_time: time | None = None
    use_cases: list[UseCaseInput]


@strawberry.type
class UseCaseGroup:
    id: strawberry.ID
    name: str
    slug: str
    sheet_link: str | None
    assistant_id: strawberry.ID | None
    timezone: str | None
    start_time: time | None


@strawberry.type
class UserError:
    code: str
    message: str
    path: list[str]


@strawberry.type
class UpsertedUseCase:
    outcome: Outcome
    use_case: UseCase


@strawberry.type
class UpsertUseCaseGroupPayload:
    outcome: Outcome | None = None
    group: UseCaseGroup | None = None
    use_cases: list[UpsertedUseCase] = strawberry.field(default_factory=list)
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def upsert_use_case_group(
        self, info: Info, provider: Provider, integration_id: strawberry.ID, input: UseCaseGroupInput
    ) -> UpsertUseCaseGroupPayload:
        async with info.context.sessions.begin() as session:
            parent_id = await session.scalar(
                select(IntegrationRow.id)
                .where(
                    IntegrationRow.team_id == TEAM,
                    IntegrationRow.id == integration_id,
                    IntegrationRow.provider == provider.value,
                )
                .with_for_update(key_share=True)
            )
            group = await session.get(GroupRow, (TEAM, input.group_id))
            if group is None or group.integration_id != parent_id:
                error = UserError(code="NOT_FOUND", message="There is no such group.", path=["input", "groupId"])
                return UpsertUseCaseGroupPayload(errors=[error])
            return await _update_group(session, group, input)


async def _update_group(
    session: AsyncSession, group: GroupRow, input: UseCaseGroupInput
) -> UpsertUseCaseGroupPayload:
    statement = select(UseCaseRow).where(UseCaseRow.team_id == TEAM, UseCaseRow.group_id == group.id)
    rows = {row.key: row for row in await session.scalars(statement)}
    group.name, group.version, group.updated_by = input.name, group.version + 1, USER
    group.sheet_link, group.assistant_id = input.sheet_link, input.assistant_id
    group.timezone, group.start_time = input.timezone, input.start_time
    group.updated_at = instants.now()
    upserted = [_update_use_case(rows[entry.use_case.value], group, entry) for entry in input.use_cases]
    return UpsertUseCaseGroupPayload(
        outcome=Outcome.UPDATED,
        group=UseCaseGroup(
            id=strawberry.ID(group.id),
            name=group.name,
            slug=group.slug,
            sheet_link=group.sheet_link,
            assistant_id=group.assistant_id,
            timezone=group.timezone,
            start_time=group.start_time,
        ),
        use_cases=upserted,
    )


def _update_use_case(row: UseCaseRow, group: GroupRow, entry: UseCaseInput) -> UpsertedUseCase:
    shared = cast(SharedColumns, {name: getattr(group, name, None) for name in SHARED_COLUMNS})
    at = group.updated_at
    document = apply_group(row.document, shared, SHARED_COLUMNS, entry.to_domain(), at)
    if document == row.document:
        return UpsertedUseCase(outcome=Outcome.UNCHANGED, use_case=UseCase.of(row))
    row.document = mark_updated(document, user_id=USER, at=at)
    row.status = read_use_case_columns(row.document, "", at)["status"].value
    row.version, row.updated_at, row.updated_by = row.version + 1, at, USER
    return UpsertedUseCase(outcome=Outcome.UPDATED, use_case=UseCase.of(row))
