"""The query `auditLog`: permissions, order, filters and pages."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.database import AuditEntry
from gateway.domain.calendar.instants import format_instant
from gateway.domain.enums import Permission
from gateway.domain.lenient_reading import Json
from tests.support.factories import AT, store, user
from tests.support.gateway import OTHER_TEAM, TEAM, USER, Client, Gateway, collect_statements

LIST = """query($filter: AuditFilter, $first: Int, $after: String) {
  auditLog(filter: $filter, first: $first, after: $after) {
    totalCount
    nodes { id at by { id username } keyId action subject changedPaths requestId }
    edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""
NAMES = [f"e{number}" for number in range(6)]


def at(minutes: int) -> datetime:
    # Later than the entry of the client's key, and so the newest ones.
    return AT.replace(year=2999) + timedelta(minutes=minutes)


def entry(number: int, *, team_id: str = TEAM, **columns: Any) -> AuditEntry:
    values = {
        "user_id": USER,
        "key_id": "key",
        "action": "integration.update",
        "subject": "integration a",
        "changed_paths": None,
        "request_id": "r",
        **columns,
    }
    return AuditEntry(team_id=team_id, id=f"e{number}", at=at(number), **values)


@pytest.fixture
async def client(gateway: Gateway) -> Client:
    """A client with ADMIN, whose team has six entries and that of its key."""
    client = await gateway.client()
    await gateway.client(OTHER_TEAM)
    await store(
        gateway.database,
        user("other", "o.ther"),
        entry(0, changed_paths=["name", "config.scope"]),
        entry(1, action="secret.read", user_id="other", key_id="other-key"),
        entry(2, action="key.create", user_id="", key_id="", subject="key k", request_id=None),
        entry(3, subject="integration b"),
        entry(4, action="session.refuse", user_id="", subject="key k"),
        entry(5, user_id="other"),
        *(entry(number, team_id=OTHER_TEAM) for number in range(6)),
    )
    return client


async def list_log(client: Client, **variables: Any) -> Any:
    return (await client.data(LIST, **variables))["auditLog"]


async def list_ids(client: Client, filter: Mapping[str, Json]) -> list[str]:
    """Return the ids of the entries that match, and check their number."""
    found = await list_log(client, filter=filter)
    assert found["totalCount"] == len(found["nodes"])
    return [node["id"] for node in found["nodes"]]


async def test_the_newest_entry_is_first(client: Client) -> None:
    found = await list_log(client)
    assert [node["id"] for node in found["nodes"]][:-1] == NAMES[::-1]
    assert found["totalCount"] == 7
    (created,) = found["nodes"][6:]
    assert (created["action"], created["by"], created["requestId"]) == ("key.create", None, None)


async def test_an_entry_has_all_its_values(client: Client) -> None:
    nodes = {node["id"]: node for node in (await list_log(client))["nodes"]}
    assert nodes["e0"] == {
        "id": "e0",
        "at": format_instant(at(0)),
        "by": {"id": USER, "username": USER},
        "keyId": "key",
        "action": "integration.update",
        "subject": "integration a",
        "changedPaths": ["name", "config.scope"],
        "requestId": "r",
    }
    assert nodes["e1"]["by"] == {"id": "other", "username": "o.ther"}
    assert (nodes["e2"]["by"], nodes["e2"]["keyId"], nodes["e2"]["changedPaths"]) == (None, None, [])
    assert (nodes["e4"]["by"], nodes["e4"]["keyId"]) == (None, "key")


@pytest.mark.parametrize(
    "permissions", [[], [*set(Permission) - {Permission.ADMIN}], [Permission.READ_STATISTICS]]
)
async def test_the_log_needs_admin(gateway: Gateway, client: Client, permissions: list[Permission]) -> None:
    del client
    answer = await (await gateway.client(permissions=permissions)).send(LIST, {})
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert "e0" not in answer.text


@pytest.mark.parametrize(
    ("filter", "numbers"),
    [
        ({}, None),
        (dict.fromkeys(("action", "subject", "userId", "keyId", "at")), None),
        ({"at": {}}, None),
        ({"action": ["secret.read"]}, [1]),
        ({"action": ["session.refuse", "secret.read", "secret.read"]}, [4, 1]),
        ({"action": ["integration.update", "secret.read"], "userId": "other"}, [5, 1]),
        ({"action": []}, []),
        ({"action": ["import.end", "import.begin"]}, []),
        ({"subject": "key k"}, [4, 2]),
        ({"subject": "key"}, []),
        ({"userId": USER}, [3, 0]),
        ({"userId": "other"}, [5, 1]),
        ({"userId": "missing"}, []),
        ({"keyId": "other-key"}, [1]),
        ({"keyId": "key", "userId": "", "action": ["session.refuse"]}, [4]),
        ({"at": {"gte": format_instant(at(1)), "lt": format_instant(at(3))}}, [2, 1]),
        ({"at": {"in": [format_instant(at(1)), format_instant(at(4))]}}, [4, 1]),
        ({"at": {"gt": format_instant(at(3))}, "action": ["integration.update", "key.create"]}, [5]),
    ],
)
async def test_each_filter_lists_and_counts_what_matches(
    client: Client, filter: Mapping[str, Json], numbers: list[int] | None
) -> None:
    ids = await list_ids(client, filter)
    assert (ids[:-1] if numbers is None else ids) == [
        f"e{number}" for number in (range(5, -1, -1) if numbers is None else numbers)
    ]


async def test_an_empty_id_matches_what_nobody_did(client: Client) -> None:
    found = await list_ids(client, {"userId": ""})
    assert found[:-1] == ["e4", "e2"]
    assert (await list_ids(client, {"keyId": ""}))[:-1] == ["e2"]


@pytest.mark.parametrize("filter", [None, {"action": ["integration.update", "secret.read"]}, {"keyId": "key"}])
async def test_pages_together_are_the_whole_list(client: Client, filter: Mapping[str, Json] | None) -> None:
    whole = [node["id"] for node in (await list_log(client, filter=filter))["nodes"]]
    found, after = [], None
    while True:
        page = await list_log(client, filter=filter, first=2, after=after)
        found += [edge["node"]["id"] for edge in page["edges"]]
        assert page["totalCount"] == len(whole)
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == whole


async def test_entries_of_one_instant_are_paged_by_id(gateway: Gateway) -> None:
    client = await gateway.client()
    same = [entry(number) for number in range(5)]
    for each in same:
        each.at = at(0)
    await store(gateway.database, *same)
    found, after = [], None
    for _ in range(5):
        page = await list_log(client, first=1, after=after)
        after = page["pageInfo"]["endCursor"]
        found += [node["id"] for node in page["nodes"]]
    assert found == NAMES[4::-1]


@pytest.mark.parametrize(
    ("variables", "code", "argument"),
    [
        ({"first": 0}, "BAD_USER_INPUT", ["first"]),
        ({"first": 101}, "BAD_USER_INPUT", ["first"]),
        ({"after": "nonsense"}, "INVALID_CURSOR", ["after"]),
        ({"filter": {"action": ["key.create", "nonsense"]}}, "BAD_USER_INPUT", ["filter", "action"]),
        ({"filter": {"action": ["key.create"] * 101}}, "BAD_USER_INPUT", ["filter", "action"]),
        ({"filter": {"at": {"in": ["2025-01-01T00:00:00Z"] * 101}}}, "BAD_USER_INPUT", ["filter", "at", "in"]),
    ],
)
async def test_wrong_arguments_are_refused(
    client: Client, variables: Mapping[str, Json], code: str, argument: list[str]
) -> None:
    answer = await client(LIST, **variables)
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["argument"]) == (code, argument)
    assert answer["data"] == {"auditLog": None}


async def test_an_unknown_action_names_the_allowed_ones(client: Client) -> None:
    (error,) = (await client(LIST, filter={"action": ["nonsense"]}))["errors"]
    assert error["message"].startswith("This is no action of the audit log. Use import.begin, import.end, ")


async def test_a_cursor_of_another_team_or_list_is_refused(gateway: Gateway, client: Client) -> None:
    other = await gateway.client(OTHER_TEAM)
    cursor = (await list_log(other, first=1))["pageInfo"]["endCursor"]
    (error,) = (await client(LIST, after=cursor))["errors"]
    assert error["extensions"]["code"] == "INVALID_CURSOR"


async def test_the_number_of_statements_does_not_depend_on_the_entries(client: Client) -> None:
    counts = []
    for first in (1, 6):
        with collect_statements() as statements:
            await list_log(client, first=first)
        counts.append(len(statements))
    assert counts[0] == counts[1]
