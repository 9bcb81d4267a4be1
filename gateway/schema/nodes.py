"""Relay nodes: global ids, and the queries that find objects by them."""

import asyncio
from typing import Annotated, cast

import strawberry

from gateway import services
from gateway.database import Integration, ResourceRecord, UseCase, UseCaseGroup
from gateway.domain.enums import ErrorCode, IntegrationKind
from gateway.domain.ids import NodeId, is_id
from gateway.errors import refusal
from gateway.execution import ListSize, declare_columns
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
    """Return the name of a row's GraphQL type, which is the name of its entity except for integrations."""
    name = type(source).__name__
    return _INTEGRATION_TYPES[cast(Integration, source).kind] if name == Integration.__name__ else name


def get_node_id(source: NodeSource) -> NodeId:
    """Return the content of a row's `nodeId`."""
    return NodeId(get_type_name(source), source.team_id, source.id)


@strawberry.interface(description="Object with a global id, which `node` and `nodes` find.")
class Node:
    @field(
        "Opaque global id, unique over all types and teams. `id` is unique only within its type and team.",
        reads=("kind", "team_id", "id"),
    )
    @staticmethod
    def node_id(root: strawberry.Parent[NodeSource]) -> strawberry.ID:
        return strawberry.ID(get_node_id(root).encode())

    @classmethod
    @declare_columns("kind")
    def resolve_type(cls, source: NodeSource, *_: object) -> str:
        return get_type_name(source)

    @classmethod
    def is_type_of(cls, source: NodeSource, *_: object) -> bool:
        return get_type_name(source) == cls.__name__


async def _find_node(context: Context, node_id: str) -> NodeSource | None:
    """Find the object of a global id. All ids of one operation take one statement for each table."""
    decoded = NodeId.decode(node_id)
    if decoded is None or not (is_id(decoded.team_id) and is_id(decoded.id)):
        return None
    key = (decoded.team_id, decoded.id)
    node: NodeSource | None = None
    match decoded.type_name:
        case "ConnectedIntegration" | "IncomingWebhook" | "OutgoingWebhook":
            node = await context.load(services.integrations.find_by_keys, key)
        case "UseCaseGroup":
            node = await context.load(services.use_case_groups.find_by_keys, key)
        case "UseCase":
            node = await context.load(services.use_cases.find_by_keys, key)
        case "ResourceRecord":
            node = await context.load(services.resource_records.find_by_keys, key)
    # Refuse other encodings of the id, and the id of another kind of integration.
    return node if node is not None and get_node_id(node).encode() == node_id else None


@strawberry.type
class NodeQueries:
    @field(
        "Find an object by its global id; null when it does not exist or the viewer may not see it.",
        graphql_type=Node | None,
    )
    @staticmethod
    async def node(
        info: Info,
        node_id: Annotated[strawberry.ID, strawberry.argument(description="`nodeId` of the object.")],
    ) -> NodeSource | None:
        return await _find_node(info.context, node_id)

    @field(
        f"Find up to {MAX_NODES} objects by their global ids, in the order of `nodeIds`. An entry is null when "
        "the object does not exist or the viewer may not see it. TOO_MANY above the limit.",
        graphql_type=list[Node | None],
        directives=[ListSize(assumed_size=MAX_NODES, slicing_arguments=["nodeIds"], maximum=MAX_NODES)],
    )
    @staticmethod
    async def nodes(
        info: Info,
        node_ids: Annotated[
            list[strawberry.ID],
            strawberry.argument(description=f"`nodeId`s of the objects, at most {MAX_NODES}."),
        ],
    ) -> list[NodeSource | None]:
        if len(node_ids) > MAX_NODES:
            raise refusal(
                ErrorCode.TOO_MANY,
                f"`nodeIds` may have at most {MAX_NODES} entries, not {len(node_ids)}.",
                "nodeIds",
            )
        return await asyncio.gather(*(_find_node(info.context, node_id) for node_id in node_ids))
