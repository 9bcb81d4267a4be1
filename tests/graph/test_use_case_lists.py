"""Lists of groups and use cases of an integration: filters, pages and statements."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.enums import UseCaseKey, UseCaseType
from tests.support.factories import AT, connected, store, use_case, use_case_group
from tests.support.gateway import OTHER_TEAM, TEAM, USER, Client, Gateway, statements

PAGE = """
query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $offset: Int) {
  integration(id: $id) { ... on ConnectedIntegration {
    list: LIST(first: $first, after: $after, last: $last, before: $before, offset: $offset) {
      edges { cursor node { id } } nodes { id } totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  } }
}
"""
FILTERED = """
query ($status: Status, $type: UseCaseType, $first: Int) {
  integration(id: "i") { ... on ConnectedIntegration {
    list: useCases(status: $status, type: $type, first: $first) { nodes { id } totalCount }
  } }
}
"""
BELOW = """
query ($first: Int) {
  integrations(first: $first) { nodes { ... on ConnectedIntegration {
    useCases(first: 2) { totalCount nodes { createdBy { username } integration { name } group { slug } } }
    useCaseGroups(first: 2) { totalCount nodes { integration { name } useCases { id } } }
  } } }
}
"""
OWN = """
{ integrations { nodes { teamId ... on ConnectedIntegration {
  useCases { nodes { id } totalCount } useCaseGroups { nodes { id } totalCount }
} } } }
"""
BY_DEPTH = {
    1: "{ integrations { nodes { id name version } } }",
    3: """{ integrations { nodes { ... on ConnectedIntegration {
      useCases { nodes { id version integration { name } } }
    } } } }""",
    5: """{ integrations { nodes { ... on ConnectedIntegration {
      useCaseGroups { nodes { name useCases { id version group { slug integration { id } } } } }
    } } } }""",
}
"""Queries by the depth of their nested lists."""
LISTS = ("useCases", "useCaseGroups")


async def fetch_list(client: Client, query: str, **variables: object) -> Any:
    return (await client.data(query, **variables))["integration"]["list"]


def list_ids(nodes: Sequence[dict[str, str]]) -> list[str]:
    return [node["id"] for node in nodes]


async def test_an_integration_of_another_team_has_empty_lists(gateway: Gateway) -> None:
    client = await gateway.client()
    # Both teams use the same ids.
    for team_id, access in ((OTHER_TEAM, "system"), (TEAM, "team")):
        await store(gateway.database, connected("i", team_id=team_id, access=access))
        await store(gateway.database, use_case_group(team_id, "i", team_id=team_id))
        await store(gateway.database, use_case(team_id, "i", team_id=team_id))
    nodes = (await client.data(OWN))["integrations"]["nodes"]
    own, nothing = {"nodes": [{"id": TEAM}], "totalCount": 1}, {"nodes": [], "totalCount": 0}
    assert {node["teamId"]: (node["useCases"], node["useCaseGroups"]) for node in nodes} == {
        TEAM: (own, own),
        OTHER_TEAM: (nothing, nothing),
    }


@pytest.mark.parametrize("depth", BY_DEPTH)
async def test_a_list_needs_at_most_two_statements_more_than_its_depth(gateway: Gateway, depth: int) -> None:
    client = await gateway.client()
    for number in range(12):
        await store(gateway.database, connected(f"i{number}"))
        await store(gateway.database, *(use_case_group(f"g{number}-{each}", f"i{number}") for each in range(3)))
        below = [
            use_case(f"u{number}-{each}", f"i{number}", group=(f"g{number}-{each % 3}", key))
            for each, key in enumerate(UseCaseKey)
        ]
        await store(gateway.database, *below)
    with statements() as ran:
        answer = await client.data(BY_DEPTH[depth])
    assert len(answer["integrations"]["nodes"]) == 12
    assert len(ran) <= depth + 2


async def test_use_cases_are_filtered_by_status_and_type(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("i"))
    types = [*(type_.value for type_ in UseCaseType), "fax", ""]
    rows = [
        use_case(f"{status}-{type_}", "i", type=type_, status=status)
        for type_ in types
        for status in ("active", "off")
    ]
    await store(gateway.database, *rows)
    assert (await fetch_list(client, FILTERED))["totalCount"] == 16
    off = await fetch_list(client, FILTERED, status="INACTIVE", type="BILLING_REMINDER_WITH_SHEET")
    assert off == {"nodes": [{"id": "off-billing_reminder_with_sheet"}], "totalCount": 1}
    others = await fetch_list(client, FILTERED, type="OTHER")
    assert list_ids(others["nodes"]) == [
        f"{status}-{type_}" for status in ("active", "off") for type_ in ("", "fax", "other")
    ]
    first = await fetch_list(client, FILTERED, status="ACTIVE", type="OTHER", first=1)
    assert first == {"nodes": [{"id": "active-"}], "totalCount": 3}


@pytest.mark.parametrize("name", LISTS)
async def test_paging_forward_backward_and_by_offset_yield_the_same_list(gateway: Gateway, name: str) -> None:
    client = await gateway.client()
    query = PAGE.replace("LIST", name)
    make = use_case if name == "useCases" else use_case_group
    await store(gateway.database, connected("i"), connected("other"))
    # Not in the order of their ids, and some created at the same instant.
    minutes = {"a": 5, "b": 1, "c": 1, "d": 9, "e": 0, "f": 3, "g": 3}
    rows = [make(id, "i", at=AT + timedelta(minutes=minute)) for id, minute in minutes.items()]
    await store(gateway.database, *rows, make("x", "other"))
    every = ["e", "b", "c", "f", "g", "a", "d"]
    for size in (1, 2, 5, 7):
        pages = [every[start : start + size] for start in range(0, len(every), size)]
        by_offset = [
            await fetch_list(client, query, id="i", first=size, offset=start) for start in range(0, 7, size)
        ]
        assert [list_ids(page["nodes"]) for page in by_offset] == pages
        forward = [await fetch_list(client, query, id="i", first=size)]
        while forward[-1]["pageInfo"]["hasNextPage"]:
            after = forward[-1]["pageInfo"]["endCursor"]
            forward.append(await fetch_list(client, query, id="i", first=size, after=after))
        assert [page["edges"] for page in forward] == [page["edges"] for page in by_offset]
        assert {page["totalCount"] for page in forward} == {7}
        backward = [await fetch_list(client, query, id="i", last=size)]
        while backward[0]["pageInfo"]["hasPreviousPage"]:
            before = backward[0]["pageInfo"]["startCursor"]
            backward.insert(0, await fetch_list(client, query, id="i", last=size, before=before))
        assert [id for page in backward for id in list_ids(page["nodes"])] == every


@pytest.mark.parametrize("name", LISTS)
async def test_a_page_above_the_limit_is_refused(gateway: Gateway, name: str) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("i"))
    answer = await client(PAGE.replace("LIST", name), id="i", first=101)
    (error,) = answer["errors"]
    assert error["message"] == "`first` must be from 1 to 100, not 101."
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": ["first"]}


async def test_lists_of_a_hundred_parents_need_as_many_statements_as_of_one(gateway: Gateway) -> None:
    client = await gateway.client()
    numbers = [f"{number:03}" for number in range(100)]
    await store(gateway.database, *(connected(f"i{n}") for n in numbers))
    await store(gateway.database, *(use_case_group(f"g{n}", f"i{n}") for n in numbers))
    key = UseCaseKey.LAB_REMINDER
    await store(gateway.database, *(use_case(f"u{n}", f"i{n}", group=(f"g{n}", key)) for n in numbers))
    counted = []
    for first in (1, 10, 100):
        with statements() as collected:
            data = await client.data(BELOW, first=first)
        counted.append(len(collected))
        nodes = data["integrations"]["nodes"]
        assert [node["useCases"]["totalCount"] for node in nodes] == [1] * first
        number = numbers[first - 1]
        above = {"integration": {"name": f"i{number}"}}
        assert nodes[-1] == {
            "useCases": {
                "totalCount": 1,
                "nodes": [{"createdBy": {"username": USER}, "group": {"slug": f"g{number}"}, **above}],
            },
            "useCaseGroups": {"totalCount": 1, "nodes": [{"useCases": [{"id": f"u{number}"}], **above}]},
        }
    # The key, the integrations, both lists and their totals, and what hangs above and below these: the users,
    # the integrations, the groups and the groups' use cases.
    assert counted == [10, 10, 10]
