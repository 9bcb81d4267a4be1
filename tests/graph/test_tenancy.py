"""Isolation of teams: no query shows a byte of another team, and no mutation changes its rows."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type, is_required_argument
from hypothesis import HealthCheck, given, settings
from hypothesis import example as example_of
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from sqlalchemy import select

from gateway import services
from gateway.database.tables import Base, CursorKey, SecretKey, UseCaseGroup
from gateway.domain.ids import NodeId
from gateway.domain.lenient_reading import Document
from gateway.schema import schema
from tests.support.examples import example
from tests.support.factories import AT, store, webhook
from tests.support.gateway import OTHER_TEAM, TEAM, USER, Client, Gateway, collect_statements
from tests.support.operations import mutations, queries, select_everything

Test = TypeVar("Test", bound=Callable[..., None])

MARK = "zebra"
"""Part of every text of the other team, and of no text that this team has or sends."""

OWN = {"integration": "a" * 24, "group": "a" * 23 + "1", "use_case": "a" * 23 + "2", "record": "a" * 23 + "3"}
OTHERS = {kind: id.replace("a", "b") for kind, id in OWN.items()}
OWN_WEBHOOK, OTHERS_WEBHOOK = "a" * 17, "b" * 17
MISSING = "c" * 24

PROPERTY = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def build_document(team_id: str, ids: dict[str, str], text: str) -> Any:
    """Return an export document in which each text contains `text`."""
    document = example("export.response")
    integration, (use_case,), (record,) = (
        document[key] for key in ("integration", "use_cases", "resource_records")
    )
    for row, id in ((integration, ids["integration"]), (use_case, ids["use_case"]), (record, ids["record"])):
        row |= {"_id": id, "teamId": team_id, "logicalId": f"{text}-{id}", "createdBy": USER, "updatedBy": USER}
        row["config"] |= {key: text for key in row["config"] if row["config"][key] == "<string>"}
    integration["name"] = text
    configs = [
        dict.fromkeys(("patientName", "source", "utmSource"), text)
        | {"type": "appointments", "bookingStatus": "failed", "patientId": "equal in both teams"},
        {"type": "patients", "id": "equal in both teams", "firstName": text, "source": text},
    ]
    document["resource_records"] = [
        record,
        *(
            {**record, "_id": f"{ids['record'][:-1]}{place}", "logicalId": f"{text}-{place}", "config": config}
            for place, config in enumerate(configs, 8)
        ),
    ]
    return document


async def store_team(gateway: Gateway, team_id: str, ids: dict[str, str], webhook_id: str, text: str) -> None:
    async with gateway.database.write() as session:
        await services.imports.import_as_operator(session, build_document(team_id, ids, text))
    group = UseCaseGroup(
        team_id=team_id,
        id=ids["group"],
        integration_id=ids["integration"],
        name=text,
        slug=text,
        created_at=AT,
        updated_at=AT,
        version=1,
    )
    hook: Document = {
        "_id": webhook_id,
        "name": text,
        "token": text,
        "channel": [f"#{text}"],
        "_createdBy": {"_id": USER},
    }
    await store(gateway.database, group, webhook(hook, team_id=team_id))


async def read_rows(gateway: Gateway, team_id: str) -> list[object]:
    """Return all rows of a team."""
    async with gateway.read() as session:
        found: list[object] = []
        for table in Base.metadata.sorted_tables:
            if table in {CursorKey.__table__, SecretKey.__table__}:
                continue
            team = table.c["id" if table.name == "team" else "team_id"]
            found += [
                tuple(row)
                for row in await session.execute(select(table).where(team == team_id).order_by(*table.primary_key))
            ]
        return found


def id_literals(name: str, type_name: str) -> SearchStrategy[str] | None:
    """Generate ids of both teams for id arguments, and documents with ids of the other team."""
    if "nodeId" in name:
        types = {"integration": "ConnectedIntegration", "group": "UseCaseGroup", "use_case": "UseCase"}
        kinds = {**types, "record": "ResourceRecord"}
        return st.sampled_from(
            [
                f'"{NodeId(kinds[kind], team, ids[kind]).encode()}"'
                for kind in kinds
                for team, ids in ((TEAM, OWN), (OTHER_TEAM, OTHERS), (OTHER_TEAM, OWN), (TEAM, OTHERS))
            ]
        )
    if name == "integrationId":
        # Nothing below a field is read unless this id fits, so the few that fit are drawn more often.
        return st.sampled_from(
            [f'"{id}"' for id in (OTHERS["integration"], OTHERS["integration"], OWN["integration"])]
        )
    if type_name == "ID" or name == "logicalId":
        ids = [*OTHERS.values(), OTHERS_WEBHOOK] * 2 + [*OWN.values(), OWN_WEBHOOK]
        return st.sampled_from([f'"{id}"' for id in ids])
    if name == "document":
        return st.sampled_from(
            [
                f'{{integration: {{_id: "{id}", teamId: "{OTHER_TEAM}", config: {{provider: "google"}}}}}}'
                for id in (OWN["integration"], OTHERS["integration"])
            ]
        )
    return None


@pytest.fixture
async def client(gateway: Gateway) -> Client:
    """Client of this team; another team has the same rows."""
    await store_team(gateway, TEAM, OWN, OWN_WEBHOOK, "horse")
    await store_team(gateway, OTHER_TEAM, OTHERS, OTHERS_WEBHOOK, MARK)
    await gateway.client(OTHER_TEAM, user_id=MARK)
    return await gateway.client()


OPERATIONS = {
    "integration": "query($id: ID!) { integration(id: $id) { id name } }",
    "export": "query($id: ID!) { integrationExport(integrationId: $id) { checksum } }",
    "statistics": "query($id: ID!) { appointmentStatistics(integrationId: $id) { overview { total } } }",
    "group": "query($id: ID!) { useCaseGroup(id: $id) { id name } }",
    "group_by_slug": 'query($id: ID!) { useCaseGroupBySlug(integrationId: $id, slug: "horse") { id name } }',
    "delete_group": "mutation($id: ID!) { deleteUseCaseGroup(id: $id) { errors { code message path } } }",
    "use_case": "query($id: ID!) { useCase(id: $id) { id logicalId } }",
    "record": "query($id: ID!) { resourceRecord(id: $id) { id logicalId } }",
    "update": """mutation($id: ID!) {
        updateIntegration(id: $id, input: {connected: {name: "x"}}) { errors { code message path } }
    }""",
    "delete": "mutation($id: ID!) { deleteIntegration(id: $id) { deletedIds errors { code message path } } }",
    "update_use_case": """mutation($id: ID!) {
        updateUseCase(id: $id, input: {displayName: "x"}) { useCase { id } errors { code message path } }
    }""",
    "delete_use_case": "mutation($id: ID!) { deleteUseCase(id: $id) { deletedIds errors { code message path } } }",
    "upsert_in_integration": """mutation($id: ID!) {
        upsertUseCaseGroup(provider: MICROSOFT, integrationId: $id, input: {name: "x"}) {
            errors { code message path }
        }
    }""",
    "upsert_group": """mutation($id: ID!) {
        upsertUseCaseGroup(provider: MICROSOFT, input: {name: "x", groupId: $id}) { errors { code message path } }
    }""",
    "upsert_records": """mutation($id: ID!) {
        upsertResourceRecords(integrationId: $id, records: [{config: {location: {name: "x"}}}]) {
            errors { code message path }
        }
    }""",
    "delete_records": """mutation($id: ID!) {
        deleteResourceRecords(integrationId: "aaaaaaaaaaaaaaaaaaaaaaaa", ids: [$id]) {
            deletedIds errors { code message path }
        }
    }""",
}
"""Type of the id of each operation; an integration by default."""

KINDS = {
    "group": "group",
    "upsert_group": "group",
    "delete_group": "group",
    "use_case": "use_case",
    "update_use_case": "use_case",
    "delete_use_case": "use_case",
    "record": "record",
    "delete_records": "record",
}


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_row_of_another_team_gets_the_same_bytes_as_a_missing_one(client: Client, operation: str) -> None:
    await client.send(OPERATIONS[operation], {"id": MISSING})  # Parses the document.
    with collect_statements() as of_others:
        others = await client.send(OPERATIONS[operation], {"id": OTHERS[KINDS.get(operation, "integration")]})
    with collect_statements() as of_missing:
        missing = await client.send(OPERATIONS[operation], {"id": MISSING})
    assert "NOT_FOUND" in missing.text
    # The statements are equal too, so that the time reveals nothing.
    assert of_others == of_missing
    assert (others.status_code, others.content) == (missing.status_code, missing.content)


async def test_each_team_sees_its_own_rows(gateway: Gateway, client: Client) -> None:
    query = (
        "query($id: ID!) { integrationExport(integrationId: $id) { document } integrations { nodes { name } } }"
    )
    own = await client.send(query, {"id": OWN["integration"]})
    others = await (await gateway.client(OTHER_TEAM)).send(query, {"id": OTHERS["integration"]})
    assert "horse" in own.text
    assert MARK not in own.text
    assert MARK in others.text
    assert "horse" not in others.text


async def test_a_node_id_of_another_team_finds_nothing(client: Client) -> None:
    ids = [NodeId("ConnectedIntegration", team, OTHERS["integration"]).encode() for team in (OTHER_TEAM, TEAM)]
    assert await client("query($ids: [ID!]!) { nodes(nodeIds: $ids) { nodeId } }", ids=ids) == {
        "data": {"nodes": [None, None]}
    }


@pytest.fixture
async def others_rows(gateway: Gateway, client: Client) -> list[object]:  # noqa: ARG001 (the client's fixture fills)
    """Every row of the other team before anything is written."""
    return await read_rows(gateway, OTHER_TEAM)


SEARCHES = {
    "node": ("nodeId", "integration"),
    "nodes": ("nodeIds", "integration"),
    "integration": ("id", "integration"),
    "useCaseGroup": ("id", "group"),
    "useCaseGroupBySlug": ('slug: "horse", integrationId', "integration"),
    "useCase": ("id", "use_case"),
    "resourceRecord": ("id", "record"),
    "integrationExport": ("integrationId", "integration"),
    "appointmentStatistics": ("integrationId", "integration"),
    "patientStatistics": ("integrationId", "integration"),
}
"""Each root field that takes an id: the name of the argument, and the kind of row that it finds."""


def _search(field: str, team_id: str, ids: dict[str, str]) -> str:
    """Return a query that selects everything below a root field, for an id of a team."""
    argument, kind = SEARCHES[field]
    id = (
        NodeId("ConnectedIntegration", team_id, ids[kind]).encode() if argument.startswith("nodeId") else ids[kind]
    )
    assert schema._schema.query_type is not None
    type_ = get_named_type(schema._schema.query_type.fields[field].type)
    assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
    return f'{{ {field}({argument}: "{id}") {select_everything(schema._schema, type_, 3)} }}'


def test_each_root_field_that_takes_an_id_is_searched() -> None:
    assert schema._schema.query_type is not None
    fields = schema._schema.query_type.fields.items()
    assert set(SEARCHES) == {name for name, field in fields if any(map(is_required_argument, field.args.values()))}


@pytest.mark.parametrize("field", SEARCHES)
async def test_each_search_shows_the_texts_of_the_own_team(client: Client, field: str) -> None:
    response = await client.send(_search(field, TEAM, OWN), {})
    assert "errors" not in response.json(), response.text[:500]
    assert "horse" in response.text


def _with_searches(test: Test) -> Test:
    """Add an example for each root field that takes an id, with an id of the other team."""
    for field in SEARCHES:
        test = example_of(query=_search(field, OTHER_TEAM, OTHERS))(test)
    return test


@PROPERTY
@_with_searches
@given(query=queries(schema._schema, id_literals))
async def test_random_queries_never_show_a_byte_of_another_team(client: Client, query: str) -> None:
    response = await client.send(query, {})
    assert MARK not in response.text.lower()
    assert OTHER_TEAM not in response.text
    assert "INTERNAL_SERVER_ERROR" not in response.text


@PROPERTY
@given(mutation=mutations(schema._schema, id_literals))
async def test_random_mutations_never_touch_another_team(
    gateway: Gateway, client: Client, others_rows: list[object], mutation: str
) -> None:
    response = await client.send(mutation, {})
    assert MARK not in response.text.lower()
    assert "INTERNAL_SERVER_ERROR" not in response.text
    assert await read_rows(gateway, OTHER_TEAM) == others_rows
