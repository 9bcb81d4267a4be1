"""Reading and listing resource records."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from gateway import sql
from gateway.database.tables import ResourceRecord
from gateway.domain.enums import Permission, ResourceType
from gateway.domain.lenient_reading import Document
from gateway.domain.paging import OLDEST_FIRST, PageArguments
from gateway.domain.record_filters import RecordFilter
from gateway.domain.record_search import RecordSearch
from tests.support.factories import AT, connected, record, store, user
from tests.support.gateway import OTHER_TEAM, USER, Client, Gateway, collect_statements

ONE = "query ($id: ID!) { resourceRecord(id: $id) { id } }"
LIST = """
query ($id: ID!, $type: ResourceType, $search: String, $first: Int, $after: String, $last: Int, $before: String,
  $offset: Int) {
  integration(id: $id) { ... on ConnectedIntegration {
    resourceRecords(type: $type, search: $search, first: $first, after: $after, last: $last, before: $before,
      offset: $offset) {
      totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  } }
}"""


async def fetch_list(client: Client, /, **variables: object) -> Any:
    return (await client.data(LIST, id="clinic", **variables))["integration"]["resourceRecords"]


async def fetch_ids(client: Client, /, **variables: object) -> list[str]:
    return [node["id"] for node in (await fetch_list(client, **variables))["nodes"]]


def build_records(number: int, integration_id: str = "clinic") -> list[ResourceRecord]:
    """Return records that were created in the order of their ids, three at each instant."""
    return [
        record(f"{integration_id}-{index:03}", integration_id, at=AT + timedelta(minutes=index // 3))
        for index in range(number)
    ]


async def test_a_record_is_found_by_its_id(gateway: Gateway) -> None:
    client = await gateway.client(permissions=[Permission.READ_RECORDS])
    await store(gateway.database, user("maker", "the.maker"), connected("clinic"))
    row = record("r", "clinic", {"type": "organizations", "name": "Clinic"})
    row.created_by = "maker"
    await store(gateway.database, row)
    query = """{ resourceRecord(id: "r") {
      id logicalId teamId integrationId type version createdAt createdBy { id username } updatedAt updatedBy { id }
      config { ... on OrganizationConfig { name status } }
    } }"""
    assert await client(query) == {
        "data": {
            "resourceRecord": {
                "id": "r",
                "logicalId": "resource_record_r",
                "teamId": row.team_id,
                "integrationId": "clinic",
                "type": "ORGANIZATIONS",
                "version": 1,
                "createdAt": "2025-03-09T12:00:00.000Z",
                "createdBy": {"id": "maker", "username": "the.maker"},
                "updatedAt": "2025-03-09T12:00:00.000Z",
                "updatedBy": {"id": USER},
                "config": {"name": "Clinic", "status": "ACTIVE"},
            }
        }
    }


async def test_an_invisible_record_gets_the_same_answer_as_a_missing_one(gateway: Gateway) -> None:
    client = await gateway.client(user_id="colleague")
    stranger = await gateway.client(team_id=OTHER_TEAM)
    await store(gateway.database, connected("private", access="personal"), connected("shared", access="system"))
    await store(gateway.database, record("p", "private"), record("s", "shared"))
    missing = await client(ONE, id="missing")
    assert missing["data"] == {"resourceRecord": None}
    assert missing["errors"][0]["extensions"] == {"code": "NOT_FOUND", "argument": ["id"]}
    for someone, id in ((client, "p"), (stranger, "s"), (stranger, "p"), (stranger, "missing")):
        assert await someone(ONE, id=id) == missing
    malformed = await client(ONE, id="not an id")
    assert malformed["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "argument": ["id"]}
    assert (await client.data(ONE, id="s")) == {"resourceRecord": {"id": "s"}}


async def test_an_integration_of_another_team_has_no_records(gateway: Gateway) -> None:
    stranger = await gateway.client(team_id=OTHER_TEAM)
    await store(gateway.database, connected("clinic", access="system"), *build_records(3))
    assert (await fetch_list(stranger)) == {
        "totalCount": 0,
        "nodes": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
    }


async def test_without_the_permission_records_are_forbidden(gateway: Gateway) -> None:
    await store(gateway.database, connected("clinic"), *build_records(1))
    client = await gateway.client(permissions=[Permission.READ_INTEGRATIONS])
    listed = await client(LIST, id="clinic")
    assert listed["data"] == {"integration": {"resourceRecords": None}}
    assert listed["errors"][0]["path"][:2] == ["integration", "resourceRecords"]
    for answer in (listed, await client(ONE, id="clinic-000")):
        assert [error["extensions"] for error in answer["errors"]] == [{"code": "FORBIDDEN"}]
        assert answer["errors"][0]["message"] == "This needs the permission READ_RECORDS."


async def test_paging_forward_backward_and_by_offset_yield_the_same_list(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("clinic"), *build_records(10))
    whole = [f"clinic-{index:03}" for index in range(10)]
    forward: list[str] = []
    page: dict[str, Any] = {"endCursor": None, "hasNextPage": True}
    while page["hasNextPage"]:
        found = await fetch_list(client, first=4, after=page["endCursor"])
        page = found["pageInfo"]
        forward += [node["id"] for node in found["nodes"]]
        assert found["totalCount"] == 10
    backward: list[str] = []
    page = {"startCursor": None, "hasPreviousPage": True}
    while page["hasPreviousPage"]:
        found = await fetch_list(client, last=4, before=page["startCursor"])
        page = found["pageInfo"]
        backward = [node["id"] for node in found["nodes"]] + backward
    by_offset = [id for offset in (0, 4, 8, 12) for id in await fetch_ids(client, first=4, offset=offset)]
    assert whole == forward == backward == by_offset == await fetch_ids(client)


async def test_pages_and_searches_above_the_limits_are_refused(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("clinic"))
    for variables, argument in (({"first": 101}, "first"), ({"search": "x" * 501}, "search")):
        answer = await client(LIST, id="clinic", **variables)
        assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "argument": [argument]}


CONFIGS: dict[str, Document] = {
    "a": {"type": "practitioners", "name": "Dr. Émile STRASSE", "npi": "100%_sure"},
    "b": {"type": "locations", "name": "North\\South", "address": "Main Street 1"},
    "c": {"type": "patients", "firstName": "Anna", "lastName": "Bond", "email": "anna@example.org"},
    "d": {"type": "visiting_reasons", "name": "Checkup", "code": "CHK-1"},
    "e": {"type": "appointments", "patientName": "Anna Bond", "utmCampaign": "Spring"},
    "f": {"type": "invoices", "name": "Invoice for Anna"},
}

SEARCHES = {
    "anna": "cef",
    "ANNA bond": "ce",
    "bond@": "",
    "émile straße": "a",
    "%": "a",
    "_": "a",
    "\\": "b",
    "chk-1": "d",
    "spring": "e",
    "  ": "abcdef",
    "practitioners": "",
}


async def test_a_search_matches_every_word_literally(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("clinic"))
    await store(gateway.database, *(record(id * 3, "clinic", config) for id, config in CONFIGS.items()))
    found = {search: await fetch_ids(client, search=search) for search in SEARCHES}
    assert {search: "".join(id[0] for id in ids) for search, ids in found.items()} == SEARCHES
    assert (await fetch_list(client, search="anna", first=1))["totalCount"] == 3


async def test_a_list_is_filtered_by_type(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("clinic"))
    await store(gateway.database, *(record(id, "clinic", config) for id, config in CONFIGS.items()))
    await store(gateway.database, record("g", "clinic", {"type": None}))
    found = {type.name: "".join(await fetch_ids(client, type=type.name)) for type in ResourceType}
    assert found == {
        "PRACTITIONERS": "a",
        "LOCATIONS": "b",
        "APPOINTMENTS": "e",
        "PATIENTS": "c",
        "ORGANIZATIONS": "",
        "VISITING_REASONS": "d",
        "OTHER": "fg",
    }
    assert await fetch_ids(client, type="PATIENTS", search="spring") == []


NESTED = """{ integrations(first: 100) { nodes { id ... on ConnectedIntegration {
  resourceRecords(first: 2) { totalCount nodes { id config { ... on PractitionerConfig { supervisor { id } } } } }
} } } }"""


async def test_records_of_many_integrations_need_as_many_statements_as_of_one(gateway: Gateway) -> None:
    client = await gateway.client()
    ran_for = []
    for before, number in pairwise((0, 1, 10, 100)):
        for index in range(before, number):
            id = f"i{index:02}"
            practitioner: Document = {"type": "practitioners", "supervisorId": f"{id}-000"}
            await store(
                gateway.database, connected(id), record(f"{id}-p", id, practitioner), *build_records(3, id)
            )
        with collect_statements() as ran:
            nodes = (await client.data(NESTED))["integrations"]["nodes"]
        ran_for.append(len(ran))
        assert {node["id"]: node["resourceRecords"] for node in nodes} == {
            f"i{index:02}": {
                "totalCount": 4,
                "nodes": [
                    {"id": f"i{index:02}-000", "config": {}},
                    {"id": f"i{index:02}-001", "config": {}},
                ],
            }
            for index in range(number)
        }
    assert len(set(ran_for)) == 1


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("number", [1, 3])
async def test_a_page_is_read_from_an_index(gateway: Gateway, number: int) -> None:
    client = await gateway.client()
    ids = [f"i{index}" for index in range(number)]
    page = PageArguments(OLDEST_FIRST, size=2)
    async with gateway.read() as session:
        connection = await session.connection()
        built = sql.resource_records.select_resource_records(
            client.viewer, ids, page, RecordFilter(ResourceType.PATIENTS), RecordSearch()
        )
        compiled, values = built.compile(gateway.database.dialect)
        explain = f"EXPLAIN QUERY PLAN {compiled.text}"
        plan = str((await connection.exec_driver_sql(explain, tuple(compiled.bind(values)))).all())
    assert "ix_resource_record_typed (team_id=? AND integration_id=? AND type=?" in plan
    assert "SCAN resource_record" not in plan
