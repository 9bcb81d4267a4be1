"""Request bodies: strict JSON, size limits and timeouts."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.errors import DeadlineExceeded
from gateway.web.timeouts import Deadlines
from tests.support.endpoints import (
    GRAPHQL,
    JSON,
    VIEWER,
    VIEWER_RESPONSE,
    Endpoint,
    exchange_messages,
    get_codes,
    get_message,
    open_endpoint,
)
from tests.support.gateway import collect_statements

LIMITS = {"body_limit": 2048, "header_limit": 2048, "url_limit": 1024, "body_timeout": 0.02}


@pytest.fixture(scope="module")
async def endpoint(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Endpoint]:
    async with open_endpoint(sqlite_template, tmp_path_factory.mktemp("endpoint")) as found:
        yield found


@pytest.fixture(scope="module")
async def limited_endpoint(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Endpoint]:
    async with open_endpoint(sqlite_template, tmp_path_factory.mktemp("endpoint"), **LIMITS) as found:
        yield found


def _build_body(variables: str) -> bytes:
    return f'{{"query": "{VIEWER}", "variables": {variables}}}'.encode()


def _nest(levels: int) -> str:
    """Return an object with this number of levels."""
    return '{"a":' * (levels - 1) + "{}" + "}" * (levels - 1)


@pytest.mark.parametrize(
    "body",
    [
        _build_body("null"),
        _build_body('{"a": 1.50e3, "b": [true, null, -0], "c": "\\u00eb\\/"}'),
        _build_body(f'{{"a": {"9" * 100}}}'),
        _build_body('{"a": {"b": 1}, "c": {"b": 1}}'),
        _build_body(_nest(63)),
        _build_body('{"a": ["{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{["]}'),
        b'\r\n\t {"query":"' + VIEWER.encode() + b'","operationName":null,"extensions":{},"id":[{}]} ',
    ],
)
async def test_valid_json_is_accepted(endpoint: Endpoint, body: bytes) -> None:
    response = await endpoint.post(body)
    assert (response.status_code, response.json()) == (200, VIEWER_RESPONSE)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "is not JSON in UTF-8: "),
        (b"{", "is not JSON in UTF-8: "),
        (_build_body("{}") + b"x", "is not JSON in UTF-8: "),
        (b"\xef\xbb\xbf" + _build_body("{}"), "is not JSON in UTF-8: "),
        (b'{"query": "\xff"}', "is not JSON in UTF-8: "),
        (_build_body("{}").decode().encode("utf-16"), "is not JSON in UTF-8: "),
        (b"\x1f\x8b\x08\x00", "is not JSON in UTF-8: "),
        (_build_body('{"a": NaN}'), "is not JSON in UTF-8: "),
        (_build_body('{"a": -Infinity}'), "is not JSON in UTF-8: "),
        (_build_body('{"a": 1e400}'), "is not JSON in UTF-8: "),
        (_build_body('{"a": "\\ud800"}'), "is not JSON in UTF-8: "),
        (b"[" * 50_000, "is not JSON in UTF-8: "),
        (
            b"{[," * 21_846,
            "has more than 65536 opening braces, brackets and commas; divide it into several requests.",
        ),
        (b"1" * 5_000, "is not JSON in UTF-8: "),
        (b"[" * 500 + b"]" * 500, "is nested deeper than 64 levels."),
        (_build_body(_nest(64)), "is nested deeper than 64 levels."),
        (_build_body(f'{{"a": {"9" * 101}}}'), "has a number of more than 100 digits."),
        (_build_body(f'{{"a": 0.{"1" * 99}}}'), "has a number of more than 100 digits."),
        (b'{"query": "{ a }", "query": "{ b }"}', "has the key `query` twice in one object."),
        (b'{"query":"{ a }","query":"{ b }"}', "has the key `query` twice in one object."),
        (_build_body('{"a": [{"b": 1, "\\u0062": 1}]}'), "has the key `b` twice in one object."),
    ],
)
async def test_invalid_or_ambiguous_json_is_refused(endpoint: Endpoint, body: bytes, message: str) -> None:
    for accept in (JSON, GRAPHQL):
        response = await endpoint.post(body, Accept=accept)
        assert (response.status_code, get_codes(response)) == (400, ["BAD_REQUEST"])
        assert get_message(response).startswith(f"The body {message}")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("null", ["The body is null; send an object with `query`."]),
        ("1.5", ["The body is a number; send an object with `query`."]),
        ('"x"', ["The body is a string; send an object with `query`."]),
        ("true", ["The body is a boolean; send an object with `query`."]),
        ("[]", ["The body is a list; send each request of a batch separately."]),
        ("{}", ["`query` is missing; send the text of a GraphQL document."]),
        ('{"query": null}', ["`query` is null; send the text of a GraphQL document."]),
        ('{"query": ["{ a }"]}', ["`query` is a list; send the text of a GraphQL document."]),
        (
            '{"query": 1, "operationName": false, "variables": "{}", "extensions": []}',
            [
                "`query` is a number; send the text of a GraphQL document.",
                "`operationName` is a boolean; send a string or null, or leave it out.",
                "`variables` is a string; send an object or null, or leave it out.",
                "`extensions` is a list; send an object or null, or leave it out.",
            ],
        ),
    ],
)
async def test_json_that_is_no_request_is_refused_with_all_its_errors(
    endpoint: Endpoint, body: str, message: list[str]
) -> None:
    response = await endpoint.post(body)
    assert (response.status_code, get_codes(response)) == (400, ["BAD_REQUEST"] * len(message))
    assert [error["message"] for error in response.json()["errors"]] == message


async def test_a_body_over_the_size_limit_is_refused(limited_endpoint: Endpoint) -> None:
    body = _build_body("{}").ljust(2048)
    assert (await limited_endpoint.post(body)).json() == VIEWER_RESPONSE

    async def send_in_parts() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield body[:1024]

    for response in (
        await limited_endpoint.post(body + b" "),
        await limited_endpoint.send(headers={"Content-Type": JSON}, content=send_in_parts()),
    ):
        assert (response.status_code, get_codes(response)) == (413, ["CONTENT_TOO_LARGE"])
        assert response.headers["Connection"] == "close"
        assert get_message(response) == (
            "The body is larger than 2048 bytes; send less, or have the operator raise GATEWAY_BODY_LIMIT."
        )


@pytest.mark.parametrize(
    ("headers", "params", "refusal"),
    [
        ({"X-A": "a" * 2048}, {}, (431, ["HEADERS_TOO_LARGE"])),
        ({f"X-{number}": "" for number in range(101)}, {}, (431, ["HEADERS_TOO_LARGE"])),
        ({}, {"query": VIEWER.ljust(1024)}, (414, ["URL_TOO_LONG"])),
    ],
)
async def test_a_url_or_headers_over_their_limits_are_refused(
    limited_endpoint: Endpoint, headers: dict[str, str | None], params: dict[str, str], refusal: object
) -> None:
    response = await limited_endpoint.send("GET", headers=headers, params=params)
    assert (response.status_code, get_codes(response)) == refusal
    assert response.headers["Connection"] == "close"


async def test_a_body_that_arrives_late_is_refused(limited_endpoint: Endpoint) -> None:
    part = {"type": "http.request", "body": b"{", "more_body": True}
    for received in ([], [part]):
        start, body = await exchange_messages(limited_endpoint, received)
        assert start["status"] == 408
        assert (b"connection", b"close") in start["headers"]
        assert json.loads(body["body"])["errors"][0]["extensions"]["code"] == "REQUEST_TIMEOUT"


async def test_a_client_that_disconnects_during_its_request_gets_no_response(endpoint: Endpoint) -> None:
    part = {"type": "http.request", "body": b"{", "more_body": True}
    assert await exchange_messages(endpoint, [part, {"type": "http.disconnect"}]) == []


async def test_a_deadline_cancels_only_late_tasks() -> None:
    deadlines = Deadlines()

    async def run_late() -> None:
        with deadlines.enforce(0.02):
            await asyncio.Event().wait()

    async def run_in_time() -> int:
        with deadlines.enforce(0.02):
            await asyncio.sleep(0)
        return 1

    waiting = [asyncio.create_task(run_late()) for _ in range(3)]
    assert await run_in_time() == 1
    waiting[1].cancel()
    first, second, third = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(first), type(second), type(third)] == [DeadlineExceeded, asyncio.CancelledError, DeadlineExceeded]
    assert await run_in_time() == 1


async def test_an_unexpected_error_is_masked_and_logged(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("open-sesame")

    monkeypatch.setattr("gateway.schema.schema.execute", fail)
    response = await endpoint.post(_build_body("{}"))
    (error,) = response.json()["errors"]
    assert (response.status_code, error["message"]) == (500, "Internal server error.")
    assert error["extensions"].keys() == {"code", "errorId", "requestId"}
    assert "open-sesame" not in response.text
    logged = "".join(capsys.readouterr())
    assert error["extensions"]["errorId"] in logged
    assert "open-sesame" in logged


async def test_a_batch_is_refused_and_not_executed(endpoint: Endpoint) -> None:
    sent = {"query": VIEWER}
    for batch in ([sent], [sent, sent], [[sent]]):
        with collect_statements() as statements:
            response = await endpoint.send(json=batch)
        assert (response.status_code, get_codes(response)) == (400, ["BAD_REQUEST"])
        assert get_message(response) == "The body is a list; send each request of a batch separately."
        assert [statement for statement in statements if "FROM api_key" not in statement] == []
