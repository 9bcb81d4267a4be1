"""What integrations of both worlds have in common, and how to find them."""

from datetime import datetime
from typing import Annotated

import strawberry

from gateway import services
from gateway.database import Integration as IntegrationRow
from gateway.domain.integration_filters import IntegrationFilter as DomainFilter
from gateway.execution import BatchRequest
from gateway.schema.connections import (
    PAGE_LIST_SIZE,
    After,
    Before,
    Connection,
    ConnectionSource,
    First,
    Last,
    Offset,
    build_page,
)
from gateway.schema.context import Info
from gateway.schema.fields import field
from gateway.schema.integration_filters import IntegrationFilter, IntegrationOrder
from gateway.schema.nodes import Node
from gateway.schema.users import User


@strawberry.interface(description="Something a team has connected: an account at a provider, or a webhook.")
class Integration(Node):
    id: strawberry.ID = strawberry.field(description="The document's own id.")
    team_id: strawberry.ID = strawberry.field(description="The team it belongs to.")
    name: str = strawberry.field(description="What people call it.")
    enabled: bool = strawberry.field(description="Whether it is switched on.")
    version: int = strawberry.field(description="Counts its changes; for `expectedVersion`.")
    created_at: datetime = strawberry.field(description="When it was created.")
    created_by: User | None = strawberry.field(description="Who created it.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    updated_by: User | None = strawberry.field(description="Who last changed it.")


@strawberry.type
class IntegrationQueries:
    @field(
        "One integration. `createdBy` is a filter on the creator; it never widens access. Null with "
        "NOT_FOUND when it does not exist or is not visible.",
        graphql_type=Integration | None,
    )
    @staticmethod
    async def integration(
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The integration's id.")],
        created_by: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Only if this user created it; empty is as if absent."),
        ] = None,
    ) -> IntegrationRow:
        async with info.context.read() as session:
            return await services.integrations.get_integration(session, info.context.viewer, id, created_by)

    @field(
        "Integrations of both worlds that the viewer may see.",
        graphql_type=Connection[Integration],
        directives=[PAGE_LIST_SIZE],
    )
    @staticmethod
    async def integrations(
        info: Info,
        filter: Annotated[
            IntegrationFilter | None,
            strawberry.argument(description="Only those that meet these conditions; it never widens access."),
        ] = None,
        order_by: Annotated[
            list[IntegrationOrder] | None,
            strawberry.argument(
                description="What they are sorted by, the first key first and each at most once; ties are broken "
                "by id, then by team. When absent or empty: the newest first."
            ),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        offset: Offset = None,
    ) -> ConnectionSource:
        viewer = info.context.viewer
        order = services.integrations.build_order([(key.field, key.direction) for key in order_by or ()])
        page = build_page(order, first, after, last, before, offset)
        conditions = filter.to_domain() if filter else DomainFilter()
        async with info.context.read() as session:
            found = await services.integrations.list_integrations(session, viewer, conditions, page)
        return ConnectionSource(page, found, BatchRequest(services.integrations.count_integrations, conditions))
