"""Interface and queries of integrations: connected integrations and webhooks."""

from datetime import datetime
from typing import Annotated

import strawberry

from gateway import services
from gateway.database import Integration as IntegrationRow
from gateway.domain.cursors import CursorCodec
from gateway.domain.enums import IntegrationKind
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
    parse_page,
)
from gateway.schema.context import Info
from gateway.schema.fields import field
from gateway.schema.inputs import OBJECT_COST
from gateway.schema.integration_filters import IntegrationFilter, IntegrationOrder
from gateway.schema.nodes import Node
from gateway.schema.users import User


@strawberry.interface(description="Integration of a team: an account at a provider, or a webhook.")
class Integration(Node):
    id: strawberry.ID = strawberry.field(description="Id of the document, unique within its type and team.")
    team_id: strawberry.ID = strawberry.field(description="Id of the team that owns the integration.")
    kind: IntegrationKind = strawberry.field(description="Kind of integration; it never changes.")
    name: str = strawberry.field(description="Display name.")
    enabled: bool = strawberry.field(description="Whether the integration is switched on.")
    version: int = strawberry.field(description="Version number; each change adds 1. For `expectedVersion`.")
    created_at: datetime = strawberry.field(description="When the integration was created.")
    created_by: User | None = strawberry.field(description="User who created the integration.")
    updated_at: datetime = strawberry.field(description="When the integration was last changed.")
    updated_by: User | None = strawberry.field(description="User who last changed the integration.")


@strawberry.type
class IntegrationQueries:
    @field(
        "Find an integration by id. NOT_FOUND when it does not exist or the viewer may not see it. Where another "
        "team shares one with the same id, the viewer's team's own is returned.",
        graphql_type=Integration | None,
    )
    @staticmethod
    async def integration(
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Id of the integration.")],
        created_by: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="Id of the creator. NOT_FOUND when another user created the integration. Null or "
                "empty: any creator."
            ),
        ] = None,
    ) -> IntegrationRow:
        async with info.context.read() as reader:
            return await services.integrations.get_integration(reader, info.context.viewer, id, created_by)

    @field(
        "List the connected integrations and webhooks that the viewer may see. FORBIDDEN unless the viewer has "
        "READ_INTEGRATIONS or a permission to manage webhooks.",
        graphql_type=Connection[Integration] | None,
        directives=[PAGE_LIST_SIZE],
    )
    @staticmethod
    async def integrations(
        info: Info,
        filter: Annotated[
            IntegrationFilter | None,
            strawberry.argument(
                description="Return only integrations that meet these conditions. Null: all integrations."
            ),
        ] = None,
        order_by: Annotated[
            list[IntegrationOrder] | None,
            strawberry.argument(
                description="Sort keys, the most significant first, each at most once. Ties are broken by id, "
                "then by team. Null or empty: the newest first. A widget key always sorts by NAME.",
                directives=[OBJECT_COST],
            ),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        offset: Offset = None,
    ) -> ConnectionSource:
        sort_keys = [(key.field, key.direction) for key in order_by or ()]
        viewer = info.context.viewer
        order = services.integrations.build_order(viewer, sort_keys)
        cursors = CursorCodec.create(info.context.cursor_key, viewer.team_id, "integrations", order)
        page = parse_page(order, first, after, last, before, offset).build_page(cursors)
        conditions = (filter or IntegrationFilter()).to_domain()
        async with info.context.read() as reader:
            rows = await services.integrations.list_integrations(reader, viewer, conditions, page)
        count_request = BatchRequest(services.integrations.count_integrations, conditions)
        return ConnectionSource(cursors, (), page, rows, count_request)
