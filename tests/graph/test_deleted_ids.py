"""The ids of deleted objects, by which a client removes them from its cache."""

from datetime import timedelta

import pytest
from graphql import get_named_type

from gateway.domain.enums import UseCaseKey
from gateway.schema import schema
from tests.support.factories import AT, connected, record, store, use_case, use_case_group, webhook
from tests.support.gateway import OTHER_TEAM, TEAM, Client, Gateway

PAYLOAD = "{ deletedIds deletedNodeIds errors { code } }"
MUTATIONS = {
    "connected": ('deleteIntegration(id: "i")', ["i"], ["ConnectedIntegration"]),
    "incoming": ('deleteIntegration(id: "in", kind: INCOMING_WEBHOOK)', ["in"], ["IncomingWebhook"]),
    "outgoing": ('deleteIntegration(id: "out")', ["out"], ["OutgoingWebhook"]),
    "use case": ('deleteUseCase(id: "free")', ["free"], ["UseCase"]),
    "group": (
        'deleteUseCaseGroup(id: "g")',
        ["g", "old", "new", "newest"],
        ["UseCaseGroup", "UseCase", "UseCase", "UseCase"],
    ),
    "empty group": ('deleteUseCaseGroup(id: "empty")', ["empty"], ["UseCaseGroup"]),
    "records": (
        'deleteResourceRecords(integrationId: "i", ids: ["c", "a", "b"])',
        ["c", "a", "b"],
        ["ResourceRecord"] * 3,
    ),
}
"""A mutation, and the ids and types of what it lists."""

ALL = """{
  integrations { nodes {
    nodeId
    ... on ConnectedIntegration {
      useCaseGroups { nodes { nodeId } } useCases { nodes { nodeId } } resourceRecords { nodes { nodeId } }
    }
  } }
}"""

NODES = """query ($ids: [ID!]!) { nodes(nodeIds: $ids) {
  __typename nodeId
  ... on Integration { id } ... on UseCaseGroup { id } ... on UseCase { id } ... on ResourceRecord { id }
} }"""


async def _store_all(gateway: Gateway) -> Client:
    for team in (OTHER_TEAM, TEAM):
        await store(
            gateway.database,
            connected("i", team_id=team),
            webhook({"_id": "in"}, team_id=team),
            webhook({"_id": "out", "type": "webhook-outgoing"}, team_id=team),
            use_case_group("g", "i", team_id=team),
            use_case_group("empty", "i", team_id=team),
            *(record(id, "i", team_id=team) for id in ("a", "b", "c", "kept")),
        )
        await store(
            gateway.database,
            use_case("free", "i", team_id=team, type="no_such_type"),
            *(
                use_case(id, "i", team_id=team, group=("g", key), at=AT + timedelta(days=days))
                for id, key, days in (
                    ("new", UseCaseKey.LAB_REMINDER, 2),
                    ("newest", UseCaseKey.BILLING_REMINDER, 3),
                    ("old", UseCaseKey.PROCEDURE_REMINDER, 1),
                )
            ),
        )
    return await gateway.client()


async def _find_node_ids(client: Client) -> set[str]:
    """Return the node ids of all objects of the client's team."""
    nodes = (await client.data(ALL))["integrations"]["nodes"]
    below = [
        entry for node in nodes for each in node.values() if isinstance(each, dict) for entry in each["nodes"]
    ]
    return {entry["nodeId"] for entry in [*nodes, *below]}


@pytest.mark.parametrize("case", MUTATIONS)
async def test_a_deletion_lists_the_ids_that_clients_cache(gateway: Gateway, case: str) -> None:
    mutation, ids, types = MUTATIONS[case]
    client = await _store_all(gateway)
    before = await _find_node_ids(client)
    known = {node["nodeId"]: node for node in (await client.data(NODES, ids=sorted(before)))["nodes"]}
    (payload,) = (await client.data(f"mutation {{ {mutation} {PAYLOAD} }}")).values()
    assert payload["errors"] == []
    assert payload["deletedIds"] == ids
    found = [known[node_id] for node_id in payload["deletedNodeIds"]]
    assert [(node["id"], node["__typename"]) for node in found] == list(zip(ids, types, strict=True))
    gone = before - await _find_node_ids(client)
    # What a deleted integration contained is not listed.
    assert gone == set(payload["deletedNodeIds"]) or (case == "connected" and gone > {*payload["deletedNodeIds"]})


@pytest.mark.parametrize("case", MUTATIONS)
async def test_a_refused_deletion_lists_nothing(gateway: Gateway, case: str) -> None:
    client = await gateway.client()
    (payload,) = (await client.data(f"mutation {{ {MUTATIONS[case][0]} {PAYLOAD} }}")).values()
    assert {**payload, "errors": payload["errors"][:1]} == {
        "deletedIds": [],
        "deletedNodeIds": [],
        "errors": [{"code": "NOT_FOUND"}],
    }


def test_every_deletion_is_tested() -> None:
    mutation_type = schema._schema.mutation_type
    assert mutation_type is not None
    deletions = {
        name for name, field in mutation_type.fields.items() if get_named_type(field.type).name == "DeletePayload"
    }
    assert {mutation.partition("(")[0] for mutation, _, _ in MUTATIONS.values()} == deletions
