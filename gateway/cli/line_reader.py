"""Lines of resource records, read by a process of their own while the database takes in those before.

To read a line takes about as long as to write what it says, and Python does one thing at a time.
"""

import asyncio
import multiprocessing
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from io import BytesIO
from itertools import chain
from multiprocessing.connection import Connection
from typing import Self

from msgspec import msgpack

from gateway.cli.garbage import collect_seldom
from gateway.domain.record_lines import Batch, RecordLines

_CHUNK = 1 << 21
"""Bytes of lines that are read, and sent, at once. Who has no more needs no other process."""

_END = b""
_GONE = (EOFError, ConnectionError)


@asynccontextmanager
async def reading(lines: Iterator[bytes], most: int, team_id: str | None) -> AsyncIterator[AsyncIterator[Batch]]:
    """Batches of at most so many records of these lines, for as long as the block lasts: see `RecordLines`."""
    chunks = _chunks(lines)
    begun = await asyncio.to_thread(lambda: [next(chunks, _END), next(chunks, _END)])
    here = RecordLines(most, team_id)
    if begun[1] == _END:
        yield _read(begun[0], here)
        return
    ours, theirs = multiprocessing.Pipe()
    first = begun[0].count(b"\n") + 1
    # Not a fork, which would take over what threads of this process are about.
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_read_there, args=(theirs, most, team_id, first), daemon=True)
    process.start()
    theirs.close()
    received = _Received(ours)

    async def send() -> None:
        try:
            await asyncio.to_thread(_send, chain(begun[1:], chunks), ours)
        except BaseException:
            process.kill()  # It would wait for the rest.
            raise

    sending = asyncio.create_task(send())
    try:
        # It takes a while to begin: until then, there is this to do.
        yield _one_after_another(_read(begun[0], here), received)
    except _GONE:
        with suppress(*_GONE):
            await sending  # The lines themselves could not be read on.
        raise RuntimeError("the process that reads lines ended before they did") from None
    finally:
        process.kill()
        # Whatever became of them, nobody waits for it any more.
        await asyncio.gather(sending, received.coming, return_exceptions=True)
        process.join()
        ours.close()


def _chunks(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The lines, many at once."""
    chunk, size = [], 0
    for line in lines:
        chunk.append(line)
        size += len(line)
        if size >= _CHUNK:
            yield b"".join(chunk)
            chunk, size = [], 0
    if chunk:
        yield b"".join(chunk)


async def _read(chunk: bytes, lines: RecordLines) -> AsyncIterator[Batch]:
    for batch in lines.read(BytesIO(chunk)):
        yield batch
    yield lines.end()


async def _one_after_another(*sources: AsyncIterator[Batch]) -> AsyncIterator[Batch]:
    for source in sources:
        async for batch in source:
            yield batch


def _send(chunks: Iterator[bytes], connection: Connection) -> None:
    for chunk in chunks:
        connection.send_bytes(chunk)
    connection.send_bytes(_END)


class _Received:
    """Batches as they come, each of which is waited for while the one before it is dealt with."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._decoder = connection, msgpack.Decoder(Batch)
        self.coming = asyncio.create_task(self._next())

    async def _next(self) -> Batch | None:
        sent = await asyncio.to_thread(self._connection.recv_bytes)
        return None if sent == _END else self._decoder.decode(sent)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Batch:
        batch = await self.coming
        if batch is None:
            raise StopAsyncIteration
        self.coming = asyncio.create_task(self._next())
        return batch


def _read_there(connection: Connection, most: int, team_id: str | None, first: int) -> None:
    """What the other process does, until it has read all lines or nobody is there for them any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Whoever waits for it ends it.
    collect_seldom()
    lines = RecordLines(most, team_id, first)
    with suppress(*_GONE):
        while (chunk := connection.recv_bytes()) != _END:
            for batch in lines.read(BytesIO(chunk)):
                connection.send_bytes(msgpack.encode(batch))
        connection.send_bytes(msgpack.encode(lines.end()))
        connection.send_bytes(_END)
