"""What holds for every REST operation: who may use it, its cost, its limits, and what is recorded of it."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from gateway import services
from gateway.domain.enums import Permission
from gateway.rest import OPERATIONS, AnyOperation, ReadOperation
from tests.http.test_reporting import read_log_lines, read_metrics
from tests.support.factories import connected, record, store, webhook
from tests.support.gateway import OTHER_TEAM, Client, Gateway, serve_gateway
from tests.support.signing_in import SAME_ORIGIN, open_browser, sign_in

CLINIC = "64a000000000000000000001"
FOREIGN = "64a000000000000000000002"
PERSONAL = "64a000000000000000000003"
WEBHOOK = "64a000000000000000000004"
MISSING = "64a00000000000000000000f"

ACTION = '{actionType: SMS, context: "c", templateName: "t"}'
QUERIES: Mapping[str, str] = {
    "export": f'{{ integrationExport(integrationId: "{CLINIC}") {{ document }} }}',
    "upsertUseCaseGroup": f"""mutation {{
      upsertUseCaseGroup(provider: MICROSOFT, input: {{
        name: "A", useCases: [{{useCase: LAB_REMINDER, actions: [{ACTION}, {ACTION}]}}, {{useCase: LAB_REMINDER}}]
      }}) {{
        outcome
        group {{ id name slug sheetLink assistantId timezone startTime version createdAt updatedAt nextRunAt }}
        useCases {{ useCase {{
          teamId createdBy {{ id }} updatedBy {{ id }} createdAt updatedAt id logicalId integrationId
          schedulerNames
          config {{
            displayName assistantId status timezone type name sheetLink
            actions {{
              logicalId templateName context reportEmails daysWindow status
              schedule {{ startDateTime endDateTime field triggerAt }}
            }}
          }}
        }} }}
      }} }}""",
    "appointmentStatistics": f"""{{ appointmentStatistics(integrationId: "{CLINIC}", size: 7) {{
      overview {{ total }} trends {{ date successful failed }} source {{ value count }}
      utmSource {{ value count }} utmMedium {{ value count }} utmCampaign {{ value count }}
    }} }}""",
    "patientStatistics": f"""{{ patientStatistics(integrationId: "{CLINIC}", size: 7) {{
      overview {{ total }} trends {{ date successful failed }} source {{ value count }}
    }} }}""",
}
"""The same questions as GraphQL operations."""

REST_ACTION = {"action_type": "SMS", "context": "c", "template_name": "t"}
BODY = {
    "name": "A",
    "use_cases": [
        {"use_case": "LAB_REMINDER", "actions": [REST_ACTION, REST_ACTION]},
        {"use_case": "LAB_REMINDER"},
    ],
}

INTERACTLY = [operation for operation in OPERATIONS if operation.path.startswith("/integrations/")]
operations = pytest.mark.parametrize("operation", INTERACTLY, ids=lambda operation: operation.name)
about_integrations = pytest.mark.parametrize(
    "operation",
    [operation for operation in INTERACTLY if "{integration_id}" in operation.path],
    ids=lambda operation: operation.name,
)


def get_path(operation: AnyOperation, id: str = CLINIC) -> str:
    return operation.path.format(integration_id=id, provider="microsoft")


async def ask(
    operation: AnyOperation, client: Client, id: str = CLINIC, headers: Mapping[str, str] | None = None
) -> Response:
    """Send a request to an operation, with the same arguments as its GraphQL query has."""
    sent = {"Authorization": f"Bearer {client.key}"} if headers is None else headers
    is_reading = isinstance(operation, ReadOperation)
    parameters = {"size": "7"} if "Statistics" in operation.name else {}
    body = None if is_reading else BODY
    return await client.http.request(
        operation.method, get_path(operation, id), headers=sent, params=parameters, json=body
    )


@pytest.fixture
async def client(gateway: Gateway) -> Client:
    """A client of a team with integrations that it may see, and others."""
    await store_integrations(gateway)
    return await gateway.client()


async def store_integrations(gateway: Gateway) -> None:
    await store(
        gateway.database,
        connected(CLINIC),
        connected(PERSONAL, access="personal", createdBy="somebody.else", config={"provider": "google"}),
        connected(FOREIGN, team_id=OTHER_TEAM, access="system"),
        webhook({"_id": WEBHOOK}),
        record("1" * 24, CLINIC),
    )


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


def test_each_operation_has_a_query_and_its_own_path() -> None:
    assert {operation.name for operation in INTERACTLY} == set(QUERIES)
    assert len({(operation.method, operation.path) for operation in OPERATIONS}) == len(OPERATIONS)
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)
    assert all(operation.path.startswith(operation.system.prefix) for operation in OPERATIONS)


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
    kind = "query" if operation.method == "GET" else "mutation"
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


@operations
async def test_a_session_cookie_is_not_read(operation: AnyOperation, gateway: Gateway, client: Client) -> None:
    async with open_browser(gateway) as http:
        token = (await sign_in(http, client))["csrfToken"]
        browser = Client(http, client.key, client.viewer)
        response = await ask(operation, browser, headers={**SAME_ORIGIN, "X-CSRF-Token": token})
        assert (response.status_code, response.json()) == (401, {"detail": "Not authenticated"})


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


@pytest.fixture
async def limited(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway whose keys have a budget for one request."""
    async with serve_gateway(
        database_url, rate_limit=2_500, rate_refill=1, cost_limit=2_500, url_limit=1_024, body_limit=2_000
    ) as gateway:
        await store_integrations(gateway)
        yield gateway


@operations
async def test_a_key_that_has_spent_its_budget_waits(operation: AnyOperation, limited: Gateway) -> None:
    client = await limited.client()
    response = await ask(operation, client)
    while response.status_code != 429:
        assert response.status_code < 500
        response = await ask(operation, client)
    seconds = int(response.headers["Retry-After"])
    detail = f"Rate limit reached for this key; retry in {seconds} s."
    assert (response.status_code, response.json()) == (429, {"detail": detail})
    assert response.headers["RateLimit"].startswith('"cost";r=')
    assert response.headers["RateLimit-Policy"] == '"cost";q=2500;w=2500'


@operations
async def test_a_url_that_is_too_long_is_refused_in_its_words(operation: AnyOperation, limited: Gateway) -> None:
    client = await limited.client()
    path = f"{get_path(operation)}?search={'a' * 1_024}"
    response = await client.http.request(operation.method, path, headers={"Authorization": f"Bearer {client.key}"})
    assert response.status_code == 414
    assert response.json()["detail"].startswith("The URL is longer than 1024 bytes; ")


async def test_a_large_body_and_a_high_cost_are_refused(limited: Gateway) -> None:
    client = await limited.client()
    (operation,) = [each for each in INTERACTLY if each.method == "POST"]
    headers = {"Authorization": f"Bearer {client.key}"}
    large = {**BODY, "slug": "a" * 3_000}
    response = await client.http.post(get_path(operation), headers=headers, json=large)
    assert response.status_code == 413
    assert response.json()["detail"].startswith("The body is larger than 2000 bytes; ")
    costly = {"name": "A", "use_cases": [{"use_case": "LAB_REMINDER"}] * 20}
    response = await client.http.post(get_path(operation), headers=headers, json=costly)
    assert response.status_code == 400
    assert response.json()["detail"].startswith("The operation costs 2646; at most 2500 is allowed.")


@operations
async def test_a_query_string_that_is_not_utf_8_is_refused(operation: AnyOperation, client: Client) -> None:
    path = f"{get_path(operation)}?search=%FF"
    body = None if operation.method == "GET" else BODY
    headers = {"Authorization": f"Bearer {client.key}"}
    response = await client.http.request(operation.method, path, headers=headers, json=body)
    detail = "The query string is not percent-encoded UTF-8; encode it as browsers encode forms."
    assert (response.status_code, response.json()) == (400, {"detail": detail})


async def test_a_header_that_is_sent_twice_is_refused(client: Client) -> None:
    headers = [("Authorization", f"Bearer {client.key}"), ("Authorization", f"Bearer {client.key}")]
    response = await client.http.get(get_path(INTERACTLY[0]), headers=headers)
    assert response.status_code == 400
    assert [*response.json()] == ["detail"]


@operations
async def test_a_surprise_is_masked_in_its_words(
    operation: AnyOperation, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("Jane-Roe-1970")

    monkeypatch.setattr(type(operation.system), "parse", fail)
    response = await ask(operation, client)
    assert (response.status_code, response.json()) == (500, {"detail": "Internal server error."})


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
        for operation in INTERACTLY:
            assert (await ask(operation, client)).status_code in {200, 422}
