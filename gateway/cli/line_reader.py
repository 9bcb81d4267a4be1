"""Lines of resource records, read by a process of their own while the database takes in those before.

To read a line takes about as long as to write what it says, and Python does one thing at a time.
"""

import asyncio
import multiprocessing
import signal
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from io import BytesIO
from itertools import chain
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Self

from msgspec import msgpack

from gateway.database import copy_format
from gateway.domain.records import LOOKUP_COLUMNS, RecordBatch, RecordLineParser
from gateway.server import reduce_collections

_CHUNK = 1 << 21
"""Bytes of lines that are read, and sent, at once. Who has no more needs no other process."""

_END = b""
_GONE = (EOFError, ConnectionError)


@asynccontextmanager
async def reading(
    lines: Iterator[bytes], most: int, team_id: str | None, *, copied: bool
) -> AsyncIterator[AsyncIterator[RecordBatch]]:
    """Batches of at most so many records of these lines, for as long as the block lasts: see `RecordLines`.

    With `copied` they are spelled for PostgreSQL's COPY too.
    """
    chunks = _chunks(lines)
    begun = await asyncio.to_thread(lambda: [next(chunks, _END), next(chunks, _END)])
    here = _batches(RecordLineParser(most, team_id), begun[:1], copied=copied)
    if begun[1] == _END:
        yield _one_after_another(here)
        return
    ours, theirs = multiprocessing.Pipe()
    first = begun[0].count(b"\n") + 1
    # Not a fork, which would take over what threads of this process are about.
    context = multiprocessing.get_context("spawn")
    given = (theirs, most, team_id, first)
    process = context.Process(target=_read_there, args=given, kwargs={"copied": copied}, daemon=True)
    process.start()
    theirs.close()
    received = _Received(ours)
    sending = asyncio.create_task(_sent(chain(begun[1:], chunks), ours, process))
    try:
        # It takes a while to begin: until then, there is this to do.
        yield _one_after_another(here, received)
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


def _batches(lines: RecordLineParser, chunks: Iterable[bytes], *, copied: bool) -> Iterator[RecordBatch]:
    """All that these chunks hold."""
    for batch in _read(lines, chunks):
        if copied:
            for home in batch.integrations:
                home.copied = copy_format.encode_rows(home.build_columns())
                home.columns = {name: home.columns[name] for name in LOOKUP_COLUMNS}
        yield batch


async def _one_after_another(
    here: Iterable[RecordBatch], received: AsyncIterator[RecordBatch] | None = None
) -> AsyncIterator[RecordBatch]:
    for batch in here:
        yield batch
    if received is not None:
        async for batch in received:
            yield batch


def _read(lines: RecordLineParser, chunks: Iterable[bytes]) -> Iterator[RecordBatch]:
    for chunk in chunks:
        yield from lines.parse_lines(BytesIO(chunk))
    yield lines.finish_batch()


async def _sent(chunks: Iterator[bytes], connection: Connection, process: BaseProcess) -> None:
    try:
        await asyncio.to_thread(_send, chunks, connection)
    except BaseException:
        process.kill()  # It would wait for the rest.
        raise


def _send(chunks: Iterator[bytes], connection: Connection) -> None:
    for chunk in chunks:
        connection.send_bytes(chunk)
    connection.send_bytes(_END)


def _received(connection: Connection) -> bytes:
    """What the other end sent next. Raises EOFError when that is gone, also in the middle of it."""
    try:
        return connection.recv_bytes()
    except OSError as error:
        raise EOFError from error


class _Received:
    """Batches as they come, each of which is waited for while the one before it is dealt with."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._decoder = connection, msgpack.Decoder(RecordBatch)
        self.coming = asyncio.create_task(self._next())

    async def _next(self) -> RecordBatch | None:
        sent = await asyncio.to_thread(_received, self._connection)
        return None if sent == _END else self._decoder.decode(sent)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RecordBatch:
        batch = await self.coming
        if batch is None:
            raise StopAsyncIteration
        self.coming = asyncio.create_task(self._next())
        return batch


def _read_there(connection: Connection, most: int, team_id: str | None, first: int, *, copied: bool) -> None:
    """What the other process does, until it has read all lines or nobody is there for them any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Whoever waits for it ends it.
    reduce_collections()
    lines = RecordLineParser(most, team_id, first)
    with suppress(*_GONE):
        for batch in _batches(lines, iter(partial(_received, connection), _END), copied=copied):
            connection.send_bytes(msgpack.encode(batch))
        connection.send_bytes(_END)
