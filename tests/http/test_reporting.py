"""Reporting of requests: the request id of a response, a log line, and metrics."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from gateway.telemetry import configure_logging
from tests.support.endpoints import JSON, VIEWER, Endpoint, open_endpoint
from tests.support.gateway import TEAM, Client, Gateway, collect_statements

LITERAL = "Jane-Roe-1970"
NAMED = f'query Who($a: ID = "{LITERAL}") {{ integrations(filter: {{createdBy: $a}}) {{ totalCount }} }}'
MISSING = '{ useCase(id: "aaaaaaaaaaaaaaaaaaaaaaaa") { id } }'
GROUPS = "{ integrations { nodes { id } totalCount } viewer { userId } }"
DELETE = 'mutation Gone { deleteIntegration(id: "aaaaaaaaaaaaaaaaaaaaaaaa") { deletedIds } }'
FIELDS = [
    *("ts", "level", "event", "request_id", "traceparent", "tenant", "key_id", "op_type", "op_name", "op_hash"),
    *("status", "codes", "cost", "ms", "db_ms", "sql_count", "bytes"),
]
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
async def endpoint(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Endpoint]:
    async with open_endpoint(sqlite_template, tmp_path) as found:
        yield found


async def read_metrics(endpoint: Endpoint | Gateway) -> dict[str, float]:
    """Return the metrics by name and labels. It writes the reports of finished requests first."""
    text = (await endpoint.http.get("/metrics")).text
    return {name: float(value) for name, value in re.findall(r"^(\w+(?:\{.*\})?) (\S+)$", text, re.MULTILINE)}


async def read_log_lines(endpoint: Endpoint | Gateway, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the log lines of requests."""
    await read_metrics(endpoint)
    output = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    return [line for line in output if line["event"] == "request"]


@pytest.mark.parametrize("given", ["a", "0193-ab.C_d:e/f+g=h@i~", "x" * 128])
async def test_a_request_keeps_its_x_request_id(endpoint: Endpoint, given: str) -> None:
    for body in ({"query": VIEWER}, {"query": "{"}, {}, {"query": MISSING}):
        response = await endpoint.send(headers={"X-Request-Id": given}, json=body)
        assert response.headers["X-Request-Id"] == given
        assert all(error["extensions"]["requestId"] == given for error in response.json().get("errors", []))


@pytest.mark.parametrize("given", [None, "", "x" * 129, "a b", 'a"b', "a\\b", "ë", "a,b"])
async def test_a_request_without_a_valid_id_gets_a_new_one(endpoint: Endpoint, given: str | None) -> None:
    headers = {} if given is None else {b"x-request-id": given.encode("latin-1")}
    headers[b"authorization"] = f"Bearer {endpoint.key}".encode()
    ids = set()
    for _ in range(2):
        response = await endpoint.http.post("/graphql", headers=headers, json={"query": "{"})
        (error,) = response.json()["errors"]
        assert error["extensions"]["requestId"] == response.headers["X-Request-Id"] != given
        ids.add(response.headers["X-Request-Id"])
    assert len(ids) == 2
    assert all(re.fullmatch(r"[0-9a-f]{16}-\d+", id) for id in ids)


async def test_each_response_has_a_request_id(endpoint: Endpoint) -> None:
    sent = [
        await endpoint.send("OPTIONS"),
        await endpoint.send("PUT"),
        await endpoint.send(headers={"Authorization": None}, json={}),
        await endpoint.send("GET", params={"query": VIEWER}, headers={"If-None-Match": "*"}),
        await endpoint.http.get("/nothing"),
    ]
    assert [response.status_code for response in sent] == [200, 405, 401, 304, 404]
    assert len({response.headers["X-Request-Id"] for response in sent}) == 5


async def test_a_request_is_one_log_line_with_its_costs_and_times(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = {"X-Request-Id": "mine", "traceparent": TRACE}
    response = await endpoint.send(headers=headers, json={"query": NAMED, "variables": {"a": LITERAL}})
    await endpoint.send(json={"query": MISSING})
    first, second = await read_log_lines(endpoint, capsys)
    assert list(first) == list(second) == FIELDS
    assert (first["level"], first["request_id"], first["traceparent"]) == ("info", "mine", TRACE)
    assert (first["tenant"], first["op_type"], first["op_name"]) == (TEAM, "query", "Who")
    assert (first["status"], first["codes"], first["bytes"]) == (200, [], len(response.content))
    assert first["key_id"] == second["key_id"]
    assert first["sql_count"] > 0 < second["sql_count"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", first["ts"])
    assert re.fullmatch(r"[0-9a-f]{64}", first["op_hash"])
    assert 0 < first["db_ms"] < first["ms"]
    assert (second["status"], second["codes"], second["op_name"]) == (200, ["NOT_FOUND"], None)


async def test_no_log_line_contains_values_of_the_request(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "N" * 200
    for body in (
        {"query": NAMED, "variables": {"a": LITERAL}},
        {"query": NAMED, "operationName": LITERAL},
        {"query": f'{{ useCase(id: "{LITERAL}") {{ id }} }}'},
        {"query": f"{{ {LITERAL}", "documentId": None},
        {"documentId": LITERAL},
        {"query": f"query {long} {{ viewer {{ userId }} }}"},
    ):
        await endpoint.send(headers={"traceparent": f"00-{LITERAL}"}, json=body)
    await endpoint.send("GET", params={"query": NAMED, "variables": json.dumps({"a": LITERAL})})
    await read_metrics(endpoint)
    output = capsys.readouterr().err
    assert output.count('"event":"request"') == 7
    assert LITERAL not in output
    assert endpoint.key.split("_", 2)[2] not in output
    assert f'"op_name":"{long[:128]}"' in output


@pytest.mark.parametrize("query", [GROUPS, GROUPS.replace("id", "name"), DELETE, "{ __typename }"])
async def test_the_log_counts_the_statements_that_ran(
    gateway: Gateway, capsys: pytest.CaptureFixture[str], query: str
) -> None:
    client = await gateway.client()
    for _ in range(2):
        with collect_statements() as statements:
            await client.send(query, {})
        await gateway.http.get("/metrics")
        line = json.loads(capsys.readouterr().err.splitlines()[-1])
        assert line["sql_count"] == len(statements)
        assert line["op_type"] == ("mutation" if query == DELETE else "query")
        assert line["db_ms"] <= line["ms"]


@pytest.mark.usefixtures("restored_logging")
async def test_requests_are_not_logged_at_the_level_warning(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("warning")
    await endpoint.send(json={"query": VIEWER})
    assert await read_log_lines(endpoint, capsys) == []


async def test_log_lines_are_batched_except_those_of_failures(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = asyncio.Event()
    flush = endpoint.app.state.reporting.flush

    def flush_and_set() -> None:
        flush()
        flushed.set()

    monkeypatch.setattr(endpoint.app.state.reporting, "flush", flush_and_set)
    await endpoint.send(json={"query": VIEWER})
    assert '"request"' not in capsys.readouterr().err
    await asyncio.wait_for(flushed.wait(), 10)
    assert '"status":200' in capsys.readouterr().err
    monkeypatch.setattr("gateway.schema.schema.execute", None)
    response = await endpoint.send(headers={"X-Request-Id": "failing"}, json={"query": VIEWER})
    output = capsys.readouterr()
    assert response.status_code == 500
    assert '"status":500,"codes":["INTERNAL_SERVER_ERROR"]' in output.err


async def test_a_client_that_disconnects_is_counted_and_logged(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = [(b"authorization", f"Bearer {endpoint.key}".encode()), (b"content-type", JSON.encode())]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(_message: object) -> None:
        raise AssertionError

    await endpoint.app(scope, receive, send)
    (line,) = await read_log_lines(endpoint, capsys)
    assert (line["status"], line["codes"], line["bytes"]) == (None, [], 0)
    assert (await read_metrics(endpoint))["client_disconnects_total"] == 1


async def test_requests_are_counted_by_status_and_code(endpoint: Endpoint) -> None:
    for query in (VIEWER, VIEWER, MISSING, "{", "{ nothing }", DELETE):
        await endpoint.send(json={"query": query})
    await endpoint.send(headers={"Authorization": None}, json={})
    found = await read_metrics(endpoint)
    counted = {name: value for name, value in found.items() if name.startswith("graphql_requests_total")}
    assert counted == {
        'graphql_requests_total{code="OK",op_type="query",status="200"}': 2,
        'graphql_requests_total{code="OK",op_type="mutation",status="200"}': 1,
        'graphql_requests_total{code="NOT_FOUND",op_type="query",status="200"}': 1,
        'graphql_requests_total{code="GRAPHQL_PARSE_FAILED",op_type="none",status="200"}': 1,
        'graphql_requests_total{code="GRAPHQL_VALIDATION_FAILED",op_type="none",status="200"}': 1,
        'graphql_requests_total{code="UNAUTHENTICATED",op_type="none",status="401"}': 1,
    }
    assert found['graphql_rejected_total{reason="auth"}'] == 1
    assert found["graphql_request_seconds_count"] == 7
    assert found['graphql_request_seconds_bucket{le="+Inf"}'] == 7
    assert 0 < found["graphql_request_seconds_sum"] < 60
    assert found["graphql_in_flight"] == 0
    assert found['db_tx_seconds_count{kind="read"}'] >= 1
    assert 'build_info{version="0.1.0"}' in found
    assert found["sqlite_wal_bytes"] >= 0
    assert found["process_open_fds"] > 0


async def test_connections_in_use_and_waiting_requests_are_measured(endpoint: Endpoint) -> None:
    database = endpoint.app.state.database
    async with database.write():
        waiting = asyncio.create_task(endpoint.send(json={"query": DELETE}))
        while not (await read_metrics(endpoint))['db_pool_waiting{kind="write"}']:  # noqa: ASYNC110 (there is no event to wait for)
            await asyncio.sleep(0)
        found = await read_metrics(endpoint)
        assert found['db_pool_in_use{kind="write"}'] == 1
        assert found["graphql_in_flight"] == 1
    assert (await waiting).status_code == 200
    found = await read_metrics(endpoint)
    assert found['db_pool_in_use{kind="write"}'] == found['db_pool_waiting{kind="write"}'] == 0
    assert found['db_pool_in_use{kind="read"}'] == found["graphql_in_flight"] == 0


async def test_metrics_contain_no_team_and_no_operation(endpoint: Endpoint) -> None:
    await endpoint.send(json={"query": NAMED})
    response: Response = await endpoint.http.get("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    assert TEAM not in response.text
    assert "Who" not in response.text
    openmetrics = {"Accept": "application/openmetrics-text; version=1.0.0"}
    assert (await endpoint.http.get("/metrics", headers=openmetrics)).text.endswith("# EOF\n")


async def test_a_writing_transaction_is_measured(gateway: Gateway) -> None:
    client: Client = await gateway.client()

    async def count_write_transactions() -> float:
        text = (await gateway.http.get("/metrics")).text
        return sum(map(float, re.findall(r'^db_tx_seconds_count\{kind="write"\} (\S+)$', text, re.MULTILINE)))

    before = await count_write_transactions()
    await client.send("{ __typename }", {})
    assert await count_write_transactions() == before
    await client.send(DELETE, {})
    assert await count_write_transactions() == before + 1
