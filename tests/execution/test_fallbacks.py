"""Fallbacks of compiled selections: each is counted and logged once a document, and unexpected ones fail tests."""

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import product
from typing import Any

import pytest
from graphql import GraphQLObjectType
from structlog.testing import capture_logs

from gateway import services
from gateway.database.reading import Reader
from gateway.database.rows import with_changes
from gateway.database.tables import Integration
from gateway.execution.compiler.selection import is_compilable
from gateway.execution.fallbacks import FallbackReason
from gateway.execution.operations import MAX_VARIANTS, RootField
from gateway.schema import schema
from tests.support.factories import connected, record, store
from tests.support.fallbacks import FallbackWatcher, UnexpectedFallback
from tests.support.gateway import Client, Gateway, serve_gateway
from tests.support.source_code import PROJECT

NAME = '{ integration(id: "i") { name } }'
NAMED = {"integration": {"name": "n"}}
RECORDS = """{ resourceRecord(id: "r") { config { ... on PractitionerConfig { name } } } }"""
SECRET = "Jane-Roe-1970"


@pytest.fixture
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    """A new gateway, so that its metrics begin at zero."""
    async with serve_gateway(database_url) as gateway:
        yield gateway


@pytest.fixture
async def client(gateway: Gateway) -> Client:
    await store(gateway.database, connected("i", name="n"))
    await store(
        gateway.database,
        record("r", "i", {"type": "practitioners", "name": 7}),
        record("s", "i", {"type": "practitioners", "name": "A"}),
    )
    return await gateway.client()


def _patch_service(monkeypatch: pytest.MonkeyPatch, use: Callable[[Any], object]) -> None:
    """Make the service that finds an integration call a function with the row."""
    get_integration: Callable[..., Awaitable[Any]] = services.integrations.get_integration

    async def patched(reader: Reader, *arguments: Any) -> Any:
        row = await get_integration(reader, *arguments)
        use(row)
        return row

    monkeypatch.setattr(services.integrations, "get_integration", patched)


def _fail(_row: object) -> None:
    raise ValueError(SECRET)


async def _read_counts(gateway: Gateway) -> dict[str, float]:
    """Return the counts of fallbacks by their labels."""
    gateway.flush_reports()
    lines = (await gateway.http.get("/metrics")).text.splitlines()
    name = "gateway_compiled_fallbacks_total"
    found = (line.removeprefix(name).rsplit(" ", 1) for line in lines if line.startswith(name))
    return {labels: float(count) for labels, count in found}


def _labels(field: str, reason: str) -> str:
    return f'{{field="{field}",reason="{reason}"}}'


async def test_a_service_that_reads_an_undeclared_column_fails_a_test(
    client: Client, monkeypatch: pytest.MonkeyPatch, fallbacks: FallbackWatcher
) -> None:
    _patch_service(monkeypatch, lambda row: row.timezone)
    assert await client.data(NAME) == NAMED
    with pytest.raises(UnexpectedFallback, match=r"Query\.integration: column_not_fetched"):
        await client.data(NAME)
    with pytest.raises(UnexpectedFallback):
        fallbacks.check()
    fallbacks.unexpected.clear()


@pytest.mark.fallback("column_not_fetched")
async def test_a_fallback_is_counted_each_time_and_logged_once_for_a_document(
    gateway: Gateway, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _patch_service(monkeypatch, lambda row: row.timezone)
    with capture_logs() as logged:
        for _ in range(3):
            assert await client.data(NAME) == NAMED
    expected = {
        "event": "execution.fallback",
        "log_level": "warning",
        "field": "Query.integration",
        "reason": "column_not_fetched",
    }
    (line,) = logged
    assert {key: line[key] for key in expected} == expected
    # The first request runs on the normal executor, because nothing is compiled yet.
    assert await _read_counts(gateway) == {_labels("Query.integration", "column_not_fetched"): 2}
    with capture_logs() as logged:
        for _ in range(2):
            await client.data(f"query Other {NAME}")
    assert len(logged) == 1


@pytest.mark.fallback("unexpected_error")
async def test_the_log_has_no_message_of_an_exception(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    await client.data(NAME)
    _patch_service(monkeypatch, _fail)
    with capture_logs() as logged:
        (error,) = (await client(NAME))["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    (line,) = (line for line in logged if line["event"] == "execution.fallback")
    assert (line["reason"], line["error"]) == ("unexpected_error", "ValueError")
    assert SECRET not in str(line)


@pytest.mark.fallback("unexpected_value")
async def test_a_value_that_its_type_does_not_allow_is_counted(
    client: Client, monkeypatch: pytest.MonkeyPatch, fallbacks: FallbackWatcher
) -> None:
    get_integration: Callable[..., Awaitable[Any]] = services.integrations.get_integration

    async def get_without_name(reader: Reader, *arguments: Any) -> Any:
        return with_changes(Integration, await get_integration(reader, *arguments), {"name": None})

    monkeypatch.setattr(services.integrations, "get_integration", get_without_name)
    (error,) = (await client(NAME))["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert fallbacks.counts == {("Query.integration", "unexpected_value"): 1}


async def test_a_faulty_row_is_counted_without_a_fallback_of_the_query(
    gateway: Gateway, client: Client, fallbacks: FallbackWatcher
) -> None:
    for _ in range(2):
        assert await client.data(RECORDS) == {"resourceRecord": {"config": {"name": None}}}
    assert fallbacks.counts == {("Query.resourceRecord", "row_data"): 2}
    assert await _read_counts(gateway) == {_labels("Query.resourceRecord", "row_data"): 2}


async def test_an_error_of_a_resolver_is_counted(gateway: Gateway, client: Client) -> None:
    query = "query ($id: ID!) { integration(id: $id) { name } }"
    assert await client.data(query, id="i") == NAMED
    (error,) = (await client(query, id="missing"))["errors"]
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert await _read_counts(gateway) == {_labels("Query.integration", "resolver_error"): 1}


async def test_selections_that_do_not_compile_are_counted_except_introspection(
    gateway: Gateway, client: Client
) -> None:
    query = '{ integration(id: "i") { ... on ConnectedIntegration { config { accessToken } } } }'
    for text in (query, query, "{ __typename __schema { queryType { name } } }"):
        await client.data(text)
    assert await _read_counts(gateway) == {_labels("Query.integration", "not_compilable"): 2}


@pytest.mark.fallback("too_many_variants")
async def test_more_variants_of_an_operation_than_are_stored_are_counted(gateway: Gateway, client: Client) -> None:
    names = "abcde"
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"{name}: name @include(if: ${name})" for name in names)
    query = f'query ({declared}) {{ integration(id: "i") {{ id {fields} }} none: node(nodeId: "x") {{ nodeId }} }}'
    variants = [dict(zip(names, values, strict=True)) for values in product((True, False), repeat=len(names))]
    with capture_logs() as logged:
        for variant in variants[: MAX_VARIANTS + 2]:
            expected = {"id": "i"} | {name: "n" for name, included in variant.items() if included}
            for _ in range(2):
                assert await client.data(query, **variant) == {"integration": expected, "none": None}
    assert await _read_counts(gateway) == {
        _labels(f"Query.{field}", "too_many_variants"): 4 for field in ("integration", "node")
    }
    assert [line["field"] for line in logged if line["event"] == "execution.fallback"] == [
        "Query.integration",
        "Query.node",
    ]


def test_the_fields_that_do_not_compile_are_listed() -> None:
    found = {
        f"{type_.name}.{name}"
        for type_ in schema._schema.type_map.values()
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__")
        for name, field in type_.fields.items()
        if type_.name not in {"Query", "Mutation"}
        if not is_compilable(field.extensions["strawberry-definition"])
    }
    # Secrets are audited when they are read, and a checksum needs the whole export.
    assert found == {
        "IncomingWebhook.script",
        "IncomingWebhook.scriptCompiled",
        "IncomingWebhook.scriptError",
        "IncomingWebhook.token",
        "IntegrationExport.checksum",
        "OutgoingWebhook.script",
        "OutgoingWebhook.scriptCompiled",
        "OutgoingWebhook.scriptError",
        "OutgoingWebhook.token",
        "ProviderConfig.accessToken",
        "ProviderConfig.refreshToken",
    }


def test_the_documentation_has_each_reason() -> None:
    text = (PROJECT / "gateway/docs/operating.md").read_text()
    assert [reason.value for reason in FallbackReason if f"`{reason.value}`" not in text] == []


def test_every_root_field_of_a_query_can_be_compiled() -> None:
    query = schema._schema.query_type
    assert query is not None
    fields = {name: field.extensions["strawberry-definition"] for name, field in query.fields.items()}
    assert [name for name, field in fields.items() if not RootField.is_direct(field)] == []
