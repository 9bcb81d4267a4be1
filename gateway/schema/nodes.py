"""What has a global id, and finding it again."""

import asyncio
from typing import Annotated, cast

import strawberry

from gateway import services
from gateway.database import Integration, ResourceRecord, UseCase, UseCaseGroup
from gateway.domain.enums import ErrorCode, IntegrationKind
from gateway.domain.ids import NodeId, is_id
from gateway.errors import refusal
from gateway.execution import ListSize, declare_read_attributes
from gateway.schema.context import Context, Info
from gateway.schema.fields import field

NodeSource = Integration | UseCaseGroup | UseCase | ResourceRecord

MAX_NODES = 100

_INTEGRATION_TYPES = {
    IntegrationKind.CONNECTED: "ConnectedIntegration",
    IntegrationKind.INCOMING_WEBHOOK: "IncomingWebhook",
    IntegrationKind.OUTGOING_WEBHOOK: "OutgoingWebhook",
}


def get_type_name(source: NodeSource) -> str:
    """The GraphQL type that a row is shown as; rows are called after their entity."""
    name = type(source).__name__
    return _INTEGRATION_TYPES[cast(Integration, source).kind] if name == Integration.__name__ else name


def _encode_node_id(source: NodeSource) -> str:
    return NodeId(get_type_name(source), source.team_id, source.id).encode()


@strawberry.interface(description="A thing that `node` finds again.")
class Node:
    @field(
        "Opaque and unique over all types; `id` is the document's own id, unique within its type.",
        reads=("kind", "team_id", "id"),
    )
    @staticmethod
    def node_id(root: strawberry.Parent[NodeSource]) -> strawberry.ID:
        return strawberry.ID(_encode_node_id(root))

    @classmethod
    @declare_read_attributes("kind")
    def resolve_type(cls, source: NodeSource, *_: object) -> str:
        return get_type_name(source)

    @classmethod
    def is_type_of(cls, source: NodeSource, *_: object) -> bool:
        return get_type_name(source) == cls.__name__


async def _find_node(context: Context, node_id: str) -> NodeSource | None:
    """What a node id stands for; all that one operation asks for is read in one statement for each table."""
    decoded = NodeId.decode(node_id)
    if decoded is None or not (is_id(decoded.team_id) and is_id(decoded.id)):
        return None
    key = (decoded.team_id, decoded.id)
    found: NodeSource | None = None
    match decoded.type_name:
        case "ConnectedIntegration" | "IncomingWebhook" | "OutgoingWebhook":
            found = await context.load(services.integrations.find_by_keys, key)
        case "UseCaseGroup":
            found = await context.load(services.use_case_groups.find_by_keys, key)
        case "UseCase":
            found = await context.load(services.use_cases.find_by_keys, key)
        case "ResourceRecord":
            found = await context.load(services.resource_records.find_by_keys, key)
    # Only the id that the thing itself gives: not another spelling of it, nor one with another kind.
    return found if found is not None and _encode_node_id(found) == node_id else None


@strawberry.type
class NodeQueries:
    @field(
        "What this node id stands for; null for what does not exist or is not visible.",
        graphql_type=Node | None,
    )
    @staticmethod
    async def node(
        info: Info,
        node_id: Annotated[strawberry.ID, strawberry.argument(description="The `nodeId` of anything.")],
    ) -> NodeSource | None:
        return await _find_node(info.context, node_id)

    @field(
        f"Up to {MAX_NODES}, in the order asked; null for what does not exist or is not visible.",
        graphql_type=list[Node | None],
        directives=[ListSize(assumed_size=MAX_NODES, slicing_arguments=["nodeIds"], maximum=MAX_NODES)],
    )
    @staticmethod
    async def nodes(
        info: Info,
        node_ids: Annotated[
            list[strawberry.ID],
            strawberry.argument(description=f"The `nodeId`s of anything, at most {MAX_NODES}."),
        ],
    ) -> list[NodeSource | None]:
        if len(node_ids) > MAX_NODES:
            raise refusal(
                ErrorCode.TOO_MANY, f"Ask for at most {MAX_NODES} nodes at once, not {len(node_ids)}.", "nodeIds"
            )
        return await asyncio.gather(*(_find_node(info.context, node_id) for node_id in node_ids))
