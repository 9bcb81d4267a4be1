"""Clinics that clients of GraphQL read: what their caches have to tell apart, and records for several pages."""

from gateway.domain.ids import NodeId
from tests.support.client_workspace import Server
from tests.support.factories import connected, record, store
from tests.support.gateway import OTHER_TEAM, TEAM


def get_node_id(id: str) -> str:
    """Return the `nodeId` of a connected integration."""
    return NodeId("ConnectedIntegration", TEAM, id).encode()


async def store_clinic(server: Server, *records: str) -> None:
    """Store the integration `clinic` with appointments of these ids."""
    await store(server.gateway.database, connected("clinic"), *(record(id, "clinic") for id in records))


async def store_practitioners(server: Server) -> None:
    """Store two clinics, each with a practitioner whose id in its system is 7."""
    names = {"north": "Ana", "south": "Ben"}
    for clinic, name in names.items():
        config = {"type": "practitioners", "id": "7", "name": name}
        await store(server.gateway.database, connected(clinic), record(name, clinic, {**config}))


async def store_shared_id(server: Server) -> None:
    """Store two integrations with the id `clinic`: the team's own, and one that another team shares."""
    shared = connected("clinic", team_id=OTHER_TEAM, name="Shared", access="system")
    await store(server.gateway.database, connected("clinic", name="Own"), shared)
