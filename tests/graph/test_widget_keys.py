"""Keys for widgets stand in public pages: they tell numbers and names, to pages of their origins, and no more."""

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType
from httpx import AsyncClient, Response

from gateway import services
from gateway.domain.enums import Permission
from gateway.schema import schema
from gateway.schema.widgets import ALLOWED_FIELDS, HIDDEN_ARGUMENTS
from tests.support.commands import gateway as command
from tests.support.commands import unboxed
from tests.support.endpoints import codes, message
from tests.support.factories import connected, record, store, webhook
from tests.support.gateway import OTHER_TEAM, TEAM, USER, Gateway, answer_of, served, statements

CLINIC = "https://clinic.example"
OURS = "http://gateway"
HOME, PERSONAL, WEBHOOK, THEIRS = "a" * 24, "b" * 24, "w" * 17, "c" * 24

WIDGETS = """
query Widgets($id: ID!) {
  integrations(first: 10, orderBy: [{field: NAME}]) {
    totalCount nodes { __typename id name enabled ... on ConnectedIntegration { status timezone } } }
  integration(id: $id) { name ...Numbers }
  appointmentStatistics(integrationId: $id, start: "2025-03-01T00:00:00Z", end: "2025-04-01T00:00:00Z") {
    overview { total failed } trends { day successful } utmCampaign { value count }
    previousPeriod { start overview { total } } asOf }
}
fragment Numbers on ConnectedIntegration { appointmentStatistics(size: 1) { overview { total } } }
"""
SEARCH = """
{ integrations { nodes { ... on ConnectedIntegration { appointmentStatistics(search: "Zoe") { asOf } } } } }
"""


@pytest.fixture
async def key(gateway: Gateway) -> str:
    """A key for widgets of a clinic's pages, where there is more than it may show."""
    await store(
        gateway.database,
        connected(HOME, name="Lakeside", access="team", config={"authUserEmail": "ada@example.org"}),
        connected(PERSONAL, access="personal", createdBy="somebody.else"),
        connected(THEIRS, team_id=OTHER_TEAM, access="system"),
        webhook({"_id": WEBHOOK}),
        record("1" * 24, HOME, {"bookingStatus": "failed", "patientName": "Zoe Quist", "utmCampaign": "spring"}),
        record("2" * 24, HOME, {"bookingStatus": "successful"}),
    )
    return await made(gateway)


async def made(gateway: Gateway) -> str:
    async with gateway.database.write() as session:
        return await services.keys.create_key(
            session,
            team_id=TEAM,
            user_id=USER,
            name="widgets",
            permissions=[Permission.READ_STATISTICS],
            origins=[CLINIC, "https://other.example"],
        )


@pytest.fixture
def http(gateway: Gateway) -> AsyncClient:
    return gateway.http


async def ask(
    http: AsyncClient, key: str, query: str, origin: str | None = CLINIC, variables: object = None
) -> Response:
    headers = {"Authorization": f"Bearer {key}", **({"Origin": origin} if origin else {})}
    return await http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)


async def data(http: AsyncClient, key: str, query: str, **variables: object) -> Any:
    answer = answer_of(await ask(http, key, query, variables=variables))
    assert "errors" not in answer, answer
    return answer["data"]


async def test_it_tells_all_that_widgets_show_in_one_request(http: AsyncClient, key: str) -> None:
    told = await data(http, key, WIDGETS, id=HOME)
    again = await data(http, key, WIDGETS, id=HOME)
    statistics = told["appointmentStatistics"]
    assert again["appointmentStatistics"].pop("asOf") >= statistics.pop("asOf")
    assert again == told
    assert told["integrations"] == {
        "totalCount": 1,
        "nodes": [
            {
                "__typename": "ConnectedIntegration",
                "id": HOME,
                "name": "Lakeside",
                "enabled": True,
                "status": "ACTIVE",
                "timezone": "UTC",
            }
        ],
    }
    assert told["integration"] == {"name": "Lakeside", "appointmentStatistics": {"overview": {"total": 2}}}
    assert statistics["overview"] == {"total": 2, "failed": 1}
    assert {"value": "spring", "count": 1} in statistics["utmCampaign"]


@pytest.mark.parametrize(
    ("query", "coordinate"),
    [
        ("{ viewer { permissions } }", "Query.viewer"),
        ("{ __schema { types { name } } }", "Query.__schema"),
        ('{ __type(name: "User") { name } }', "Query.__type"),
        ("{ rateLimit { remaining } }", "Query.rateLimit"),
        (f'{{ node(nodeId: "{HOME}") {{ nodeId }} }}', "Query.node"),
        (f'{{ integrationExport(integrationId: "{HOME}") {{ document }} }}', "Query.integrationExport"),
        (
            f'{{ patientStatistics(integrationId: "{HOME}") {{ asOf }} }}',
            "Query.patientStatistics",
        ),
        ("{ integrations { nodes { createdBy { username } } } }", "Integration.createdBy"),
        ("{ integrations { nodes { ... on Node { nodeId } } } }", "Node.nodeId"),
        ("{ integrations { edges { cursor } } }", "IntegrationConnection.edges"),
        ("{ integrations { pageInfo { endCursor } } }", "IntegrationConnection.pageInfo"),
        (
            "{ integrations { nodes { ... on ConnectedIntegration { config { authUserEmail } } } } }",
            "ConnectedIntegration.config",
        ),
        (
            "{ integrations { nodes { ...On } } } fragment On on ConnectedIntegration { useCases { totalCount } }",
            "ConnectedIntegration.useCases",
        ),
        ('{ integrations(filter: {createdBy: "x"}) { totalCount } }', "Query.integrations(filter:)"),
        (f'{{ integration(id: "{HOME}", createdBy: "x") {{ name }} }}', "Query.integration(createdBy:)"),
        (
            f'{{ appointmentStatistics(integrationId: "{HOME}", search: "Zoe") {{ overview {{ total }} }} }}',
            "Query.appointmentStatistics(search:)",
        ),
        (SEARCH, "ConnectedIntegration.appointmentStatistics(search:)"),
        ("query A { integrations { totalCount } } query B { viewer { name } }", "Query.viewer"),
    ],
)
async def test_it_may_ask_for_nothing_else(http: AsyncClient, key: str, query: str, coordinate: str) -> None:
    for _ in range(2):
        with statements() as ran:
            response = await ask(http, key, query)
        assert codes(response) == ["FORBIDDEN"]
        assert f"may not ask for `{coordinate}`" in message(response)
        assert len(ran) == 1  # who asks


async def test_it_may_change_nothing(http: AsyncClient, key: str) -> None:
    refused = await ask(http, key, f'mutation {{ deleteIntegration(id: "{HOME}") {{ deletedIds }} }}')
    assert codes(refused) == ["FORBIDDEN"]
    assert (await data(http, key, "{ integrations { totalCount } }")) == {"integrations": {"totalCount": 1}}


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_what_it_may_not_ask_is_refused_before_it_is_executed(
    http: AsyncClient, key: str, accept: str
) -> None:
    headers = {"Authorization": f"Bearer {key}", "Origin": CLINIC, "Accept": accept}
    response = await http.post("/graphql", json={"query": "{ viewer { name } }"}, headers=headers)
    assert response.status_code == (200 if accept == "application/json" else 403)
    assert codes(response) == ["FORBIDDEN"]


@pytest.mark.parametrize("id", [PERSONAL, WEBHOOK, THEIRS])
async def test_it_sees_no_webhooks_nor_what_is_personal_or_anothers(http: AsyncClient, key: str, id: str) -> None:
    answer = answer_of(await ask(http, key, f'{{ integration(id: "{id}") {{ name }} }}'))
    assert answer["data"] == {"integration": None}
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("origin", [CLINIC, "https://other.example", OURS])
async def test_pages_of_its_origins_and_our_own_embedded_ones_may_use_it(
    http: AsyncClient, key: str, origin: str
) -> None:
    response = await ask(http, key, "{ integrations { totalCount } }", origin)
    assert response.json() == {"data": {"integrations": {"totalCount": 1}}}


@pytest.mark.parametrize(
    "origin",
    [None, "https://elsewhere.example", "null", "http://clinic.example", "https://gateway", f"{CLINIC}:1"],
)
@pytest.mark.parametrize("memory", [0, 60])
async def test_nobody_else_may(database_url: str, origin: str | None, memory: float) -> None:
    async with served(database_url, key_memory=memory) as gateway:
        key = await made(gateway)
        for _ in range(2):
            response = await ask(gateway.http, key, "{ integrations { totalCount } }", origin)
            assert (response.status_code, codes(response)) == (403, ["ORIGIN_NOT_ALLOWED"])
            assert "clinic" not in message(response).replace(origin or "-", "")
            assert (await ask(gateway.http, key, "{ integrations { totalCount } }")).status_code == 200


async def test_in_rocket_chats_pair_of_headers_it_is_bound_likewise(http: AsyncClient, key: str) -> None:
    headers = {"X-Auth-Token": key, "X-User-Id": USER}
    content = {"query": "{ integrations { totalCount } }"}
    refused = await http.post("/graphql", json=content, headers=headers)
    assert codes(refused) == ["ORIGIN_NOT_ALLOWED"]
    assert (await http.post("/graphql", json=content, headers={**headers, "Origin": CLINIC})).status_code == 200


@pytest.mark.usefixtures("key")
async def test_with_other_permissions_it_is_no_key_for_widgets(gateway: Gateway) -> None:
    client = await gateway.client(permissions=[Permission.READ_STATISTICS, Permission.READ_INTEGRATIONS])
    assert (await client.data("{ viewer { userId } }")) == {"viewer": {"userId": USER}}
    statistics = f'{{ appointmentStatistics(integrationId: "{HOME}" %s) {{ overview {{ total }} }} }}'
    assert await client.data(statistics % "") == {"appointmentStatistics": {"overview": {"total": 2}}}
    for query in (
        statistics % 'search: "Zoe"',
        f'{{ patientStatistics(integrationId: "{HOME}") {{ overview {{ total }} }} }}',
        f'{{ resourceRecord(id: "{"1" * 24}") {{ id }} }}',
    ):
        (error,) = (await client(query))["errors"]
        assert (error["message"], error["extensions"]["code"]) == (
            "This needs the permission READ_RECORDS.",
            "FORBIDDEN",
        )


def test_the_catalogue_names_what_there_is_and_no_list_with_a_hidden_argument_is_left() -> None:
    types = schema._schema.type_map
    arguments = set()
    for name, fields in ALLOWED_FIELDS.items():
        type_ = types[name]
        assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        assert fields == ("...",) or set(fields) <= set(type_.fields)
        for field in type_.fields if fields == ("...",) else fields:
            arguments |= set(type_.fields[field].args)
    assert arguments >= HIDDEN_ARGUMENTS


CREATE = ("keys", "create", "--team", TEAM, "--user", USER, "--name", "a widget")


@pytest.mark.usefixtures("logging_as_before")
def test_an_operator_makes_one_for_origins(database_url: str) -> None:
    created = command(*CREATE, "--for-widgets", "--origin", CLINIC, database_url=database_url)
    assert created.exit_code == 0, created.output
    assert created.stdout.startswith("gw_")
    said = f"Browsers will not let pages of {CLINIC} ask before GATEWAY_ALLOWED_ORIGINS of the server names it."
    assert said in " ".join(created.stderr.split())
    listed = command("keys", "list", database_url=database_url).stdout
    assert "READ_STATISTICS" in listed
    assert CLINIC in listed
    assert created.stdout.strip().split("_", 2)[2] not in listed

    allowed: Mapping[str, str] = {"database_url": database_url, "allowed_origins": CLINIC}
    quiet = command(*CREATE, "--for-widgets", "--origin", CLINIC, **allowed)
    assert "Browsers" not in quiet.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--for-widgets",), "give --origin with --for-widgets, and only with that"),
        (("--permission", "ADMIN", "--origin", CLINIC), "give --origin with --for-widgets, and only with that"),
        (
            ("--for-widgets", "--origin", CLINIC, "--permission", "ADMIN"),
            "either --permission or --for-widgets",
        ),
        (("--for-widgets", "--origin", f"{CLINIC}/"), "is not an origin such as"),
        (("--for-widgets", "--origin", "*"), "is not an origin such as"),
    ],
)
@pytest.mark.usefixtures("logging_as_before")
def test_one_that_cannot_be_is_refused(database_url: str, arguments: tuple[str, ...], said: str) -> None:
    ended = command(*CREATE, *arguments, database_url=database_url)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert said in unboxed(ended.stderr)
    assert "widget" not in command("keys", "list", database_url=database_url).stdout
