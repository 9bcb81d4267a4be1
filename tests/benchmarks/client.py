"""A fast HTTP client: requests are bytes, built once and sent over open connections."""

import asyncio
from asyncio import StreamReader, StreamWriter
from types import TracebackType
from typing import Self

import orjson

from gateway.domain.lenient_reading import Document

_BUFFER = 2**22
_TIMEOUT = 120.0


def build_request(path: str, body: Document, key: str, headers: str = "") -> bytes:
    """Return a POST request with JSON and a bearer key. Each of the other headers ends with a line break."""
    content = orjson.dumps(body)
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\naccept: application/json\r\n"
        f"content-type: application/json\r\n{headers}content-length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


class Connection:
    """A connection to a port of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: StreamReader
        self._writer: StreamWriter

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=_BUFFER)
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._writer.close()

    async def send(self, request: bytes) -> bytes:
        """Send a request, and return the body. Raises ConnectionError for any status but 200, and TimeoutError."""
        head, body = await self.send_any_status(request)
        if not head.startswith(b"http/1.1 200 "):
            raise ConnectionError((head + body[:1000]).decode())
        return body

    async def write(self, request: bytes) -> None:
        """Send a request without waiting for its response."""
        self._writer.write(request)
        await self._writer.drain()

    async def send_any_status(self, request: bytes) -> tuple[bytes, bytes]:
        """Send a request, and return the head in lower case and the body. Raises TimeoutError."""
        async with asyncio.timeout(_TIMEOUT):
            self._writer.write(request)
            head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
            return head, await self._read_body(head)

    async def _read_body(self, head: bytes) -> bytes:
        if b"\r\ntransfer-encoding: chunked" not in head:
            return await self._reader.readexactly(_parse_number(head.partition(b"\r\ncontent-length:")[2], 10))
        chunks = []
        while (size := _parse_number(await self._reader.readuntil(b"\r\n"), 16)) > 0:
            chunks.append(await self._reader.readexactly(size))
            await self._reader.readexactly(2)
        await self._reader.readuntil(b"\r\n")
        return b"".join(chunks)


def _parse_number(text: bytes, base: int) -> int:
    return int(text.partition(b"\r\n")[0], base)
