"""What is told of a request: its id in the answer, a line in the log, and numbers that are scraped."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from gateway.telemetry import configure_logging
from tests.support.endpoints import JSON, VIEWER, Door, opened
from tests.support.gateway import TEAM, Client, Gateway, statements

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
async def door(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Door]:
    async with opened(sqlite_template, tmp_path) as found:
        yield found


async def scraped(door: Door | Gateway) -> dict[str, float]:
    """The metrics by their names and labels; whatever is over has been told of by then."""
    text = (await door.http.get("/metrics")).text
    return {name: float(value) for name, value in re.findall(r"^(\w+(?:\{.*\})?) (\S+)$", text, re.MULTILINE)}


async def lines(door: Door | Gateway, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines that were written of requests."""
    await scraped(door)
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    return [line for line in said if line["event"] == "request"]


@pytest.mark.parametrize("given", ["a", "0193-ab.C_d:e/f+g=h@i~", "x" * 128])
async def test_a_request_keeps_the_id_that_it_brings(door: Door, given: str) -> None:
    for body in ({"query": VIEWER}, {"query": "{"}, {}, {"query": MISSING}):
        response = await door.knock(headers={"X-Request-Id": given}, json=body)
        assert response.headers["X-Request-Id"] == given
        assert all(error["extensions"]["requestId"] == given for error in response.json().get("errors", []))


@pytest.mark.parametrize("given", [None, "", "x" * 129, "a b", 'a"b', "a\\b", "ë", "a,b"])
async def test_a_request_without_a_good_id_is_given_one(door: Door, given: str | None) -> None:
    headers = {} if given is None else {b"x-request-id": given.encode("latin-1")}
    headers[b"authorization"] = f"Bearer {door.key}".encode()
    ids = set()
    for _ in range(2):
        response = await door.http.post("/graphql", headers=headers, json={"query": "{"})
        (error,) = response.json()["errors"]
        assert error["extensions"]["requestId"] == response.headers["X-Request-Id"] != given
        ids.add(response.headers["X-Request-Id"])
    assert len(ids) == 2
    assert all(re.fullmatch(r"[0-9a-f]{16}-\d+", id) for id in ids)


async def test_each_answer_has_an_id_whatever_it_is(door: Door) -> None:
    sent = [
        await door.knock("OPTIONS"),
        await door.knock("PUT"),
        await door.knock(headers={"Authorization": None}, json={}),
        await door.knock("GET", params={"query": VIEWER}, headers={"If-None-Match": "*"}),
        await door.http.get("/nothing"),
    ]
    assert [response.status_code for response in sent] == [200, 405, 401, 304, 404]
    assert len({response.headers["X-Request-Id"] for response in sent}) == 5


async def test_a_request_is_one_line_with_what_it_took(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    headers = {"X-Request-Id": "mine", "traceparent": TRACE}
    response = await door.knock(headers=headers, json={"query": NAMED, "variables": {"a": LITERAL}})
    await door.knock(json={"query": MISSING})
    first, second = await lines(door, capsys)
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


async def test_no_line_holds_what_was_asked(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    long = "N" * 200
    for body in (
        {"query": NAMED, "variables": {"a": LITERAL}},
        {"query": NAMED, "operationName": LITERAL},
        {"query": f'{{ useCase(id: "{LITERAL}") {{ id }} }}'},
        {"query": f"{{ {LITERAL}", "documentId": None},
        {"documentId": LITERAL},
        {"query": f"query {long} {{ viewer {{ userId }} }}"},
    ):
        await door.knock(headers={"traceparent": f"00-{LITERAL}"}, json=body)
    await door.knock("GET", params={"query": NAMED, "variables": json.dumps({"a": LITERAL})})
    await scraped(door)
    said = capsys.readouterr().err
    assert said.count('"event":"request"') == 7
    assert LITERAL not in said
    assert door.key.split("_", 2)[2] not in said
    assert f'"op_name":"{long[:128]}"' in said


@pytest.mark.parametrize("query", [GROUPS, GROUPS.replace("id", "name"), DELETE, "{ __typename }"])
async def test_as_many_statements_are_noted_as_run(
    gateway: Gateway, capsys: pytest.CaptureFixture[str], query: str
) -> None:
    client = await gateway.client()
    for _ in range(2):
        with statements() as ran:
            await client.send(query, {})
        await gateway.http.get("/metrics")
        line = json.loads(capsys.readouterr().err.splitlines()[-1])
        assert line["sql_count"] == len(ran)
        assert line["op_type"] == ("mutation" if query == DELETE else "query")
        assert line["db_ms"] <= line["ms"]


@pytest.mark.usefixtures("logging_as_before")
async def test_requests_leave_no_line_where_none_is_wanted(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning")
    await door.knock(json={"query": VIEWER})
    assert await lines(door, capsys) == []


async def test_a_line_is_written_soon_and_at_once_when_the_request_failed(
    door: Door, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = asyncio.Event()
    tell = door.app.state.reporting.flush

    def telling() -> None:
        tell()
        told.set()

    monkeypatch.setattr(door.app.state.reporting, "flush", telling)
    await door.knock(json={"query": VIEWER})
    assert '"request"' not in capsys.readouterr().err
    await asyncio.wait_for(told.wait(), 10)
    assert '"status":200' in capsys.readouterr().err
    monkeypatch.setattr("gateway.schema.schema.execute", None)
    response = await door.knock(headers={"X-Request-Id": "failing"}, json={"query": VIEWER})
    said = capsys.readouterr()
    assert response.status_code == 500
    assert '"status":500,"codes":["INTERNAL_SERVER_ERROR"]' in said.err


async def test_a_client_that_leaves_is_counted_and_told_of(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    headers = [(b"authorization", f"Bearer {door.key}".encode()), (b"content-type", JSON.encode())]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(_message: object) -> None:
        raise AssertionError

    await door.app(scope, receive, send)
    (line,) = await lines(door, capsys)
    assert (line["status"], line["codes"], line["bytes"]) == (None, [], 0)
    assert (await scraped(door))["client_disconnects_total"] == 1


async def test_requests_are_counted_by_what_came_of_them(door: Door) -> None:
    for query in (VIEWER, VIEWER, MISSING, "{", "{ nothing }", DELETE):
        await door.knock(json={"query": query})
    await door.knock(headers={"Authorization": None}, json={})
    found = await scraped(door)
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


async def test_who_holds_a_connection_and_who_waits_for_one_is_seen(door: Door) -> None:
    database = door.app.state.database
    async with database.write():
        waiting = asyncio.create_task(door.knock(json={"query": DELETE}))
        while not (await scraped(door))['db_pool_waiting{kind="write"}']:  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0)
        found = await scraped(door)
        assert found['db_pool_in_use{kind="write"}'] == 1
        assert found["graphql_in_flight"] == 1
    assert (await waiting).status_code == 200
    found = await scraped(door)
    assert found['db_pool_in_use{kind="write"}'] == found['db_pool_waiting{kind="write"}'] == 0
    assert found['db_pool_in_use{kind="read"}'] == found["graphql_in_flight"] == 0


async def test_labels_hold_no_team_and_no_operation(door: Door) -> None:
    await door.knock(json={"query": NAMED})
    response: Response = await door.http.get("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    assert TEAM not in response.text
    assert "Who" not in response.text
    openmetrics = {"Accept": "application/openmetrics-text; version=1.0.0"}
    assert (await door.http.get("/metrics", headers=openmetrics)).text.endswith("# EOF\n")


async def test_a_writing_transaction_is_measured(gateway: Gateway) -> None:
    client: Client = await gateway.client()

    async def written() -> float:
        text = (await gateway.http.get("/metrics")).text
        return sum(map(float, re.findall(r'^db_tx_seconds_count\{kind="write"\} (\S+)$', text, re.MULTILINE)))

    before = await written()
    await client.send("{ __typename }", {})
    assert await written() == before
    await client.send(DELETE, {})
    assert await written() == before + 1
