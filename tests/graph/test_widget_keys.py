"""Widget keys, which public pages contain: they read numbers and names, only for pages of their origins."""

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType
from httpx import AsyncClient, Response

from gateway import services
from gateway.domain.enums import Permission
from gateway.schema import schema
from gateway.schema.widgets import ALLOWED_FIELDS, HIDDEN_ARGUMENTS
from tests.support.endpoints import codes, message
from tests.support.factories import connected, record, store, webhook
from tests.support.gateway import OTHER_TEAM, TEAM, USER, Gateway, answer_of, served, statements

CLINIC = "https://clinic.example"
OURS = "http://gateway"
OWN, PERSONAL, WEBHOOK, THEIRS = "a" * 24, "b" * 24, "w" * 17, "c" * 24

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
    """Widget key of a clinic whose team also has rows that the key may not show."""
    await store(
        gateway.database,
        connected(OWN, name="Lakeside", access="team", config={"authUserEmail": "ada@example.org"}),
        connected(PERSONAL, access="personal", createdBy="somebody.else"),
        connected(THEIRS, team_id=OTHER_TEAM, access="system"),
        webhook({"_id": WEBHOOK}),
        record("1" * 24, OWN, {"bookingStatus": "failed", "patientName": "Zoe Quist", "utmCampaign": "spring"}),
        record("2" * 24, OWN, {"bookingStatus": "successful"}),
    )
    return await create_widget_key(gateway)


async def create_widget_key(gateway: Gateway) -> str:
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


async def test_a_widget_key_reads_all_data_of_the_widgets_in_one_request(http: AsyncClient, key: str) -> None:
    answer = await data(http, key, WIDGETS, id=OWN)
    again = await data(http, key, WIDGETS, id=OWN)
    statistics = answer["appointmentStatistics"]
    assert again["appointmentStatistics"].pop("asOf") >= statistics.pop("asOf")
    assert again == answer
    assert answer["integrations"] == {
        "totalCount": 1,
        "nodes": [
            {
                "__typename": "ConnectedIntegration",
                "id": OWN,
                "name": "Lakeside",
                "enabled": True,
                "status": "ACTIVE",
                "timezone": "UTC",
            }
        ],
    }
    assert answer["integration"] == {"name": "Lakeside", "appointmentStatistics": {"overview": {"total": 2}}}
    assert statistics["overview"] == {"total": 2, "failed": 1}
    assert {"value": "spring", "count": 1} in statistics["utmCampaign"]


@pytest.mark.parametrize(
    ("query", "coordinate"),
    [
        ("{ viewer { permissions } }", "Query.viewer"),
        ("{ __schema { types { name } } }", "Query.__schema"),
        ('{ __type(name: "User") { name } }', "Query.__type"),
        ("{ rateLimit { remaining } }", "Query.rateLimit"),
        (f'{{ node(nodeId: "{OWN}") {{ nodeId }} }}', "Query.node"),
        (f'{{ integrationExport(integrationId: "{OWN}") {{ document }} }}', "Query.integrationExport"),
        (
            f'{{ patientStatistics(integrationId: "{OWN}") {{ asOf }} }}',
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
        (f'{{ integration(id: "{OWN}", createdBy: "x") {{ name }} }}', "Query.integration(createdBy:)"),
        (
            f'{{ appointmentStatistics(integrationId: "{OWN}", search: "Zoe") {{ overview {{ total }} }} }}',
            "Query.appointmentStatistics(search:)",
        ),
        (SEARCH, "ConnectedIntegration.appointmentStatistics(search:)"),
        ("query A { integrations { totalCount } } query B { viewer { name } }", "Query.viewer"),
    ],
)
async def test_a_widget_key_may_select_nothing_else(
    http: AsyncClient, key: str, query: str, coordinate: str
) -> None:
    for _ in range(2):
        with statements() as ran:
            response = await ask(http, key, query)
        assert codes(response) == ["FORBIDDEN"]
        assert f"may not read `{coordinate}`" in message(response)
        assert len(ran) == 1  # the key


async def test_a_widget_key_may_change_nothing(http: AsyncClient, key: str) -> None:
    refused = await ask(http, key, f'mutation {{ deleteIntegration(id: "{OWN}") {{ deletedIds }} }}')
    assert codes(refused) == ["FORBIDDEN"]
    assert (await data(http, key, "{ integrations { totalCount } }")) == {"integrations": {"totalCount": 1}}


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_a_forbidden_selection_is_refused_before_execution(http: AsyncClient, key: str, accept: str) -> None:
    headers = {"Authorization": f"Bearer {key}", "Origin": CLINIC, "Accept": accept}
    response = await http.post("/graphql", json={"query": "{ viewer { name } }"}, headers=headers)
    assert response.status_code == (200 if accept == "application/json" else 403)
    assert codes(response) == ["FORBIDDEN"]


@pytest.mark.parametrize("id", [PERSONAL, WEBHOOK, THEIRS])
async def test_a_widget_key_sees_no_webhook_personal_or_foreign_integration(
    http: AsyncClient, key: str, id: str
) -> None:
    answer = answer_of(await ask(http, key, f'{{ integration(id: "{id}") {{ name }} }}'))
    assert answer["data"] == {"integration": None}
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("origin", [CLINIC, "https://other.example", OURS])
async def test_pages_of_its_origins_and_our_own_pages_may_use_a_widget_key(
    http: AsyncClient, key: str, origin: str
) -> None:
    response = await ask(http, key, "{ integrations { totalCount } }", origin)
    assert response.json() == {"data": {"integrations": {"totalCount": 1}}}


@pytest.mark.parametrize(
    "origin",
    [None, "https://elsewhere.example", "null", "http://clinic.example", "https://gateway", f"{CLINIC}:1"],
)
@pytest.mark.parametrize("memory", [0, 60])
async def test_other_origins_may_not_use_a_widget_key(
    database_url: str, origin: str | None, memory: float
) -> None:
    async with served(database_url, key_memory=memory) as gateway:
        key = await create_widget_key(gateway)
        for _ in range(2):
            response = await ask(gateway.http, key, "{ integrations { totalCount } }", origin)
            assert (response.status_code, codes(response)) == (403, ["ORIGIN_NOT_ALLOWED"])
            assert "clinic" not in message(response).replace(origin or "-", "")
            assert (await ask(gateway.http, key, "{ integrations { totalCount } }")).status_code == 200


async def test_a_widget_key_in_rocket_chat_headers_is_bound_to_its_origins(http: AsyncClient, key: str) -> None:
    headers = {"X-Auth-Token": key, "X-User-Id": USER}
    content = {"query": "{ integrations { totalCount } }"}
    refused = await http.post("/graphql", json=content, headers=headers)
    assert codes(refused) == ["ORIGIN_NOT_ALLOWED"]
    assert (await http.post("/graphql", json=content, headers={**headers, "Origin": CLINIC})).status_code == 200


@pytest.mark.usefixtures("key")
async def test_a_key_with_further_permissions_is_not_a_widget_key(gateway: Gateway) -> None:
    client = await gateway.client(permissions=[Permission.READ_STATISTICS, Permission.READ_INTEGRATIONS])
    assert (await client.data("{ viewer { userId } }")) == {"viewer": {"userId": USER}}
    statistics = f'{{ appointmentStatistics(integrationId: "{OWN}" %s) {{ overview {{ total }} }} }}'
    assert await client.data(statistics % "") == {"appointmentStatistics": {"overview": {"total": 2}}}
    for query in (
        statistics % 'search: "Zoe"',
        f'{{ patientStatistics(integrationId: "{OWN}") {{ overview {{ total }} }} }}',
        f'{{ resourceRecord(id: "{"1" * 24}") {{ id }} }}',
    ):
        (error,) = (await client(query))["errors"]
        assert (error["message"], error["extensions"]["code"]) == (
            "This needs the permission READ_RECORDS.",
            "FORBIDDEN",
        )


DASHBOARD_FIELDS_NOT_PUBLIC: Mapping[str, set[str]] = {}
"""Fields of the dashboard's types, by type, that widget keys may not select."""


def test_the_public_fields_are_these() -> None:
    assert {name: set(fields) for name, fields in ALLOWED_FIELDS.items()} == {
        "Query": {"integration", "integrations", "appointmentStatistics"},
        "IntegrationConnection": {"nodes", "totalCount"},
        "Integration": {"id", "name", "enabled"},
        "ConnectedIntegration": {"id", "name", "enabled", "status", "timezone", "appointmentStatistics"},
        "AppointmentStatistics": {
            *("overview", "trends", "previousPeriod", "asOf"),
            *("source", "utmSource", "utmMedium", "utmCampaign"),
        },
        "AppointmentStatisticsPreviousPeriod": {"start", "end", "overview"},
        "AppointmentsOverview": {"total", "successful", "failed", "pending"},
        "AppointmentTrend": {"date", "day", "successful", "failed", "pending"},
        "StatisticsBucket": {"value", "count", "successful", "failed", "pending"},
    }


@pytest.mark.parametrize(
    "name",
    sorted(ALLOWED_FIELDS.keys() - {"Query", "IntegrationConnection", "Integration", "ConnectedIntegration"}),
)
def test_every_field_of_the_dashboard_is_public_or_listed_as_not_public(name: str) -> None:
    assert fields_of(name) == {*ALLOWED_FIELDS[name], *DASHBOARD_FIELDS_NOT_PUBLIC.get(name, ())}


def test_the_public_fields_and_the_hidden_arguments_exist() -> None:
    types = schema._schema.type_map
    arguments = set()
    for name, fields in ALLOWED_FIELDS.items():
        type_ = types[name]
        assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        assert set(fields) <= fields_of(name)
        for field in fields:
            arguments |= set(type_.fields[field].args)
    assert arguments >= HIDDEN_ARGUMENTS


def fields_of(name: str) -> set[str]:
    type_ = schema._schema.type_map[name]
    assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
    return set(type_.fields)
