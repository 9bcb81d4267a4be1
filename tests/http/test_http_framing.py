"""Where a request ends, over real connections: chunks, trailers, upgrades and pipelined requests."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from shutil import which
from typing import Any
from unittest.mock import patch

import orjson
import pytest

from gateway.server import lingering_transport
from tests.support.gateway import TEAM
from tests.support.listening import (
    ListeningServer,
    assert_refused,
    open_server,
    read_response,
    serve_app,
    wait_until,
)
from tests.support.machine import skip_unless_ci

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

CHUNKED = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n"
LIVE = b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n"
VIEWER = "{ viewer { teamId } }"
VIEWER_ANSWER = {"data": {"viewer": {"teamId": TEAM}}}
SMALL_CHUNKS = (
    "The body with its chunk sizes is larger than 200000 bytes; send larger chunks, or have the operator raise "
    "GATEWAY_BODY_LIMIT."
)
INVALID = "The request is not valid HTTP: {}. Send HTTP/1.1."


@pytest.fixture
async def server(database_url: str) -> AsyncIterator[ListeningServer]:
    async with open_server(database_url, client_timeout=5, body_timeout=5, body_limit=100_000) as server:
        yield server


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body)


def authorize(server: ListeningServer) -> bytes:
    return f"authorization: Bearer {server.client.key}\r\n".encode()


async def test_a_chunked_body_with_trailers_is_read(server: ListeningServer) -> None:
    body = orjson.dumps({"query": VIEWER})
    request = CHUNKED + authorize(server) + b"\r\n" + b"".join(chunk(body[i : i + 1]) for i in range(len(body)))
    async with server.connect(request + b"0\r\nchecksum: 1\r\n\r\n" + LIVE) as (reader, _):
        assert (await read_response(reader))[::2] == (200, VIEWER_ANSWER)
        assert (await read_response(reader))[::2] == (200, {"live": True})


async def test_a_trailer_does_not_authenticate(server: ListeningServer) -> None:
    # The headers come first, so that the application reads them before the trailer.
    body = chunk(orjson.dumps({"query": VIEWER}))
    for headers, rest in ((CHUNKED + b"\r\n" + body, b""), (CHUNKED, b"\r\n" + body)):
        async with server.connect(headers) as (reader, writer):
            writer.write(rest + b"0\r\n" + authorize(server) + b"\r\n")
            status, _, content = await read_response(reader)
            assert (status, content["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")


async def test_trailers_do_not_reach_the_application_as_headers(server: ListeningServer) -> None:
    request = CHUNKED + authorize(server) + b"\r\n" + chunk(orjson.dumps({"query": VIEWER}))
    async with server.connect(request + b"0\r\nx-request-id: trailer\r\n\r\n") as (reader, _):
        status, headers, _ = await read_response(reader)
        assert (status, headers["x-request-id"] == "trailer") == (200, False)


@pytest.mark.parametrize("start", [b"0\r\nx: ", b"0\r\n" + b"x", b"1;x="], ids=["value", "name", "extension"])
async def test_trailers_and_chunk_extensions_without_end_are_refused(
    server: ListeningServer, start: bytes
) -> None:
    async with server.connect(CHUNKED + authorize(server) + b"\r\n" + start) as (reader, writer):
        for _ in range(60):
            writer.write(b"y" * 1024)
            await writer.drain()
            await asyncio.sleep(0)
        message = (
            "The trailers or the size of a chunk are larger than 49152 bytes; send less, or have the operator "
            "raise GATEWAY_HEADER_LIMIT."
        )
        await assert_refused(reader, 431, "HEADERS_TOO_LARGE", message)


async def test_a_body_of_many_small_chunks_is_refused(server: ListeningServer) -> None:
    body = authorize(server) + b"\r\n" + chunk(b" ") * 400
    async with server.connect(CHUNKED + body) as (reader, _):
        await assert_refused(reader, 413, "CONTENT_TOO_LARGE", SMALL_CHUNKS)


async def test_a_body_of_long_chunk_extensions_is_refused(server: ListeningServer) -> None:
    async with server.connect(CHUNKED + authorize(server) + b"\r\n") as (reader, writer):
        for _ in range(30):
            writer.write(b"1;" + b"y" * 8000 + b"\r\n \r\n")
            await writer.drain()
            await asyncio.sleep(0)
        await assert_refused(reader, 413, "CONTENT_TOO_LARGE", SMALL_CHUNKS)


async def test_a_body_is_bounded_where_the_application_reads_it_without_a_limit(server: ListeningServer) -> None:
    async def read_all(_scope: Any, receive: Any, _send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    reporting = server.gateway.app.state.reporting
    async with serve_app(read_all, reporting, client_timeout=5, body_limit=100_000) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(LIVE[:-2] + b"content-length: 1000000\r\n\r\n" + b"x" * 900_000)
        await assert_refused(reader, 413, "CONTENT_TOO_LARGE", SMALL_CHUNKS)
        writer.close()


@pytest.mark.parametrize("protocol", [b"h2c", b"TLS/1.0", b"h2c, websocket"])
async def test_an_unknown_upgrade_is_ignored(server: ListeningServer, protocol: bytes) -> None:
    upgrade = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: " + protocol + b"\r\nHTTP2-Settings: AAMA\r\n"
    body = orjson.dumps({"query": VIEWER})
    length = b"content-length: %d\r\n" % len(body)
    head = CHUNKED.replace(b"transfer-encoding: chunked\r\n", length) + upgrade + authorize(server) + b"\r\n"
    chunked = CHUNKED + upgrade + authorize(server) + b"\r\n" + chunk(body) + b"0\r\n\r\n"
    for parts in ((head + body, b""), (head, body), (head[:-9], head[-9:] + body), (chunked, b"")):
        async with server.connect(parts[0]) as (reader, writer):
            await writer.drain()
            await asyncio.sleep(0.01)
            writer.write(parts[1] + LIVE)
            assert (await read_response(reader))[::2] == (200, VIEWER_ANSWER)
            assert (await read_response(reader))[::2] == (200, {"live": True})


async def test_curl_with_http2_gets_its_answer(server: ListeningServer) -> None:
    if which("curl") is None:
        skip_unless_ci("curl is not installed")
    curl = await asyncio.create_subprocess_exec(
        *("curl", "--silent", "--http2", f"http://127.0.0.1:{server.port}/graphql"),
        *(
            "--header",
            f"Authorization: Bearer {server.client.key}",
            "--header",
            "Content-Type: application/json",
        ),
        *("--data", orjson.dumps({"query": VIEWER}).decode()),
        stdout=subprocess.PIPE,
    )
    output, _ = await curl.communicate()
    assert orjson.loads(output) == VIEWER_ANSWER


async def test_a_websocket_is_refused(server: ListeningServer) -> None:
    request = b"GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: WebSocket\r\n\r\n"
    async with server.connect(request) as (reader, _):
        message = "The gateway has no WebSockets; send operations by POST as `application/json`."
        await assert_refused(reader, 400, "BAD_REQUEST", message)


async def test_a_tunnel_is_refused(server: ListeningServer) -> None:
    async with server.connect(b"CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n") as (reader, _):
        await assert_refused(reader, 501, "NOT_IMPLEMENTED", "The gateway is no proxy; send GET, HEAD or POST.")


@pytest.mark.parametrize(
    "codings", [b"transfer-encoding: gzip, chunked", b"transfer-encoding: gzip\r\ntransfer-encoding: chunked"]
)
async def test_an_unknown_transfer_coding_is_refused(server: ListeningServer, codings: bytes) -> None:
    request = CHUNKED.replace(b"transfer-encoding: chunked", codings) + b"\r\n0\r\n\r\n"
    async with server.connect(request) as (reader, _):
        message = "`Transfer-Encoding` has a coding that the gateway does not know; send `chunked` alone."
        await assert_refused(reader, 501, "NOT_IMPLEMENTED", message)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (CHUNKED + b"\r\nzz\r\n", "Invalid character in chunk size"),
        (CHUNKED + b"\r\n" + b"f" * 17 + b"\r\n", "Chunk size overflow"),
        (CHUNKED + b"\r\n1\r\nxx\r\n", "Expected LF after chunk data"),
        (CHUNKED + b"content-length: 3\r\n\r\nabc", "Content-Length can't be present with Transfer-Encoding"),
        (CHUNKED.replace(b"chunked", b"gzip") + b"\r\n", "Request has invalid `Transfer-Encoding`"),
        (LIVE[:-2] + b"content-length: 3\r\ncontent-length: 4\r\n\r\nabcd", "Duplicate Content-Length"),
        (LIVE[:-2] + b"content-length: -3\r\n\r\n", "Invalid character in Content-Length"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "Pause on PRI/Upgrade"),
        (b"\x16\x03\x01\x02\x00", "Invalid method encountered"),
    ],
)
async def test_invalid_http_is_refused_in_json(server: ListeningServer, request_: bytes, reason: str) -> None:
    async with server.connect(request_) as (reader, _):
        await assert_refused(reader, 400, "BAD_REQUEST", INVALID.format(reason))


async def test_a_bad_chunk_ends_the_request_that_waits_for_its_body(server: ListeningServer) -> None:
    request = CHUNKED + authorize(server) + b"\r\n" + chunk(b"{")
    with patch.object(lingering_transport, "_LINGER_SECONDS", 600):
        async with server.connect(request) as (reader, writer):
            await wait_until(lambda: server.state.tasks)
            writer.write(b"zz\r\n")
            await assert_refused(reader, 400, "BAD_REQUEST", INVALID.format("Invalid character in chunk size"))
            await wait_until(lambda: not server.state.tasks)


async def test_a_request_before_an_invalid_one_is_answered(server: ListeningServer) -> None:
    async with server.connect(server.build_request(VIEWER) + b"GARBAGE\r\n\r\n") as (reader, _):
        status, headers, content = await read_response(reader)
        assert (status, headers["connection"], content) == (200, "close", VIEWER_ANSWER)
        assert await reader.read() == b""


async def test_few_pipelined_requests_wait_and_the_others_are_not_read(server: ListeningServer) -> None:
    async with server.connect(LIVE * 5000) as (reader, _):
        answers = await reader.read()
    assert answers.count(b"HTTP/1.1 200 OK") == 33
    assert answers.count(b"connection: close") == 1
