"""Integrations, their use cases and their exports in the schema of the ORM peer."""

from datetime import datetime
from typing import Any, Self

import strawberry
from sqlalchemy import select
from strawberry.scalars import JSON

from gateway.domain.enums import IntegrationKind
from gateway.domain.integration_secrets import drop_secrets
from tests.benchmarks.documents import TEAM
from tests.benchmarks.peers.orm_context import FirstRowsKey, Info
from tests.benchmarks.peers.orm_enums import ActionType, IntegrationAccess, Provider, Status, UseCaseKey
from tests.benchmarks.peers.orm_records import ResourceRecord
from tests.benchmarks.peers.orm_rows import IntegrationRow, RecordRow, UseCaseRow


@strawberry.type
class UseCaseAction:
    logical_id: str
    action_type: ActionType
    template_name: str
    context: str
    days_window: int
    status: Status

    @classmethod
    def of(cls, action: dict[str, Any]) -> Self:
        return cls(
            logical_id=action["logicalId"],
            action_type=ActionType(action.get("actionType", "sms")),
            template_name=action["templateName"],
            context=action["context"],
            days_window=action.get("daysWindow", 7),
            status=Status(action["status"]),
        )


@strawberry.type
class UseCaseConfig:
    display_name: str | None
    status: Status
    sheet_link: str | None
    actions: list[UseCaseAction]


@strawberry.type
class UseCase:
    id: strawberry.ID
    key: UseCaseKey | None
    config: UseCaseConfig

    @classmethod
    def of(cls, row: UseCaseRow) -> Self:
        config: Any = row.document["config"]
        return cls(
            id=strawberry.ID(row.id),
            key=None if row.key is None else UseCaseKey(row.key),
            config=UseCaseConfig(
                display_name=config.get("displayName"),
                status=Status(config["status"]),
                sheet_link=config.get("sheetLink"),
                actions=[UseCaseAction.of(action) for action in config["actions"]],
            ),
        )


@strawberry.type
class UseCaseConnection:
    nodes: list[UseCase]


@strawberry.type
class ProviderConfig:
    provider: Provider
    auth_user_email: str | None


@strawberry.interface
class Integration:
    id: strawberry.ID
    name: str
    enabled: bool
    version: int
    created_at: datetime
    updated_at: datetime


@strawberry.type
class ConnectedIntegration(Integration):
    logical_id: str
    status: Status
    access: IntegrationAccess
    timezone: str
    config: ProviderConfig

    @strawberry.field
    async def use_cases(self, info: Info, first: int = 50) -> UseCaseConnection:
        rows = await info.context.first_use_cases.load(FirstRowsKey(self.id, first))
        return UseCaseConnection(nodes=[UseCase.of(row) for row in rows])

    @classmethod
    def of(cls, row: IntegrationRow) -> Self:
        config: Any = row.document["config"]
        return cls(
            id=strawberry.ID(row.id),
            name=row.name,
            enabled=row.enabled,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            logical_id=row.logical_id,
            status=Status.ACTIVE if row.enabled else Status.INACTIVE,
            access=IntegrationAccess(row.access),
            timezone=row.timezone,
            config=ProviderConfig(provider=Provider(row.provider), auth_user_email=config.get("authUserEmail")),
        )


@strawberry.type
class IntegrationConnection:
    nodes: list[Integration]


@strawberry.type
class IntegrationExport:
    integration: ConnectedIntegration
    row: strawberry.Private[IntegrationRow]

    @strawberry.field
    async def use_cases(self, info: Info) -> list[UseCase]:
        return [UseCase.of(row) for row in await self._load_use_cases(info)]

    @strawberry.field
    async def resource_records(self, info: Info) -> list[ResourceRecord]:
        return [ResourceRecord.of(row) for row in await self._load_records(info)]

    @strawberry.field
    async def document(self, info: Info) -> JSON:
        return JSON(
            {
                "integration": drop_secrets(self.row.document, IntegrationKind.CONNECTED),
                "use_cases": [row.document for row in await self._load_use_cases(info)],
                "resource_records": [row.document for row in await self._load_records(info)],
            }
        )

    async def _load_use_cases(self, info: Info) -> list[UseCaseRow]:
        statement = (
            select(UseCaseRow)
            .where(UseCaseRow.team_id == TEAM, UseCaseRow.integration_id == self.row.id)
            .order_by(UseCaseRow.created_at, UseCaseRow.id)
        )
        async with info.context.sessions() as session:
            return [*await session.scalars(statement)]

    async def _load_records(self, info: Info) -> list[RecordRow]:
        statement = (
            select(RecordRow)
            .where(RecordRow.team_id == TEAM, RecordRow.integration_id == self.row.id)
            .order_by(RecordRow.created_at, RecordRow.id)
        )
        async with info.context.sessions() as session:
            return [*await session.scalars(statement)]
