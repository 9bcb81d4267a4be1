"""Responses over real connections."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from gateway.web.responses import HTTPResponse, send_response
from tests.support.endpoints import VIEWER, Endpoint, open_endpoint
from tests.support.listening import serve_app

GET = "/graphql?query=%7B__typename%7D"
STATUS = re.compile(rb"HTTP/1.1 (\d{3}) ")
TAG = re.compile(rb"etag: (\S+)")


@pytest.fixture
async def endpoint(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Endpoint]:
    # The rate limit refills at once, so that equal requests have equal responses.
    async with open_endpoint(sqlite_template, tmp_path, body_limit=1024, rate_refill=2**31 - 1) as found:
        yield found


@pytest.fixture
async def port(endpoint: Endpoint) -> AsyncIterator[int]:
    async with serve_app(endpoint.app, endpoint.app.state.reporting) as (port, _):
        yield port


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"", version: str = "1.1") -> bytes:
    given = {"host": "x", "x-request-id": "test", **headers}
    if body:
        given |= {"content-type": "application/json", "content-length": str(len(body))}
    lines = [f"{name}: {value}\r\n" for name, value in given.items()]
    return f"{method} {path} HTTP/{version}\r\n{''.join(lines)}\r\n".encode() + body


async def send(port: int, requests: bytes) -> bytes:
    """Send requests, the last of which closes the connection, and return all responses."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(requests)
    async with asyncio.timeout(30):
        found = await reader.read()
    writer.close()
    return found


async def test_pipelined_requests_are_answered_in_their_order(endpoint: Endpoint, port: int) -> None:
    key, close = {"authorization": f"Bearer {endpoint.key}"}, {"connection": "close"}
    query = f'{{"query": "{VIEWER}"}}'.encode()
    tag = TAG.search(await send(port, request("GET", GET, {**key, **close})))
    assert tag is not None
    requests = {
        request("POST", "/graphql", key, query): 200,
        request("POST", "/graphql", key, b"{"): 400,
        request("POST", "/graphql", {}, query): 401,
        request("GET", GET, key): 200,
        request("GET", GET, {**key, "if-none-match": tag[1].decode()}): 304,
        request("HEAD", GET, key): 200,
        request("OPTIONS", "/graphql", key): 200,
        request("GET", "/session", {}): 401,
        request("GET", "/livez", {}): 200,
        request("GET", "/nowhere", {}): 404,
    }
    last_requests = {
        request("POST", "/graphql", {**key, **close}, query): 200,
        request("POST", "/graphql", key, query, version="1.0"): 200,
        request("POST", "/graphql", key, b" " * 1025): 413,
    }
    for last, status in last_requests.items():
        responses = await send(port, b"".join([*requests, last]))
        assert [int(found) for found in STATUS.findall(responses)] == [*requests.values(), status]
        assert responses.count(b"connection: close\r\n") == 1


async def test_a_response_to_head_has_headers_and_no_body(endpoint: Endpoint, port: int) -> None:
    headers = {"authorization": f"Bearer {endpoint.key}", "connection": "close"}
    head, _, body = (await send(port, request("HEAD", GET, headers))).partition(b"\r\n\r\n")
    assert b"content-length: " in head
    assert body == b""


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\rb", b"a\nb", b"a\0b"])
async def test_an_invalid_header_is_never_sent(endpoint: Endpoint, value: bytes) -> None:
    async def send_invalid_header(scope: Scope, _receive: Receive, send: Send) -> None:
        await send_response(HTTPResponse(200, [(b"x", value), (b"content-length", b"0")], b""), scope, send)

    async with serve_app(send_invalid_header, endpoint.app.state.reporting) as (port, _):
        found = await send(port, request("GET", "/", {}))
    assert found == b""  # Uvicorn refuses to send it, and closes the connection.
