"""Compiled selections return exactly the response of the normal executor, or fall back to it."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from gateway import services
from gateway.database.connections import PooledConnection
from gateway.database.reading import Reader
from gateway.domain.lenient_reading import Document
from gateway.execution import CompilingExecutor, document_cache
from gateway.execution.compiler import plan
from gateway.execution.document_cache import DocumentCache, ExecutableDocument
from gateway.execution.operations import CompiledOperation
from gateway.schema import schema
from tests.support.compiling import normalize_response
from tests.support.factories import connected, record, store, use_case, use_case_group, user, webhook
from tests.support.gateway import USER, Client, Gateway, collect_statements, serve_gateway
from tests.support.operations import queries

PROPERTY = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NO_LIMITS = dict.fromkeys(("cost_limit", "rate_limit", "rate_refill"), 2**31 - 1)
EVERYTHING = """query($is: Boolean = true, $not: Boolean = false) {
  integrations(first: 10) {
    edges { cursor node { ...All } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
  again: integrations(first: 1, orderBy: [{field: NAME}]) { nodes { __typename name other: name } }
}
fragment All on Integration {
  __typename nodeId id name @include(if: $is) version @skip(if: $is) createdAt createdBy { id username }
  ... on ConnectedIntegration {
    status access timezone config { provider tokenState expiresAt } absent: logicalId @include(if: $not)
    useCaseGroups { totalCount nodes { slug startTime useCases { id group { name } integration { id } } } }
    useCases(first: 2) { nodes { key config { status actions { daysWindow schedule { field triggerAt } } } } }
    resourceRecords { nodes { type config { __typename
      ... on PractitionerConfig { name supervisor { id } workingHours { mon { start end } } }
      ... on AppointmentConfig { bookingStatus start patient { id integration { id } } location { id } }
      ... on OtherConfig { raw } } } }
  }
  ... on OutgoingWebhook { event urls retryCount }
}"""


@pytest.fixture
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway without limits of cost and rate."""
    async with serve_gateway(database_url, **NO_LIMITS) as gateway:
        yield gateway


@pytest.fixture
async def client(gateway: Gateway) -> Client:
    """A client whose team has a few rows of each kind."""
    slots: Document = {"mon": [{"start": "08:00", "end": "12:00"}, {"start": 7}]}
    await store(gateway.database, user(USER, "somebody"))
    await store(
        gateway.database,
        *(connected(f"i{n}") for n in range(3)),
        webhook({"_id": "hook", "name": "hook"}),
    )
    await store(gateway.database, use_case_group("g", "i0"))
    await store(
        gateway.database,
        *(use_case(f"u{n}", f"i{n % 2}") for n in range(4)),
        record("a", "i0", {"type": "practitioners", "name": "A", "supervisorId": "b", "workingHours": slots}),
        record("b", "i0", {"type": "practitioners", "name": 7}),
        record("c", "i1", {"bookingStatus": "failed", "start": "2025-03-09T08:00:00Z", "patientId": "E"}),
        record("e", "i1", {"type": "patients", "id": "E"}),
        record("d", "i1", {"type": "unknown", "deep": [{"er": None}]}),
    )
    return await gateway.client()


@pytest.fixture
def completed_by_plan(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each root field with a plan, whether the plan completed it."""
    results: list[bool] = []
    complete = CompilingExecutor._complete_with_plan

    async def record_plan(self: CompilingExecutor, coordinate: str, plan: Any, *normal: Any) -> object:
        async def complete_and_record(*arguments: Any) -> object:
            value = await complete_plan(*arguments)
            results[index] = True
            return value

        index = len(results)
        results.append(False)
        complete_plan = plan.complete
        recording_plan = type("RecordingPlan", (), {"complete": staticmethod(complete_and_record)})
        return await complete(self, coordinate, recording_plan, *normal)  # type: ignore[arg-type]  # it has what is used

    monkeypatch.setattr(CompilingExecutor, "_complete_with_plan", record_plan)
    return results


@pytest.fixture
def compiled_operations(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each execution of a compiled operation, whether it succeeded."""
    results: list[bool] = []
    answer = CompiledOperation.execute

    async def record_execution(self: CompiledOperation, *arguments: Any) -> object:
        index = len(results)
        results.append(False)
        data = await answer(self, *arguments)
        results[index] = True
        return data

    monkeypatch.setattr(CompiledOperation, "execute", record_execution)
    return results


async def fetch_response(
    client: Client, monkeypatch: pytest.MonkeyPatch, query: str, **variables: object
) -> bytes:
    """Return the response. It must be the same on the normal executor, with plans, cached, and in chunks."""
    responses: list[bytes] = []
    for executor_class in (StrawberryGraphQLCoreExecutionContext, *[CompilingExecutor] * 3):
        monkeypatch.setattr(schema, "execution_context_class", executor_class)
        monkeypatch.setattr(plan, "CHUNK_SIZE", 512 if len(responses) < 3 else -1)
        responses.append(normalize_response((await client.send(query, variables)).content))
    normal, *compiled = responses
    assert compiled == [normal] * 3
    return normal


async def test_a_plan_responds_like_the_normal_executor(
    client: Client, monkeypatch: pytest.MonkeyPatch, completed_by_plan: list[bool], compiled_operations: list[bool]
) -> None:
    for variables in ({}, {"is": False, "not": True}, {"is": True, "not": True}):
        assert "errors" not in orjson.loads(await fetch_response(client, monkeypatch, EVERYTHING, **variables))
    assert (completed_by_plan, compiled_operations) == ([True] * 6, [True] * 6)


async def test_unsupported_selections_fall_back_to_the_normal_executor(
    client: Client, monkeypatch: pytest.MonkeyPatch, completed_by_plan: list[bool], compiled_operations: list[bool]
) -> None:
    query = """{
      __schema { queryType { name } }
      a: integration(id: "i0") { ... on ConnectedIntegration { config { accessToken } } }
      b: integration(id: "i0") { ... on ConnectedIntegration { useCases(first: 0) { totalCount } } }
      c: integration(id: "missing") { id }
    }"""
    errors = orjson.loads(await fetch_response(client, monkeypatch, query))["errors"]
    assert sorted(orjson.loads(error)["path"][0] for error in errors) == ["b", "c"]
    assert (completed_by_plan, compiled_operations) == ([False] * 3, [])


async def test_a_null_in_a_non_null_field_falls_back_to_the_normal_executor(
    client: Client, monkeypatch: pytest.MonkeyPatch, completed_by_plan: list[bool], compiled_operations: list[bool]
) -> None:
    monkeypatch.setattr("gateway.services.integrations.find_parents", _load_nothing)
    query = '{ useCase(id: "u0") { id integration { id } } useCaseGroup(id: "g") { id integration { id } } }'
    data = orjson.loads(await fetch_response(client, monkeypatch, query))["data"]
    assert data == {"useCase": None, "useCaseGroup": None}
    assert (completed_by_plan, compiled_operations) == ([False] * 6, [False] * 2)


async def _load_nothing(*_: object) -> dict[object, object]:
    return {}


async def test_an_operation_with_a_single_read_runs_without_a_transaction(
    client: Client, monkeypatch: pytest.MonkeyPatch, compiled_operations: list[bool]
) -> None:
    commands: list[str] = []
    command = PooledConnection.execute

    async def record_command(self: PooledConnection, text: str) -> None:
        commands.append(text)
        await command(self, text)

    monkeypatch.setattr(PooledConnection, "execute", record_command)
    query = "query($id: ID!) { integration(id: $id) { name } }"
    for _ in range(2):
        commands.clear()
        assert await client.data(query, id="i0") == {"integration": {"name": "i0"}}
    assert commands[1:] == ["ROLLBACK"]
    commands.clear()
    with collect_statements() as statements:
        assert await client.data(query, id="i0") == {"integration": {"name": "i0"}}
    # The first statement reads the key, which is not cached here.
    assert (commands, len(statements)) == ([], 2)
    (error,) = (await client(query, id="missing"))["errors"]
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert await client.data(query, id="i1") == {"integration": {"name": "i1"}}
    assert compiled_operations == [True, True, False, True]


async def test_an_operation_with_a_second_read_runs_in_a_transaction(
    client: Client, monkeypatch: pytest.MonkeyPatch, compiled_operations: list[bool]
) -> None:
    get = services.integrations.get_integration

    async def read_twice(session: Reader, *arguments: Any) -> object:
        await get(session, *arguments)
        return await get(session, *arguments)

    query = '{ integration(id: "i0") { name } }'
    for _ in range(3):
        await client.data(query)
    monkeypatch.setattr(services.integrations, "get_integration", read_twice)
    for _ in range(3):
        assert await client.data(query) == {"integration": {"name": "i0"}}
    assert compiled_operations == [True, True, False, True, True]


async def test_the_document_cache_is_limited_in_bytes(
    client: Client, monkeypatch: pytest.MonkeyPatch, compiled_operations: list[bool]
) -> None:
    monkeypatch.setattr(document_cache, "_MAX_BYTES", 60_000)
    caches: list[DocumentCache] = []
    read = DocumentCache.add

    def record_cache(self: DocumentCache, text: str) -> ExecutableDocument:
        caches.append(self)
        return read(self, text)

    monkeypatch.setattr(DocumentCache, "add", record_cache)
    for number in range(9):
        query = f"{{ viewer {{ userId a{number}: userId }} }}"
        for _ in range(2):
            await client.data(query)
    assert compiled_operations == [True] * 9
    assert len({id(cache) for cache in caches}) == 1
    assert 0 < len(caches[0]._documents) < len(caches) == 9
    assert (
        caches[0]._total_bytes
        == sum(document.estimated_bytes for document in caches[0]._documents.values())
        <= 60_000
    )


async def test_a_failed_field_does_not_affect_fields_of_the_same_batch(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = """{ integrations { edges {
      node { createdBy { username } }
      failing: node { createdBy { username } ... on ConnectedIntegration { useCases(after: "no") { totalCount } } }
      again: node { createdBy { username } } } } }"""
    answer = orjson.loads(await fetch_response(client, monkeypatch, query))
    people = {"createdBy": {"username": "somebody"}}
    hook = {"createdBy": None}
    own = {"node": people, "failing": {**people, "useCases": None}, "again": people}
    edges = answer["data"]["integrations"]["edges"]
    assert sorted(edges, key=str) == sorted([own] * 3 + [{"node": hook, "failing": hook, "again": hook}], key=str)
    paths = [orjson.loads(error)["path"] for error in answer["errors"]]
    own_indexes = [index for index, edge in enumerate(edges) if edge == own]
    assert paths == [["integrations", "edges", index, "failing", "useCases"] for index in own_indexes]


VARIABLES: list[dict[str, object]] = [
    {"id": "i0", "by": USER, "search": "a", "first": 1},
    {"id": "i0"},
    {"id": "i0", "by": None, "search": None, "first": None},
    {"id": "i0", "by": "", "search": "", "first": 0},
    {"id": 7, "by": 7, "search": "b"},
    {"id": "i0", "by": 1.5},
    {"id": "i0", "search": 7},
    {"id": "i0", "search": ["a"]},
    {"id": None},
    {"id": True},
    {"id": "i0", "first": "1"},
    {"id": "i0", "unknown": "x"},
    {},
]


@pytest.mark.parametrize("declared", ["$id: ID!, $by: ID", '$id: ID!, $by: ID = "68a8652f82513625d1c21a85"'])
async def test_variables_have_the_same_result_on_every_executor(
    client: Client, monkeypatch: pytest.MonkeyPatch, declared: str
) -> None:
    query = f"""query ({declared}, $search: String, $first: Int) {{
      integration(id: $id, createdBy: $by) {{ id ... on ConnectedIntegration {{
        resourceRecords(search: $search, first: $first) {{ totalCount nodes {{ id }} }}
        useCases(first: 1) {{ nodes {{ id }} }} }} }} }}"""
    responses = {await fetch_response(client, monkeypatch, query, **variables) for variables in VARIABLES}
    assert len(responses) > 6
    text = "query ($id: ID!) { integration(id: $id) { id } }"
    for variables in VARIABLES:
        await fetch_response(client, monkeypatch, text, **variables)


@PROPERTY
@given(query=queries(schema._schema, lambda _name, _type: None))
async def test_random_operations_have_one_response(client: Client, query: str) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        await fetch_response(client, monkeypatch, query)
        if "$" in query:
            await fetch_response(client, monkeypatch, query, yes=False, no=True)
