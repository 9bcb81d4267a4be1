"""What a client may send: one reading of its JSON, so much and no more, and an answer in JSON to anything."""

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
async def narrow_door(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Endpoint]:
    async with open_endpoint(sqlite_template, tmp_path_factory.mktemp("endpoint"), **LIMITS) as found:
        yield found


def _with(variables: str) -> bytes:
    return f'{{"query": "{VIEWER}", "variables": {variables}}}'.encode()


def _nested(levels: int) -> str:
    """An object of so many levels."""
    return '{"a":' * (levels - 1) + "{}" + "}" * (levels - 1)


@pytest.mark.parametrize(
    "body",
    [
        _with("null"),
        _with('{"a": 1.50e3, "b": [true, null, -0], "c": "\\u00eb\\/"}'),
        _with(f'{{"a": {"9" * 100}}}'),
        _with('{"a": {"b": 1}, "c": {"b": 1}}'),
        _with(_nested(63)),
        _with('{"a": ["{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{["]}'),
        b'\r\n\t {"query":"' + VIEWER.encode() + b'","operationName":null,"extensions":{},"id":[{}]} ',
    ],
)
async def test_all_that_is_json_is_read(endpoint: Endpoint, body: bytes) -> None:
    response = await endpoint.post(body)
    assert (response.status_code, response.json()) == (200, VIEWER_RESPONSE)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "is not JSON in UTF-8: "),
        (b"{", "is not JSON in UTF-8: "),
        (_with("{}") + b"x", "is not JSON in UTF-8: "),
        (b"\xef\xbb\xbf" + _with("{}"), "is not JSON in UTF-8: "),
        (b'{"query": "\xff"}', "is not JSON in UTF-8: "),
        (_with("{}").decode().encode("utf-16"), "is not JSON in UTF-8: "),
        (b"\x1f\x8b\x08\x00", "is not JSON in UTF-8: "),
        (_with('{"a": NaN}'), "is not JSON in UTF-8: "),
        (_with('{"a": -Infinity}'), "is not JSON in UTF-8: "),
        (_with('{"a": 1e400}'), "is not JSON in UTF-8: "),
        (_with('{"a": "\\ud800"}'), "is not JSON in UTF-8: "),
        (b"[" * 50_000, "is not JSON in UTF-8: "),
        (
            b"{[," * 21_846,
            "has more than 65536 opening braces, brackets and commas; divide it into several requests.",
        ),
        (b"1" * 5_000, "is not JSON in UTF-8: "),
        (b"[" * 500 + b"]" * 500, "is nested deeper than 64 levels."),
        (_with(_nested(64)), "is nested deeper than 64 levels."),
        (_with(f'{{"a": {"9" * 101}}}'), "has a number of more than 100 digits."),
        (_with(f'{{"a": 0.{"1" * 99}}}'), "has a number of more than 100 digits."),
        (b'{"query": "{ a }", "query": "{ b }"}', "has the key `query` twice in one object."),
        (b'{"query":"{ a }","query":"{ b }"}', "has the key `query` twice in one object."),
        (_with('{"a": [{"b": 1, "\\u0062": 1}]}'), "has the key `b` twice in one object."),
    ],
)
async def test_json_of_which_there_is_no_one_reading_is_refused(
    endpoint: Endpoint, body: bytes, said: str
) -> None:
    for accept in (JSON, GRAPHQL):
        response = await endpoint.post(body, Accept=accept)
        assert (response.status_code, get_codes(response)) == (400, ["BAD_REQUEST"])
        assert get_message(response).startswith(f"The body {said}")


@pytest.mark.parametrize(
    ("body", "said"),
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
async def test_json_that_is_no_request_is_refused_for_all_that_is_wrong(
    endpoint: Endpoint, body: str, said: list[str]
) -> None:
    response = await endpoint.post(body)
    assert (response.status_code, get_codes(response)) == (400, ["BAD_REQUEST"] * len(said))
    assert [error["message"] for error in response.json()["errors"]] == said


async def test_a_body_is_read_up_to_the_limit(narrow_door: Endpoint) -> None:
    body = _with("{}").ljust(2048)
    assert (await narrow_door.post(body)).json() == VIEWER_RESPONSE

    async def in_parts() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield body[:1024]

    for response in (
        await narrow_door.post(body + b" "),
        await narrow_door.send(headers={"Content-Type": JSON}, content=in_parts()),
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
async def test_a_url_and_headers_are_read_up_to_their_limits(
    narrow_door: Endpoint, headers: dict[str, str | None], params: dict[str, str], refusal: object
) -> None:
    response = await narrow_door.send("GET", headers=headers, params=params)
    assert (response.status_code, get_codes(response)) == refusal
    assert response.headers["Connection"] == "close"


async def test_a_body_that_does_not_arrive_in_time_is_given_up(narrow_door: Endpoint) -> None:
    part = {"type": "http.request", "body": b"{", "more_body": True}
    for received in ([], [part]):
        start, body = await exchange_messages(narrow_door, received)
        assert start["status"] == 408
        assert (b"connection", b"close") in start["headers"]
        assert json.loads(body["body"])["errors"][0]["extensions"]["code"] == "REQUEST_TIMEOUT"


async def test_a_client_that_leaves_before_its_request_is_whole_gets_nothing(endpoint: Endpoint) -> None:
    part = {"type": "http.request", "body": b"{", "more_body": True}
    assert await exchange_messages(endpoint, [part, {"type": "http.disconnect"}]) == []


async def test_a_deadline_ends_what_is_late_and_nothing_else() -> None:
    watch = Deadlines()

    async def late() -> None:
        with watch.enforce(0.02):
            await asyncio.Event().wait()

    async def in_time() -> int:
        with watch.enforce(0.02):
            await asyncio.sleep(0)
        return 1

    waiting = [asyncio.create_task(late()) for _ in range(3)]
    assert await in_time() == 1
    waiting[1].cancel()
    first, second, third = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(first), type(second), type(third)] == [DeadlineExceeded, asyncio.CancelledError, DeadlineExceeded]
    assert await in_time() == 1


async def test_a_surprise_is_masked_and_logged(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("open-sesame")

    monkeypatch.setattr("gateway.schema.schema.execute", broken)
    response = await endpoint.post(_with("{}"))
    (error,) = response.json()["errors"]
    assert (response.status_code, error["message"]) == (500, "Internal server error.")
    assert error["extensions"].keys() == {"code", "errorId", "requestId"}
    assert "open-sesame" not in response.text
    logged = "".join(capsys.readouterr())
    assert error["extensions"]["errorId"] in logged
    assert "open-sesame" in logged


async def test_a_batch_is_refused_and_nothing_of_it_is_executed(endpoint: Endpoint) -> None:
    sent = {"query": VIEWER}
    for batch in ([sent], [sent, sent], [[sent]]):
        with collect_statements() as ran:
            response = await endpoint.send(json=batch)
        assert (response.status_code, get_codes(response)) == (400, ["BAD_REQUEST"])
        assert get_message(response) == "The body is a list; send each request of a batch separately."
        assert [statement for statement in ran if "FROM api_key" not in statement] == []
