"""Pages: sizes, offsets and orders."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.database.tables import Integration
from gateway.domain.calendar import instants
from gateway.domain.lenient_reading import Json
from gateway.domain.paging import PageArguments, RowPage, SortKey, SortOrder
from tests.support.factories import connected, store, webhook
from tests.support.gateway import OTHER_TEAM, Client, Gateway

LIST = """
  query (
    $orderBy: [IntegrationOrder!], $first: Int, $after: String, $last: Int, $before: String, $offset: Int
  ) {
    integrations(
      orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before, offset: $offset
    ) {
      edges { cursor node { id teamId } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      totalCount
    }
  }
"""
RowKey = tuple[str, str]


@dataclass
class FetchedPage:
    keys: list[RowKey]
    cursors: list[str]
    has_next: bool
    has_previous: bool
    total: int


async def fetch_page(client: Client, **arguments: Json) -> FetchedPage:
    listed = (await client.data(LIST, **arguments))["integrations"]
    info, edges = listed["pageInfo"], listed["edges"]
    cursors = [edge["cursor"] for edge in edges]
    assert (info["startCursor"], info["endCursor"]) == ((cursors[0], cursors[-1]) if cursors else (None, None))
    keys = [(edge["node"]["id"], edge["node"]["teamId"]) for edge in edges]
    return FetchedPage(keys, cursors, info["hasNextPage"], info["hasPreviousPage"], listed["totalCount"])


async def fetch_errors(client: Client, **arguments: Json) -> list[tuple[str, str, list[str]]]:
    answer = await client(LIST, **arguments)
    assert answer["data"] == {"integrations": None}
    return [
        (error["message"], error["extensions"]["code"], error["extensions"]["argument"])
        for error in answer["errors"]
    ]


REFUSED: list[tuple[dict[str, Json], list[tuple[str, list[str]]]]] = [
    ({"first": 0}, [("`first` must be from 1 to 100, not 0.", ["first"])]),
    ({"first": 101}, [("`first` must be from 1 to 100, not 101.", ["first"])]),
    ({"last": -1}, [("`last` must be from 1 to 100, not -1.", ["last"])]),
    ({"first": 1, "last": 1}, [("Give `first` or `last`, not both.", ["last"])]),
    ({"offset": -1}, [("`offset` must be 0 or more, not -1.", ["offset"])]),
    (
        {"offset": 10_001},
        [
            (
                "`offset` must be at most 10000, not 10001. Go on from there with `after` and a cursor.",
                ["offset"],
            )
        ],
    ),
    (
        {"offset": 1, "last": 101},
        [
            ("`last` must be from 1 to 100, not 101.", ["last"]),
            ("`offset` cannot be combined with `last` or `before`.", ["offset"]),
        ],
    ),
    (
        {"orderBy": [{"field": "NAME"}, {"field": "USERNAME"}, {"field": "NAME", "direction": "DESC"}]},
        [("NAME occurs twice; give each field once.", ["orderBy", "2", "field"])],
    ),
]


async def test_invalid_page_arguments_are_refused(gateway: Gateway) -> None:
    client = await gateway.client()
    for arguments, refusals in REFUSED:
        assert await fetch_errors(client, **arguments) == [
            (message, "BAD_USER_INPUT", path) for message, path in refusals
        ]


async def test_a_page_has_fifty_entries_by_default(gateway: Gateway) -> None:
    await store(gateway.database, *(webhook({"_id": f"w{number:03}"}) for number in range(101)))
    client = await gateway.client()
    assert len((await fetch_page(client)).keys) == 50
    assert len((await fetch_page(client, first=100)).keys) == 100
    page = await fetch_page(client, first=100, offset=1)
    assert (page.has_previous, page.has_next, page.total) == (True, False, 101)


async def test_a_page_past_the_end_is_empty_and_has_a_previous_page(gateway: Gateway) -> None:
    client = await gateway.client()
    for offset in (0, 1, 7):
        page = await fetch_page(client, offset=offset)
        assert (page.keys, page.has_previous, page.has_next) == ([], False, False)
    await store(gateway.database, webhook({"_id": "w"}))
    for offset in (1, 2, 7, 10_000):
        page = await fetch_page(client, offset=offset)
        assert (page.keys, page.has_previous, page.has_next) == ([], True, False)


def test_a_page_of_rows_knows_whether_more_rows_precede_or_follow() -> None:
    order = SortOrder((SortKey("id"),))
    for backward in (False, True):
        both = RowPage.from_rows(
            ["a", "b"], PageArguments(order, 1, after=("x",), before=("y",), backward=backward)
        )
        assert (both.rows, both.has_previous, both.has_next) == ((["a"]), True, True)
        alone = RowPage.from_rows(["a"], PageArguments(order, 1, backward=backward))
        assert (alone.rows, alone.has_previous, alone.has_next) == ((["a"]), False, False)


def test_the_name_of_an_order_includes_its_directions() -> None:
    assert SortOrder((SortKey("created_at", descending=True), SortKey("id"))).name == "-created_at,id"


SORTED_BY: dict[str, Callable[[Integration], Any]] = {
    "ID": lambda row: row.id,
    "KIND": lambda row: row.kind.value,
    "ENABLED": lambda row: row.enabled,
    "NAME": lambda row: row.name_key,
    "CREATED_AT": lambda row: row.created_at,
    "UPDATED_AT": lambda row: row.updated_at,
    "USERNAME": lambda row: row.username_key,
    "CREATED_BY": lambda row: row.created_by or "",
    "EVENT": lambda row: "" if row.event is None else row.event.value,
    "USER_ID": lambda row: row.user_id or "",
}


TYPES = ["webhook-incoming", "webhook-outgoing"]


def build_integrations() -> list[Integration]:
    """Return two dozen integrations with many ties and some ids of two teams."""
    chance = Random(24)
    rows = []
    for number in range(24):
        at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=chance.randrange(3))
        keys: dict[str, Any] = {"name": chance.choice(["a", "B", "ä", "", "_"]), "access": "system"}
        keys["enabled"], keys["status"] = chance.choice([(True, "active"), (False, "inactive")])
        by, then = chance.choice([None, "u", "U"]), instants.format_instant(at)
        if number % 2:
            username = chance.choice([None, "x", "Y"])
            document: dict[str, Json] = {
                "_id": f"w{number}",
                "type": chance.choice(TYPES),
                "username": username,
                "userId": username,
                "event": chance.choice([None, "roomLeft", "sendMessage", "x"]),
                "_createdAt": then,
                **keys,
            }
            rows.append(webhook({**document, "_updatedAt": then, "_createdBy": {"_id": by} if by else None}))
        else:
            team: dict[str, Any] = {"team_id": OTHER_TEAM} if number % 4 else {}
            rows.append(connected(f"c{number // 4}", createdAt=then, updatedAt=then, createdBy=by, **keys, **team))
    return rows


def sort_rows(rows: list[Integration], order: list[dict[str, str]]) -> list[RowKey]:
    rows = sorted(rows, key=lambda row: (row.id, row.team_id))
    for key in reversed(order or [{"field": "CREATED_AT", "direction": "DESC"}]):
        rows.sort(key=SORTED_BY[key["field"]], reverse=key["direction"] == "DESC")
    return [(row.id, row.team_id) for row in rows]


class Shared:
    client: Client | None = None
    rows: list[Integration]


@pytest.fixture
def shared() -> Shared:
    return Shared()


_orders = st.lists(
    st.fixed_dictionaries(
        {"field": st.sampled_from(sorted(SORTED_BY)), "direction": st.sampled_from(["ASC", "DESC"])}
    ),
    max_size=3,
    unique_by=lambda key: key["field"],
)


async def fetch_all_pages(client: Client, order: Json, size: str, after: str, number: Json) -> list[FetchedPage]:
    pages = [await fetch_page(client, **{"orderBy": order, size: number})]
    while pages[-1].has_next if size == "first" else pages[-1].has_previous:
        cursor = pages[-1].cursors[-1 if size == "first" else 0]
        pages.append(await fetch_page(client, **{"orderBy": order, size: number, after: cursor}))
    return pages


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=_orders, size=st.integers(3, 30))
async def test_paging_forward_backward_and_by_offset_yield_the_same_list(
    gateway: Gateway, shared: Shared, order: list[dict[str, str]], size: int
) -> None:
    if shared.client is None:
        shared.rows = build_integrations()
        await store(gateway.database, *shared.rows)
        shared.client = await gateway.client()
    client, expected = shared.client, sort_rows(shared.rows, order)
    json: Json = [{**key} for key in order]
    forward = await fetch_all_pages(client, json, "first", "after", size)
    backward = await fetch_all_pages(client, json, "last", "before", size)
    assert [key for page in forward for key in page.keys] == expected
    assert [key for page in reversed(backward) for key in page.keys] == expected
    assert [page.has_previous for page in forward] == [False] + [True] * (len(forward) - 1)
    assert [page.has_next for page in backward] == [False] + [True] * (len(backward) - 1)
    assert {page.total for page in (*forward, *backward)} == {len(expected)}
    for offset in range(0, len(expected), size):
        page = await fetch_page(client, orderBy=json, first=size, offset=offset)
        assert page.keys == expected[offset : offset + size]
        assert (page.has_previous, page.has_next) == (offset > 0, offset + size < len(expected))
    cursors = [cursor for page in forward for cursor in page.cursors]
    between = await fetch_page(client, orderBy=json, after=cursors[1], before=cursors[-2], offset=None)
    assert between.keys == expected[2:-2]
