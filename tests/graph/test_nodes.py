"""Node ids: order, missing nodes and visibility."""

import base64

from gateway.domain.enums import Permission
from gateway.domain.ids import NodeId
from gateway.domain.lenient_reading import Json
from tests.support.factories import connected, record, store, use_case, use_case_group, webhook
from tests.support.gateway import OTHER_TEAM, TEAM, USER, Gateway, statements

NODE = "query ($id: ID!) { node(nodeId: $id) { __typename nodeId } }"
NODES = "query ($ids: [ID!]!) { nodes(nodeIds: $ids) { __typename nodeId } }"


def encode_node_id(type_name: str, id: str, team_id: str = TEAM) -> str:
    return NodeId(type_name, team_id, id).encode()


EVERYTHING = {
    "ConnectedIntegration": Permission.READ_INTEGRATIONS,
    "IncomingWebhook": Permission.MANAGE_INCOMING_INTEGRATIONS,
    "OutgoingWebhook": Permission.MANAGE_OUTGOING_INTEGRATIONS,
    "UseCaseGroup": Permission.READ_INTEGRATIONS,
    "UseCase": Permission.READ_INTEGRATIONS,
    "ResourceRecord": Permission.READ_RECORDS,
}
"""Permission that the viewer needs, by type of node."""


async def store_nodes(gateway: Gateway, count: int = 1) -> list[str]:
    """Store nodes of each type in this team and another one, and return the node ids of this team."""
    for team_id in (TEAM, OTHER_TEAM):
        numbers = range(count)
        await store(
            gateway.database,
            *(connected(f"ConnectedIntegration{n}", team_id=team_id) for n in numbers),
            *(webhook({"_id": f"IncomingWebhook{n}"}, team_id=team_id) for n in numbers),
            *(
                webhook({"_id": f"OutgoingWebhook{n}", "type": "webhook-outgoing"}, team_id=team_id)
                for n in numbers
            ),
        )
        under = "ConnectedIntegration0"
        await store(
            gateway.database,
            *(use_case_group(f"UseCaseGroup{n}", under, team_id=team_id) for n in numbers),
        )
        await store(
            gateway.database,
            *(use_case(f"UseCase{n}", under, team_id=team_id) for n in numbers),
            *(record(f"ResourceRecord{n}", under, team_id=team_id) for n in numbers),
        )
    return [encode_node_id(name, f"{name}{number}") for number in range(count) for name in EVERYTHING]


async def test_every_type_of_node_is_found_by_its_node_id(gateway: Gateway) -> None:
    ids = await store_nodes(gateway)
    client = await gateway.client()
    found: list[Json] = [{"__typename": name, "nodeId": id} for name, id in zip(EVERYTHING, ids, strict=True)]
    assert await client(NODES, ids=ids) == {"data": {"nodes": found}}
    for id, node in zip(ids, found, strict=True):
        assert await client(NODE, id=id) == {"data": {"node": node}}


async def test_nodes_are_in_the_order_of_the_ids_and_null_when_missing(gateway: Gateway) -> None:
    first, *_, last = await store_nodes(gateway)
    client = await gateway.client()
    missing = encode_node_id("UseCase", "missing")
    answer = await client.data(NODES, ids=[last, missing, first, last, "garbage"])
    assert [node and node["nodeId"] for node in answer["nodes"]] == [last, None, first, last, None]
    assert await client(NODES, ids=[]) == {"data": {"nodes": []}}


async def test_a_malformed_node_id_finds_nothing(gateway: Gateway) -> None:
    ids = await store_nodes(gateway)
    wrong = [
        "",
        "garbage",
        "é",
        f"{ids[0]}=",
        f" {ids[0]}",
        base64.urlsafe_b64encode(b"\xff\xff\xff").decode(),
        encode_node_id("IncomingWebhook", "OutgoingWebhook0"),
        encode_node_id("ConnectedIntegration", "IncomingWebhook0"),
        encode_node_id("Integration", "ConnectedIntegration0"),
        encode_node_id("User", USER),
        encode_node_id("Query", "ConnectedIntegration0"),
        encode_node_id("UseCase", "UseCase\x00"),
        encode_node_id("UseCase", "UseCase0", f"{TEAM}\x00"),
        encode_node_id("ResourceRecord", "ResourceRecord0", TEAM.upper()),
        encode_node_id("ResourceRecord", "x" * 1000),
    ]
    client = await gateway.client()
    assert await client(NODES, ids=wrong) == {"data": {"nodes": [None] * len(wrong)}}
    for id in wrong:
        assert await client(NODE, id=id) == {"data": {"node": None}}


async def test_nodes_of_another_team_are_null(gateway: Gateway) -> None:
    await store_nodes(gateway)
    await store(gateway.database, connected("shared", team_id=OTHER_TEAM, access="system"))
    client = await gateway.client()
    far = [encode_node_id(name, f"{name}0", OTHER_TEAM) for name in EVERYTHING]
    assert await client(NODES, ids=far) == {"data": {"nodes": [None] * len(far)}}
    shared = encode_node_id("ConnectedIntegration", "shared", OTHER_TEAM)
    node = {"__typename": "ConnectedIntegration", "nodeId": shared}
    assert await client(NODE, id=shared) == {"data": {"node": node}}
    for permissions in ([], [Permission.WRITE_INTEGRATIONS]):
        stranger = await gateway.client(permissions=permissions)
        assert await stranger(NODE, id=shared) == {"data": {"node": None}}


async def test_children_of_another_users_personal_integration_are_null(gateway: Gateway) -> None:
    await store(gateway.database, connected("p", access="personal", createdBy="somebody.else"))
    await store(gateway.database, use_case_group("g", "p"), use_case("u", "p"), record("r", "p"))
    ids = [
        encode_node_id("ConnectedIntegration", "p"),
        encode_node_id("UseCaseGroup", "g"),
        encode_node_id("UseCase", "u"),
        encode_node_id("ResourceRecord", "r"),
    ]
    assert await (await gateway.client())(NODES, ids=ids) == {"data": {"nodes": [None] * 4}}
    assert None not in (await (await gateway.client(user_id="somebody.else")).data(NODES, ids=ids))["nodes"]


async def test_without_the_permission_a_node_is_null(gateway: Gateway) -> None:
    ids = await store_nodes(gateway)
    # A key with this permission alone is a widget key, which may not select `nodes`.
    for permission in set(Permission) - {Permission.READ_STATISTICS}:
        client = await gateway.client(permissions=[permission])
        expected = [
            id if permission in (needed, Permission.ADMIN) else None
            for id, needed in zip(ids, EVERYTHING.values(), strict=True)
        ]
        answer = await client.data(NODES, ids=ids)
        assert [node and node["nodeId"] for node in answer["nodes"]] == expected


async def test_more_than_a_hundred_nodes_are_refused(gateway: Gateway) -> None:
    (id, *_) = await store_nodes(gateway)
    client = await gateway.client()
    assert len((await client.data(NODES, ids=[id] * 100))["nodes"]) == 100
    assert await client(NODES, ids=[id] * 101) == {
        "data": None,
        "errors": [
            {
                "message": "`nodeIds` may have at most 100 entries, not 101.",
                "locations": [{"line": 1, "column": 24}],
                "path": ["nodes"],
                "extensions": {"code": "TOO_MANY", "argument": ["nodeIds"]},
            }
        ],
    }


async def test_nodes_are_read_in_one_statement_for_each_table(gateway: Gateway) -> None:
    ids = await store_nodes(gateway, 16)
    client = await gateway.client()
    counts = []
    for selected in (ids[:6], ids[:60], ids):
        with statements() as ran:
            answer = await client.data(NODES, ids=selected)
        assert [node["nodeId"] for node in answer["nodes"]] == selected
        counts.append(len(ran))
    aliases = " ".join(f'n{number}: node(nodeId: "{id}") {{ nodeId }}' for number, id in enumerate(ids[:20]))
    with statements() as ran:
        await client.data(f"{{ {aliases} }}")
    assert {*counts, len(ran)} == {1 + 4}  # the key, then four tables
