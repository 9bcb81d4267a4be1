"""Widget keys, which public pages contain: they read numbers and names, only for pages of their origins."""

from typing import Any

import pytest
from httpx import AsyncClient, Response

from gateway import services
from gateway.domain.enums import Permission
from tests.support.endpoints import get_codes, get_message
from tests.support.factories import connected, record, store, webhook
from tests.support.gateway import OTHER_TEAM, TEAM, USER, Gateway, collect_statements, read_answer, serve_gateway

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
    answer = read_answer(await ask(http, key, query, variables=variables))
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
        ('{ integrations(after: "x") { totalCount } }', "Query.integrations(after:)"),
        ('{ integrations(before: "x") { totalCount } }', "Query.integrations(before:)"),
        ("{ integrations(last: 1) { totalCount } }", "Query.integrations(last:)"),
        ("query A { integrations { totalCount } } query B { viewer { name } }", "Query.viewer"),
    ],
)
async def test_a_widget_key_may_select_nothing_else(
    http: AsyncClient, key: str, query: str, coordinate: str
) -> None:
    for _ in range(2):
        with collect_statements() as ran:
            response = await ask(http, key, query)
        assert get_codes(response) == ["FORBIDDEN"]
        assert f"may not read `{coordinate}`" in get_message(response)
        assert len(ran) == 1  # the key


async def test_a_widget_key_may_change_nothing(http: AsyncClient, key: str) -> None:
    refused = await ask(http, key, f'mutation {{ deleteIntegration(id: "{OWN}") {{ deletedIds }} }}')
    assert get_codes(refused) == ["FORBIDDEN"]
    assert (await data(http, key, "{ integrations { totalCount } }")) == {"integrations": {"totalCount": 1}}


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_a_forbidden_selection_is_refused_before_execution(http: AsyncClient, key: str, accept: str) -> None:
    headers = {"Authorization": f"Bearer {key}", "Origin": CLINIC, "Accept": accept}
    response = await http.post("/graphql", json={"query": "{ viewer { name } }"}, headers=headers)
    assert response.status_code == (200 if accept == "application/json" else 403)
    assert get_codes(response) == ["FORBIDDEN"]


@pytest.mark.parametrize("id", [PERSONAL, WEBHOOK, THEIRS])
async def test_a_widget_key_sees_no_webhook_personal_or_foreign_integration(
    http: AsyncClient, key: str, id: str
) -> None:
    answer = read_answer(await ask(http, key, f'{{ integration(id: "{id}") {{ name }} }}'))
    assert answer["data"] == {"integration": None}
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_widget_key_sees_no_personal_integration_of_its_own_user(
    gateway: Gateway, http: AsyncClient, key: str
) -> None:
    own = "e" * 24
    await store(gateway.database, connected(own, access="personal", createdBy=USER), record("3" * 24, own))
    statistics = f'{{ appointmentStatistics(integrationId: "{own}") {{ overview {{ total }} }} }}'
    for query in (f'{{ integration(id: "{own}") {{ name }} }}', statistics):
        (error,) = read_answer(await ask(http, key, query))["errors"]
        assert error["extensions"]["code"] == "NOT_FOUND"
    assert await data(http, key, "{ integrations { totalCount nodes { id } } }") == {
        "integrations": {"totalCount": 1, "nodes": [{"id": OWN}]}
    }


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
    async with serve_gateway(database_url, key_memory=memory) as gateway:
        key = await create_widget_key(gateway)
        for _ in range(2):
            response = await ask(gateway.http, key, "{ integrations { totalCount } }", origin)
            assert (response.status_code, get_codes(response)) == (403, ["ORIGIN_NOT_ALLOWED"])
            assert "clinic" not in get_message(response).replace(origin or "-", "")
            assert (await ask(gateway.http, key, "{ integrations { totalCount } }")).status_code == 200


@pytest.mark.parametrize("user", [USER, "somebody.else"])
async def test_a_widget_key_does_not_reveal_its_user(http: AsyncClient, key: str, user: str) -> None:
    headers = {"X-Auth-Token": key, "X-User-Id": user, "Origin": CLINIC}
    refused = await http.post("/graphql", json={"query": "{ integrations { totalCount } }"}, headers=headers)
    assert (refused.status_code, get_codes(refused)) == (401, ["UNAUTHENTICATED"])


@pytest.mark.parametrize("field", ["CREATED_AT", "UPDATED_AT", "USERNAME", "CREATED_BY"])
async def test_a_widget_key_may_not_sort_by_what_it_may_not_read(
    gateway: Gateway, http: AsyncClient, key: str, field: str
) -> None:
    await store(gateway.database, connected("d" * 24, name="Aspen", createdBy="zoe"))
    query = "query ($orderBy: [IntegrationOrder!]) { integrations(orderBy: $orderBy) { nodes { name } } }"
    by_name = {"integrations": {"nodes": [{"name": "Aspen"}, {"name": "Lakeside"}]}}
    for order in ([{"field": field}], [{"field": "NAME"}, {"field": field, "direction": "DESC"}]):
        (error,) = read_answer(await ask(http, key, query, variables={"orderBy": order}))["errors"]
        assert error["message"] == f"A widget key may not sort by {field}; sort by NAME, or use another key."
        argument = ["orderBy", str(len(order) - 1), "field"]
        assert error["extensions"] == {"code": "FORBIDDEN", "argument": argument}
    for allowed in ([{"field": "NAME"}], [], None):
        assert await data(http, key, query, orderBy=allowed) == by_name


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
