"""Integrations: which ones a viewer sees."""

import itertools
from collections.abc import Iterable

import pytest

from gateway.database.tables import Integration
from gateway.domain.enums import Permission
from gateway.domain.lenient_reading import Json
from tests.support.factories import connected, store, webhook
from tests.support.gateway import OTHER_TEAM, TEAM, USER, Gateway, collect_statements

LIST = """
  query ($filter: IntegrationFilter, $orderBy: [IntegrationOrder!]) {
    integrations(filter: $filter, orderBy: $orderBy) { totalCount nodes { id teamId } }
  }
"""
GET = "query ($id: ID!, $createdBy: ID) { integration(id: $id, createdBy: $createdBy) { __typename id teamId } }"

WEBHOOK_PERMISSIONS = [
    Permission.MANAGE_INCOMING_INTEGRATIONS,
    Permission.MANAGE_OWN_INCOMING_INTEGRATIONS,
    Permission.MANAGE_OUTGOING_INTEGRATIONS,
    Permission.MANAGE_OWN_OUTGOING_INTEGRATIONS,
]
SHOWN = {
    Permission.READ_INTEGRATIONS: {"team", "personal", "system", "far system"},
    Permission.MANAGE_INCOMING_INTEGRATIONS: {"in own", "in other", "in nobody"},
    Permission.MANAGE_OWN_INCOMING_INTEGRATIONS: {"in own"},
    Permission.MANAGE_OUTGOING_INTEGRATIONS: {"out own", "out other", "out nobody"},
    Permission.MANAGE_OWN_OUTGOING_INTEGRATIONS: {"out own"},
}


def build_not_found_answer(query: str) -> dict[str, object]:
    return {
        "data": {query: None},
        "errors": [
            {
                "message": "There is no integration with this id.",
                "locations": [{"line": 1, "column": 36}],
                "path": [query],
                "extensions": {"code": "NOT_FOUND", "argument": ["id"]},
            }
        ],
    }


def build_integrations() -> list[Integration]:
    """Return one integration of each kind, access and creator, named after these; the ids have no spaces."""
    found = [
        connected("team", access="team"),
        connected("personal", access="personal"),
        connected("other-personal", access="personal", createdBy="somebody.else"),
        connected("nobodys-personal", access="personal", createdBy=None),
        connected("system", access="system"),
        connected("far-team", access="team", team_id=OTHER_TEAM),
        connected("far-personal", access="personal", team_id=OTHER_TEAM),
        connected("far-system", access="system", team_id=OTHER_TEAM),
    ]
    creators: dict[str, Json] = {"own": {"_id": USER}, "other": {"_id": "somebody.else"}, "nobody": None}
    for (creator, by), (word, kind), team_id in itertools.product(
        creators.items(), (("in", "webhook-incoming"), ("out", "webhook-outgoing")), (TEAM, OTHER_TEAM)
    ):
        id = f"{word}-{creator}" if team_id == TEAM else f"far-{word}-{creator}"
        found.append(webhook({"_id": id, "type": kind, "_createdBy": by}, team_id=team_id))
    return found


def list_visible_ids(permissions: Iterable[Permission]) -> set[str]:
    return {name.replace(" ", "-") for permission in permissions for name in SHOWN.get(permission, ())}


@pytest.mark.parametrize("reads", [False, True], ids=["", "read"])
async def test_a_list_its_total_and_a_single_read_use_the_union_of_the_scopes(
    gateway: Gateway, reads: bool
) -> None:
    world = build_integrations()
    await store(gateway.database, *world)
    for size in range(len(WEBHOOK_PERMISSIONS) + 1):
        for combination in itertools.combinations(WEBHOOK_PERMISSIONS, size):
            permissions = [*combination, *([Permission.READ_INTEGRATIONS] if reads else [])]
            visible = list_visible_ids(permissions)
            client = await gateway.client(permissions=permissions)
            answer = await client(LIST)
            if not permissions:
                assert answer["data"] == {"integrations": None}
                (error,) = answer["errors"]
                assert error["path"] == ["integrations"]
                assert error["extensions"] == {"code": "FORBIDDEN"}
            else:
                listed = answer["data"]["integrations"]
                assert {node["id"] for node in listed["nodes"]} == visible
                assert listed["totalCount"] == len(listed["nodes"]) == len(visible)
            if size in (0, 1, 4):
                for row in world:
                    answer = await client(GET, id=row.id)
                    if row.id in visible:
                        assert answer["data"]["integration"]["id"] == row.id
                    else:
                        assert answer == build_not_found_answer("integration")


async def test_an_administrator_sees_all_of_the_team_except_personal_integrations_of_others(
    gateway: Gateway,
) -> None:
    await store(gateway.database, *build_integrations())
    client = await gateway.client()
    listed = (await client.data(LIST))["integrations"]["nodes"]
    assert {node["id"] for node in listed} == list_visible_ids(SHOWN)


@pytest.mark.parametrize(
    "filter",
    [
        {"or": [{}, {"createdBy": "somebody.else"}]},
        {"not": {"createdBy": USER}},
        {"kind": ["CONNECTED", "INCOMING_WEBHOOK", "OUTGOING_WEBHOOK"]},
        {"not": {"not": {}}},
        {"name": {"isNull": False}},
    ],
)
async def test_a_filter_never_widens_what_is_shown(gateway: Gateway, filter: dict[str, Json]) -> None:
    await store(gateway.database, *build_integrations())
    for permission in SHOWN:
        client = await gateway.client(permissions=[permission])
        listed = (await client.data(LIST, filter=filter))["integrations"]
        assert {node["id"] for node in listed["nodes"]} <= list_visible_ids([permission])
        assert listed["totalCount"] == len(listed["nodes"])


async def test_created_by_filters_a_single_integration(gateway: Gateway) -> None:
    await store(gateway.database, webhook({"_id": "w", "_createdBy": {"_id": USER}}), webhook({"_id": "n"}))
    client = await gateway.client()
    found = {"data": {"integration": {"__typename": "IncomingWebhook", "id": "w", "teamId": TEAM}}}
    for creator in (None, "", USER):
        assert await client(GET, id="w", createdBy=creator) == found
    for id, creator in (("w", "somebody.else"), ("w", USER.upper()), ("w", f"{USER} "), ("n", USER)):
        assert await client(GET, id=id, createdBy=creator) == build_not_found_answer("integration")


async def test_of_two_integrations_with_one_id_the_teams_own_is_found(gateway: Gateway) -> None:
    await store(
        gateway.database,
        connected("same", access="system", team_id=OTHER_TEAM, createdBy="far.creator"),
        connected("same", access="system", team_id="000000000000000000000001"),
        connected("same", access="team"),
        connected("far", access="system", team_id=OTHER_TEAM),
    )
    client = await gateway.client(permissions=[Permission.READ_INTEGRATIONS])
    own = {"__typename": "ConnectedIntegration", "id": "same", "teamId": TEAM}
    assert await client(GET, id="same") == {"data": {"integration": own}}
    assert await client(GET, id="same", createdBy="far.creator") == {
        "data": {"integration": {**own, "teamId": OTHER_TEAM}}
    }
    assert (await client.data(GET, id="far"))["integration"]["teamId"] == OTHER_TEAM
    listed = await client.data(LIST, orderBy=[{"field": "CREATED_AT"}])
    assert [(node["id"], node["teamId"]) for node in listed["integrations"]["nodes"]] == [
        ("far", OTHER_TEAM),
        ("same", "000000000000000000000001"),
        ("same", TEAM),
        ("same", OTHER_TEAM),
    ]


@pytest.mark.parametrize("id", ["", " ", "a b", "é", "x" * 65])
async def test_a_malformed_id_is_refused(gateway: Gateway, id: str) -> None:
    answer = await (await gateway.client())(GET, id=id)
    assert answer["data"] == {"integration": None}
    assert [error["extensions"] for error in answer["errors"]] == [{"code": "BAD_USER_INPUT", "argument": ["id"]}]


async def test_the_total_is_counted_only_when_selected(gateway: Gateway) -> None:
    await store(gateway.database, *build_integrations())
    client = await gateway.client()
    counts = []
    for fields in ("nodes { id }", "totalCount nodes { id }"):
        with collect_statements() as ran:
            await client.data(f"{{ integrations {{ {fields} }} }}")
        counts.append(sum("FROM integration" in statement for statement in ran))
    assert counts == [1, 2]


async def test_the_creators_of_a_list_are_read_in_one_statement(gateway: Gateway) -> None:
    client = await gateway.client()
    counts = []
    for number in range(1, 101):
        await store(gateway.database, webhook({"_id": f"w{number}", "_createdBy": {"_id": f"user{number}"}}))
        if number in (1, 10, 100):
            with collect_statements() as ran:
                await client.data("{ integrations(first: 100) { nodes { createdBy { username } } } }")
            counts.append(len(ran))
    assert len(set(counts)) == 1
