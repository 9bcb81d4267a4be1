"""What has a global id, and finding it again."""

import strawberry

from gateway.domain.enums import IntegrationKind
from gateway.domain.ids import NodeId
from gateway.schema.fields import field
from gateway.tables import Integration, ResourceRecord, UseCase, UseCaseGroup

NodeSource = Integration | UseCaseGroup | UseCase | ResourceRecord

_INTEGRATION_TYPES = {
    IntegrationKind.CONNECTED: "ConnectedIntegration",
    IntegrationKind.INCOMING_WEBHOOK: "IncomingWebhook",
    IntegrationKind.OUTGOING_WEBHOOK: "OutgoingWebhook",
}


def type_name(source: NodeSource) -> str:
    """The GraphQL type that a row is shown as."""
    return _INTEGRATION_TYPES[source.kind] if isinstance(source, Integration) else type(source).__name__


@strawberry.interface(description="A thing that `node` finds again.")
class Node:
    @field("Opaque and unique over all types; `id` is the document's own id, unique within its type.")
    @staticmethod
    def node_id(root: strawberry.Parent[NodeSource]) -> strawberry.ID:
        return strawberry.ID(NodeId(type_name(root), root.team_id, root.id).encode())

    @classmethod
    def resolve_type(cls, source: NodeSource, *_: object) -> str:
        return type_name(source)

    @classmethod
    def is_type_of(cls, source: NodeSource, *_: object) -> bool:
        return type_name(source) == cls.__name__


@strawberry.type
class NodeQueries:
    pass
