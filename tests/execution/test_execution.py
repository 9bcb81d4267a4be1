"""Compiled selections give what the ordinary executor gives, to the byte, or leave it to give that."""

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
from tests.support.compiling import timeless
from tests.support.factories import connected, record, store, use_case, use_case_group, user, webhook
from tests.support.gateway import USER, Client, Gateway, served, statements
from tests.support.operations import queries

PROPERTY = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
BOUNDLESS = dict.fromkeys(("cost_limit", "rate_limit", "rate_refill"), 2**31 - 1)
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
      ... on AppointmentConfig { bookingStatus start } ... on OtherConfig { raw } } } }
  }
  ... on OutgoingWebhook { event urls retryCount }
}"""


@pytest.fixture
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway that compiles selections, also where the others do not, and lets everybody ask for anything."""
    async with served(database_url, **BOUNDLESS) as gateway:
        yield gateway


@pytest.fixture
async def client(gateway: Gateway) -> Client:
    """Somebody whose team has some of everything."""
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
        record("c", "i1", {"type": "appointments", "bookingStatus": "failed", "start": "2025-03-09T08:00:00Z"}),
        record("d", "i1", {"type": "unknown", "deep": [{"er": None}]}),
    )
    return await gateway.client()


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each root field that had a plan was answered by it."""
    answered: list[bool] = []
    complete = CompilingExecutor._complete_with_plan

    async def watched(self: CompilingExecutor, coordinate: str, plan: Any, *ordinary: Any) -> object:
        async def noted(*arguments: Any) -> object:
            value = await complete_plan(*arguments)
            answered[place] = True
            return value

        place = len(answered)
        answered.append(False)
        complete_plan = plan.complete
        watched_plan = type("Watched", (), {"complete": staticmethod(noted)})
        return await complete(self, coordinate, watched_plan, *ordinary)  # type: ignore[arg-type]  # it has what is used

    monkeypatch.setattr(CompilingExecutor, "_complete_with_plan", watched)
    return answered


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each operation that was known was answered so."""
    answered: list[bool] = []
    answer = CompiledOperation.execute

    async def watched(self: CompiledOperation, *arguments: Any) -> object:
        place = len(answered)
        answered.append(False)
        data = await answer(self, *arguments)
        answered[place] = True
        return data

    monkeypatch.setattr(CompiledOperation, "execute", watched)
    return answered


async def answer(client: Client, monkeypatch: pytest.MonkeyPatch, query: str, **variables: object) -> bytes:
    """The one answer of the ordinary executor, of plans, and of what is known, at once and in slices."""
    answers: list[bytes] = []
    for executor_class in (StrawberryGraphQLCoreExecutionContext, *[CompilingExecutor] * 3):
        monkeypatch.setattr(schema, "execution_context_class", executor_class)
        monkeypatch.setattr(plan, "CHUNK_SIZE", 512 if len(answers) < 3 else -1)
        answers.append(timeless((await client.send(query, variables)).content))
    ordinary, *compiled = answers
    assert compiled == [ordinary] * 3
    return ordinary


async def test_a_plan_answers_as_the_ordinary_executor_does(
    client: Client, monkeypatch: pytest.MonkeyPatch, planned: list[bool], known: list[bool]
) -> None:
    for variables in ({}, {"is": False, "not": True}, {"is": True, "not": True}):
        assert "errors" not in orjson.loads(await answer(client, monkeypatch, EVERYTHING, **variables))
    assert (planned, known) == ([True] * 6, [True] * 6)


async def test_what_is_not_plain_is_left_to_the_ordinary_executor(
    client: Client, monkeypatch: pytest.MonkeyPatch, planned: list[bool], known: list[bool]
) -> None:
    query = """{
      __schema { queryType { name } }
      a: integration(id: "i0") { ... on ConnectedIntegration { config { accessToken } } }
      b: integration(id: "i0") { ... on ConnectedIntegration { useCases(first: 0) { totalCount } } }
      c: integration(id: "missing") { id }
    }"""
    errors = orjson.loads(await answer(client, monkeypatch, query))["errors"]
    assert sorted(orjson.loads(error)["path"][0] for error in errors) == ["b", "c"]
    assert (planned, known) == ([False] * 3, [])


async def test_a_null_where_a_value_is_promised_is_told_by_the_ordinary_executor(
    client: Client, monkeypatch: pytest.MonkeyPatch, planned: list[bool], known: list[bool]
) -> None:
    monkeypatch.setattr("gateway.services.use_case_groups.find_parent_integrations", _nothing)
    query = '{ useCase(id: "u0") { id integration { id } } useCaseGroup(id: "g") { id integration { id } } }'
    data = orjson.loads(await answer(client, monkeypatch, query))["data"]
    assert data == {"useCase": None, "useCaseGroup": None}
    assert (planned, known) == ([False] * 6, [False] * 2)


async def _nothing(*_: object) -> dict[object, object]:
    return {}


async def test_what_was_seen_to_read_once_is_read_without_a_transaction(
    client: Client, monkeypatch: pytest.MonkeyPatch, known: list[bool]
) -> None:
    commands: list[str] = []
    command = PooledConnection.execute

    async def watched(self: PooledConnection, text: str) -> None:
        commands.append(text)
        await command(self, text)

    monkeypatch.setattr(PooledConnection, "execute", watched)
    query = "query($id: ID!) { integration(id: $id) { name } }"
    for _ in range(2):
        commands.clear()
        assert await client.data(query, id="i0") == {"integration": {"name": "i0"}}
    assert commands[1:] == ["ROLLBACK"]
    commands.clear()
    with statements() as ran:
        assert await client.data(query, id="i0") == {"integration": {"name": "i0"}}
    # The first is that of the key, whom nobody remembers here.
    assert (commands, len(ran)) == ([], 2)
    (error,) = (await client(query, id="missing"))["errors"]
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert await client.data(query, id="i1") == {"integration": {"name": "i1"}}
    assert known == [True, True, False, True]


async def test_an_operation_that_comes_to_read_twice_gets_a_transaction(
    client: Client, monkeypatch: pytest.MonkeyPatch, known: list[bool]
) -> None:
    get = services.integrations.get_integration

    async def twice(session: Reader, *arguments: Any) -> object:
        await get(session, *arguments)
        return await get(session, *arguments)

    query = '{ integration(id: "i0") { name } }'
    for _ in range(3):
        await client.data(query)
    monkeypatch.setattr(services.integrations, "get_integration", twice)
    for _ in range(3):
        assert await client.data(query) == {"integration": {"name": "i0"}}
    assert known == [True, True, False, True, True]


async def test_what_is_known_is_bounded(
    client: Client, monkeypatch: pytest.MonkeyPatch, known: list[bool]
) -> None:
    monkeypatch.setattr(document_cache, "_MAX_BYTES", 60_000)
    kept: list[DocumentCache] = []
    read = DocumentCache.add

    def watched(self: DocumentCache, text: str) -> ExecutableDocument:
        kept.append(self)
        return read(self, text)

    monkeypatch.setattr(DocumentCache, "add", watched)
    for number in range(9):
        query = f"{{ viewer {{ userId a{number}: userId }} }}"
        for _ in range(2):
            await client.data(query)
    assert known == [True] * 9
    assert len({id(each) for each in kept}) == 1
    assert 0 < len(kept[0]._documents) < len(kept) == 9
    assert (
        kept[0]._total_bytes == sum(document.estimated_bytes for document in kept[0]._documents.values()) <= 60_000
    )


async def test_a_field_that_fails_takes_nothing_from_those_that_load_the_same(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = """{ integrations { edges {
      node { createdBy { username } }
      failing: node { createdBy { username } ... on ConnectedIntegration { useCases(after: "no") { totalCount } } }
      again: node { createdBy { username } } } } }"""
    errors = orjson.loads(await answer(client, monkeypatch, query))["errors"]
    assert [orjson.loads(error) for error in errors] == [{"path": []}]


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
async def test_variables_mean_the_same_on_every_way(
    client: Client, monkeypatch: pytest.MonkeyPatch, declared: str
) -> None:
    query = f"""query ({declared}, $search: String, $first: Int) {{
      integration(id: $id, createdBy: $by) {{ id ... on ConnectedIntegration {{
        resourceRecords(search: $search, first: $first) {{ totalCount nodes {{ id }} }}
        useCases(first: 1) {{ nodes {{ id }} }} }} }} }}"""
    answers = {await answer(client, monkeypatch, query, **variables) for variables in VARIABLES}
    assert len(answers) > 6
    text = "query ($id: ID!) { integration(id: $id) { id } }"
    for variables in VARIABLES:
        await answer(client, monkeypatch, text, **variables)


@PROPERTY
@given(query=queries(schema._schema, lambda _name, _type: None))
async def test_random_operations_have_one_answer(client: Client, query: str) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        await answer(client, monkeypatch, query)
        if "$" in query:
            await answer(client, monkeypatch, query, yes=False, no=True)
