"""Answers over real connections: what leaves in one piece is what uvicorn would send, to the byte."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from starlette.types import Receive, Scope, Send

from gateway.web import cycle
from gateway.web.cycle import WHOLE_RESPONSE, WholeResponseCycle, send_response
from gateway.web.responses import WholeResponse
from tests.http.test_slow_clients import listening_on
from tests.support.endpoints import VIEWER, Door, opened

GET = "/graphql?query=%7B__typename%7D"
TAG = re.compile(rb"etag: (\S+)")


@pytest.fixture
async def door(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Door]:
    # Full again at once, so that equal requests have equal answers.
    async with opened(sqlite_template, tmp_path, body_limit=1024, rate_refill=2**31 - 1) as found:
        yield found


@pytest.fixture
async def port(door: Door) -> AsyncIterator[int]:
    async with listening_on(door.app, door.app.state.reporting) as (port, _):
        yield port


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"", version: str = "1.1") -> bytes:
    given = {"host": "x", "x-request-id": "test", **headers}
    if body:
        given |= {"content-type": "application/json", "content-length": str(len(body))}
    lines = [f"{name}: {value}\r\n" for name, value in given.items()]
    return f"{method} {path} HTTP/{version}\r\n{''.join(lines)}\r\n".encode() + body


async def sent(port: int, requests: bytes) -> bytes:
    """All that comes back until the connection is closed, which the last of the requests has to ask for."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(requests)
    async with asyncio.timeout(30):
        found = await reader.read()
    writer.close()
    return found


async def test_every_answer_is_what_uvicorn_would_send(door: Door, port: int) -> None:
    key, close = {"authorization": f"Bearer {door.key}"}, {"connection": "close"}
    asked = f'{{"query": "{VIEWER}"}}'.encode()
    tag = TAG.search(await sent(port, request("GET", GET, {**key, **close})))
    assert tag is not None
    requests = [
        request("POST", "/graphql", key, asked),
        request("POST", "/graphql", key, b"{"),
        request("POST", "/graphql", {}, asked),
        request("GET", GET, key),
        request("GET", GET, {**key, "if-none-match": tag[1].decode()}),
        request("HEAD", GET, key),
        request("OPTIONS", "/graphql", key),
        request("GET", "/session", {}),
        request("GET", "/livez", {}),
        request("GET", "/nowhere", {}),
    ]
    ends = [
        request("POST", "/graphql", {**key, **close}, asked),
        request("POST", "/graphql", key, asked, version="1.0"),
        request("POST", "/graphql", key, b" " * 1025),
    ]
    # What documents cost that are new is paid by then.
    await sent(port, b"".join([*requests, ends[0]]))
    for last in ends:
        # One after the other on one connection, all sent before the first is answered.
        whole = await sent(port, b"".join([*requests, last]))
        with patch.object(cycle, "_EXTENSIONS", {}):
            assert await sent(port, b"".join([*requests, last])) == whole
        assert whole.count(b"HTTP/1.1 ") == len(requests) + 1
        assert whole.count(b"connection: close\r\n") == 1


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\rb", b"a\nb", b"a\0b"])
async def test_a_header_that_is_none_never_leaves(door: Door, value: bytes) -> None:
    async def evil(scope: Scope, _receive: Receive, send: Send) -> None:
        assert WHOLE_RESPONSE in scope["extensions"]
        await send_response(WholeResponse(200, [(b"x", value), (b"content-length", b"0")], b""), scope, send)

    async with listening_on(evil, door.app.state.reporting) as (port, _):
        found = await sent(port, request("GET", "/", {}))
    assert found.startswith(b"HTTP/1.1 500 ")
    assert value not in found


async def test_an_answer_waits_for_a_client_that_takes_none(door: Door, port: int) -> None:
    drained: list[WholeResponseCycle] = []
    send = WholeResponseCycle.send

    def drain(waiting: WholeResponseCycle) -> None:
        drained.append(waiting)
        waiting.flow.resume_writing()

    async def paused(self: WholeResponseCycle, message: Any) -> None:
        self.flow.pause_writing()
        asyncio.get_running_loop().call_later(0.05, drain, self)
        await send(self, message)
        assert drained == [self]

    asked = f'{{"query": "{VIEWER}"}}'.encode()
    with patch.object(WholeResponseCycle, "send", paused):
        headers = {"authorization": f"Bearer {door.key}", "connection": "close"}
        found = await sent(port, request("POST", "/graphql", headers, asked))
    assert found.startswith(b"HTTP/1.1 200 ")
    assert len(drained) == 1
