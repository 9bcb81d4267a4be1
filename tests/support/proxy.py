"""A TCP proxy in front of a server, which injects faults of the network: delays, silence, resets, lost answers."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import make_url

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_CHUNK = 65_536


class Proxy:
    """Forwards bytes between clients and a server that listens on a Unix socket."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._connections: set[_ProxiedConnection] = set()
        self.port = 0
        self.delay = 0.0
        """Seconds before each chunk is forwarded."""
        self.is_muted = False
        """Whether nothing is forwarded, in neither direction; a connection that was muted once stays so."""
        self.loses_answers_to: bytes | None = None
        """Text of a request; all answers of its connection are lost from then on."""
        self.resets_after: bytes | None = None
        """Text of a request, after which its connection is reset."""

    def mute_all(self) -> None:
        """Forward nothing more on the connections of now."""
        for connection in self._connections:
            connection.is_mute = True

    def reset_all(self) -> None:
        """Reset all connections."""
        for connection in [*self._connections]:
            connection.reset()

    @asynccontextmanager
    async def listen(self) -> AsyncIterator["Proxy"]:
        """Listen on a free port of the loopback interface during the block."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.reset_all()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream = await asyncio.open_unix_connection(self._path)
        except OSError:
            writer.transport.abort()
            return
        connection = _ProxiedConnection(self, (reader, writer), upstream)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)


class _ProxiedConnection:
    def __init__(
        self,
        proxy: Proxy,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self.is_mute = self.loses_answers = False

    async def run(self) -> None:
        """Forward until one side closes."""
        pumps = [
            asyncio.create_task(self._forward_requests()),
            asyncio.create_task(self._forward_answers()),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.wait(pumps)
            for _, writer in (self._client, self._server):
                writer.transport.abort()

    def reset(self) -> None:
        """Reset the client's connection, and close the server's."""
        opened = self._client[1].get_extra_info("socket")
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        for _, writer in (self._client, self._server):
            writer.transport.abort()

    async def _forward_requests(self) -> None:
        proxy = self._proxy
        while chunk := await self._read(self._client[0]):
            if proxy.loses_answers_to is not None and proxy.loses_answers_to in chunk:
                self.loses_answers = True
            if not self.is_mute:
                self._server[1].write(chunk)
            if proxy.resets_after is not None and proxy.resets_after in chunk:
                self.loses_answers = True
                # The server does all the same what it was asked for.
                await asyncio.sleep(0.1)
                self.reset()
                return

    async def _forward_answers(self) -> None:
        while chunk := await self._read(self._server[0]):
            if not self.is_mute and not self.loses_answers:
                self._client[1].write(chunk)

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        try:
            chunk = await reader.read(_CHUNK)
        except OSError:
            return b""
        if self._proxy.delay:
            await asyncio.sleep(self._proxy.delay)
        self.is_mute = self.is_mute or self._proxy.is_muted
        return chunk


@asynccontextmanager
async def proxy_database(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """Listen in front of a PostgreSQL server; yield the proxy, and the URL of the database through it."""
    address = make_url(url)
    folder = address.query["host"]
    proxy = Proxy(f"{folder}/.s.PGSQL.5432")
    async with proxy.listen():
        through = address.set(host="127.0.0.1", port=proxy.port, query={})
        yield proxy, through.render_as_string(hide_password=False)
