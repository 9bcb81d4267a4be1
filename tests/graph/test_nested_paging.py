"""Pages of lists below many integrations: the same page of each, in one statement."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway import services
from gateway.database.tables import ResourceRecord, UseCase, UseCaseGroup
from gateway.domain.enums import Status
from gateway.domain.records import KINDS_BY_TYPE
from tests.support.factories import connected, record, store, use_case, use_case_group
from tests.support.gateway import Client, Gateway, watch_statements

Row = ResourceRecord | UseCase | UseCaseGroup

PARENTS = ("a", "b", "c", "empty")
TYPES = ("appointments", "appointments", "patients", "device", "room", "")
LISTED = "nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount"


class NestedList(NamedTuple):
    """A list below integrations: its field, its filters, and which rows it has."""

    field: str
    filters: str
    table: type[Row]
    has: Callable[[Any], bool]


def _is_other(row: Any) -> bool:
    return row.type not in KINDS_BY_TYPE


LISTS = (
    NestedList("useCaseGroups", "", UseCaseGroup, lambda _: True),
    NestedList("useCases", "", UseCase, lambda _: True),
    NestedList("useCases", "status: INACTIVE", UseCase, lambda row: row.status is Status.INACTIVE),
    NestedList("resourceRecords", "", ResourceRecord, lambda _: True),
    NestedList("resourceRecords", "type: APPOINTMENTS", ResourceRecord, lambda row: row.type == "appointments"),
    NestedList("resourceRecords", "type: LOCATIONS", ResourceRecord, lambda _: False),
    NestedList("resourceRecords", "type: OTHER", ResourceRecord, _is_other),
    NestedList("resourceRecords", 'search: "1"', ResourceRecord, lambda row: "1" in row.id),
    NestedList("resourceRecords", 'search: "ec1"', ResourceRecord, lambda row: "ec1" in row.id),
    NestedList(
        "resourceRecords",
        'type: OTHER, search: "ec1"',
        ResourceRecord,
        lambda row: _is_other(row) and "ec1" in row.id,
    ),
    NestedList(
        "resourceRecords", 'type: OTHER, search: "1"', ResourceRecord, lambda row: _is_other(row) and "1" in row.id
    ),
)

SEARCHES: tuple[dict[str, int], ...] = (
    # By the text of each record, by keys, and by the index.
    {"FREQUENT": 0, "VERY_FREQUENT": 0},
    {"FREQUENT": 1_000, "VERY_FREQUENT": 1_000},
    {"FREQUENT": 1_000, "VERY_FREQUENT": 1_000, "MAX_MATCHES": 0},
)


def _build_rows() -> list[Row]:
    """Return rows of three integrations, with many ties of `createdAt`."""
    chance = Random(20)
    rows: list[Row] = []
    for number in range(90):
        parent = chance.choice(PARENTS[:3])
        at = datetime(2025, 3, 9, tzinfo=UTC) + timedelta(minutes=chance.randrange(8))
        rows.append(record(f"rec{number}", parent, {"type": chance.choice(TYPES)}, at=at))
        if number < 30:
            rows.append(use_case(f"u{number}", parent, at=at, status=chance.choice(("active", "inactive"))))
        if number < 20:
            rows.append(use_case_group(f"g{number}", parent, at=at))
    return rows


class Shared:
    client: Client | None = None
    rows: list[Row]

    async def fill(self, gateway: Gateway) -> Client:
        if self.client is None:
            await store(gateway.database, *map(connected, PARENTS))
            self.rows = _build_rows()
            await store(gateway.database, *self.rows)
            self.client = await gateway.client()
        return self.client

    def list_ids(self, nested: NestedList, parent: str) -> list[str]:
        found = [
            row
            for row in self.rows
            if isinstance(row, nested.table) and row.integration_id == parent and nested.has(row)
        ]
        return [row.id for row in sorted(found, key=lambda row: (row.created_at, row.id))]


@pytest.fixture
def shared() -> Shared:
    return Shared()


def _build_list(nested: NestedList, page: str) -> str:
    arguments = ", ".join(filter(None, (nested.filters, page)))
    field = f"{nested.field}({arguments})" if arguments else nested.field
    return f"id ... on ConnectedIntegration {{ list: {field} {{ {LISTED} }} }}"


async def _fetch_all(client: Client, nested: NestedList, page: str) -> dict[str, Any]:
    query = f"{{ integrations {{ nodes {{ {_build_list(nested, page)} }} }} }}"
    return {node["id"]: node["list"] for node in (await client.data(query))["integrations"]["nodes"]}


async def _fetch_one(client: Client, nested: NestedList, parent: str, page: str) -> Any:
    query = f'{{ integration(id: "{parent}") {{ {_build_list(nested, page)} }} }}'
    return (await client.data(query))["integration"]["list"]


def _summarize(listed: Any) -> tuple[list[str], bool, bool, int]:
    info = listed["pageInfo"]
    ids = [node["id"] for node in listed["nodes"]]
    return ids, info["hasPreviousPage"], info["hasNextPage"], listed["totalCount"]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    nested=st.sampled_from(LISTS),
    size=st.integers(1, 12),
    offset=st.integers(0, 40),
    thresholds=st.sampled_from(SEARCHES),
)
async def test_each_integration_has_its_own_page(
    gateway: Gateway, shared: Shared, nested: NestedList, size: int, offset: int, thresholds: dict[str, int]
) -> None:
    client = await shared.fill(gateway)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in thresholds.items():
            patch.setattr(services.record_search, name, value)
        first = await _fetch_all(client, nested, f"first: {size}")
        last = await _fetch_all(client, nested, f"last: {size}")
        skipped = await _fetch_all(client, nested, f"first: {size}, offset: {offset}")
    for parent in PARENTS:
        ids = shared.list_ids(nested, parent)
        number, is_more = len(ids), len(ids) > size
        assert _summarize(first[parent]) == (ids[:size], False, is_more, number)
        assert _summarize(last[parent]) == (ids[-size:], is_more, False, number)
        expected = (ids[offset : offset + size], offset > 0 and number > 0, offset + size < number, number)
        assert _summarize(skipped[parent]) == expected
        one = await _fetch_one(client, nested, parent, f"first: {size}, offset: {offset}")
        assert one == skipped[parent]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nested=st.sampled_from(LISTS), parent=st.sampled_from(PARENTS), size=st.integers(3, 12))
async def test_cursors_reach_each_row_of_one_integration_in_both_directions(
    gateway: Gateway, shared: Shared, nested: NestedList, parent: str, size: int
) -> None:
    client = await shared.fill(gateway)
    ids = shared.list_ids(nested, parent)
    for size_argument, argument, cursor in (("first", "after", "endCursor"), ("last", "before", "startCursor")):
        pages, page = [], f"{size_argument}: {size}"
        while True:
            listed = await _fetch_one(client, nested, parent, page)
            pages.append([node["id"] for node in listed["nodes"]])
            if not listed["pageInfo"]["hasNextPage" if argument == "after" else "hasPreviousPage"]:
                break
            page = f'{size_argument}: {size}, {argument}: "{listed["pageInfo"][cursor]}"'
        in_order = pages if argument == "after" else reversed(pages)
        assert [id for found in in_order for id in found] == ids


@pytest.mark.parametrize("nested", LISTS, ids=lambda nested: f"{nested.field}({nested.filters})")
async def test_the_number_of_statements_does_not_grow_with_integrations(
    gateway: Gateway, shared: Shared, nested: NestedList, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await shared.fill(gateway)
    # A search has statements for each way of finding records, of which there are four.
    for name, value in SEARCHES[0].items():
        monkeypatch.setattr(services.record_search, name, value)

    async def count_statements(root: str) -> int:
        found: list[str] = []
        with watch_statements(lambda statement, _: found.append(statement)):
            await client.data(f"{{ {root} {{ nodes {{ {_build_list(nested, 'last: 2')} }} }} }}")
        return len([statement for statement in found if statement.lstrip().startswith(("SELECT", "WITH"))])

    assert await count_statements("integrations(first: 1)") == await count_statements("integrations")


@pytest.mark.parametrize("nested", LISTS, ids=lambda nested: f"{nested.field}({nested.filters})")
async def test_an_offset_above_ten_thousand_is_refused_at_depth(
    gateway: Gateway, shared: Shared, nested: NestedList
) -> None:
    client = await shared.fill(gateway)
    assert _summarize(await _fetch_one(client, nested, "empty", "offset: 10000")) == ([], False, False, 0)
    query = f"{{ integrations(first: 10) {{ nodes {{ {_build_list(nested, 'offset: 10001')} }} }} }}"
    answer = await client(query)
    # Each parent shows its own refused list as null.
    assert {node["list"] for node in answer["data"]["integrations"]["nodes"]} == {None}
    assert {(error["extensions"]["code"], error["message"]) for error in answer["errors"]} == {
        (
            "BAD_USER_INPUT",
            "`offset` must be at most 10000, not 10001. Go on from there with `after` and a cursor.",
        )
    }
