"""What holds for every REST operation: who may use it, what it costs, and what is recorded of it."""

import json
from pathlib import Path

import pytest

from gateway import services
from gateway.domain.enums import Permission
from gateway.rest import OPERATIONS, AnyOperation, ReadOperation
from tests.http.test_reporting import read_log_lines, read_metrics
from tests.support.gateway import Client, Gateway, serve_gateway
from tests.support.rest import send
from tests.support.rest_operations import (
    CLINIC,
    DETAILED,
    FOREIGN,
    MISSING,
    PERSONAL,
    QUERIES,
    WEBHOOK,
    about_integrations,
    ask,
    get_path,
    operations,
    store_integrations,
)
from tests.support.signing_in import SAME_ORIGIN, open_browser, sign_in


@pytest.fixture
async def client(gateway: Gateway) -> Client:
    """A client of a team with integrations that it may see, and others."""
    await store_integrations(gateway)
    return await gateway.client()


@operations
async def test_a_request_costs_what_the_same_question_costs_as_a_query(
    operation: AnyOperation, gateway: Gateway, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = {"Authorization": f"Bearer {client.key}", "GraphQL-Cost": "report"}
    query = {"query": QUERIES[operation.name]}
    response = await client.http.post("/graphql", json=query, headers=headers)
    cost = response.json()["extensions"]["cost"]
    await read_log_lines(gateway, capsys)
    await ask(operation, client)
    (line,) = await read_log_lines(gateway, capsys)
    assert line["cost"] == cost


@pytest.mark.parametrize("operation", [each for each in DETAILED if each.name.endswith("tStatistics")])
async def test_a_search_costs_what_it_costs_as_a_query(
    operation: AnyOperation, gateway: Gateway, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = {"Authorization": f"Bearer {client.key}"}
    query = QUERIES[operation.name].replace("integrationId:", 'search: "jane roe", integrationId:', 1)
    assert "search" in query
    await client.http.post("/graphql", json={"query": query}, headers=headers)
    (in_graph,) = await read_log_lines(gateway, capsys)
    await client.http.get(f"{get_path(operation)}?size=7&search=jane+roe", headers=headers)
    (in_rest,) = await read_log_lines(gateway, capsys)
    assert in_rest["cost"] == in_graph["cost"] > 1_000


def test_each_operation_has_a_query_and_its_own_path() -> None:
    assert {operation.name for operation in DETAILED} == set(QUERIES)
    assert len({(operation.method, operation.path) for operation in OPERATIONS}) == len(OPERATIONS)
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)
    assert all(operation.path.startswith(operation.system.prefix or "/") for operation in OPERATIONS)


@operations
async def test_a_request_is_recorded_without_its_query_string(
    operation: AnyOperation, gateway: Gateway, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = {"Authorization": f"Bearer {client.key}"}
    query = "?search=Jane-Roe-1970&secrets=Jane-Roe-1970"
    body = {"name": "Jane-Roe-1970"}
    await client.http.request(
        operation.method,
        get_path(operation) + query,
        headers=headers,
        json=None if operation.method == "GET" else body,
    )
    written = await read_metrics(gateway)
    text = capsys.readouterr().err
    assert "Jane-Roe" not in text
    line = [json.loads(line) for line in text.splitlines() if line.startswith("{")][-1]
    kind = "query" if isinstance(operation, ReadOperation) else "mutation"
    assert (line["op_type"], line["op_name"], line["op_hash"]) == (kind, f"rest:{operation.name}", None)
    assert [name for name in written if f'op_type="rest:{operation.name}"' in name]


@operations
async def test_a_widget_key_is_refused(operation: AnyOperation, gateway: Gateway, client: Client) -> None:
    for origin in (None, "https://clinic.example"):
        async with gateway.database.write() as writer:
            key = await services.keys.create_key(
                writer,
                team_id=client.viewer.team_id,
                user_id=client.viewer.user_id,
                name="widgets",
                permissions=[Permission.READ_STATISTICS],
                origins=[] if origin is None else [origin],
            )
        headers = {"Authorization": f"Bearer {key}", **({} if origin is None else {"Origin": origin})}
        response = await ask(operation, client, headers=headers)
        detail = "A widget key may not use this URL. Use another key."
        assert (response.status_code, response.json()) == (403, {"detail": detail})


@operations
async def test_a_key_of_an_origin_is_refused_to_others(
    operation: AnyOperation, gateway: Gateway, client: Client
) -> None:
    async with gateway.database.write() as writer:
        key = await services.keys.create_key(
            writer,
            team_id=client.viewer.team_id,
            user_id=client.viewer.user_id,
            name="pages",
            permissions=[Permission.ADMIN],
            origins=["https://clinic.example"],
        )
    response = await ask(operation, client, headers={"Authorization": f"Bearer {key}"})
    assert response.status_code == 403
    assert [*response.json()] == ["detail"]


@pytest.mark.parametrize("operation", [each for each in DETAILED if not each.system.reads_sessions])
async def test_a_session_cookie_is_not_read(operation: AnyOperation, gateway: Gateway, client: Client) -> None:
    async with open_browser(gateway) as http:
        token = (await sign_in(http, client))["csrfToken"]
        browser = Client(http, client.key, client.viewer)
        response = await ask(operation, browser, headers={**SAME_ORIGIN, "X-CSRF-Token": token})
        assert (response.status_code, response.json()) == (401, {"detail": "Not authenticated"})


@about_integrations
async def test_head_answers_as_get_without_a_body(operation: AnyOperation, client: Client) -> None:
    for id in (CLINIC, MISSING):
        found = await send(client, get_path(operation, id))
        head = await send(client, get_path(operation, id), "HEAD")
        assert (head.status_code, head.content) == (found.status_code, b"")
        assert head.headers["Content-Length"] == str(len(found.content))


@about_integrations
@pytest.mark.parametrize("id", [FOREIGN, WEBHOOK, PERSONAL])
async def test_what_the_viewer_may_not_see_is_missing_in_the_same_bytes(
    operation: AnyOperation, client: Client, id: str
) -> None:
    hidden, missing = await ask(operation, client, id), await ask(operation, client, MISSING)
    assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content)
    detail = "There is no connected integration with this id."
    assert (missing.status_code, missing.json()) == (404, {"detail": detail})


@operations
async def test_a_key_without_permissions_is_forbidden(
    operation: AnyOperation, gateway: Gateway, client: Client
) -> None:
    del client
    powerless = await gateway.client(permissions=[])
    response = await ask(operation, powerless)
    assert response.status_code == 403
    assert response.json()["detail"].startswith("This needs the permission ")


async def test_trusted_documents_do_not_concern_the_urls(
    database_url: str, tmp_path: Path, restored_logging: None
) -> None:
    del restored_logging
    manifest = tmp_path / "manifest.json"
    manifest.write_text("{}")
    async with serve_gateway(database_url, trusted_documents="only", document_manifest=str(manifest)) as gateway:
        await store_integrations(gateway)
        client = await gateway.client()
        assert (await client.send("{ viewer { userId } }", {})).json()["errors"]
        for operation in DETAILED:
            assert (await ask(operation, client)).status_code in {200, 422}
