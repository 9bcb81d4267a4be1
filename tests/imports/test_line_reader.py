"""JSON Lines that are read by a process of their own."""

import asyncio
import json
import multiprocessing
import os
import signal
import struct
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.cli import line_reader
from gateway.cli.line_reader import reading
from gateway.database import copy_format
from gateway.domain.enums import ErrorCode
from gateway.domain.records.lines import LOOKUP_COLUMNS, ROW_COLUMNS, RecordBatch, RecordLineParser
from tests.support.examples import record
from tests.support.gateway import OTHER_TEAM, TEAM

FAULTY = b'{"_id": "no JSON"\n'


def lines(count: int) -> list[bytes]:
    """Records of which one in a hundred has nothing to know it by; the last line is no JSON."""
    at = "2025-03-09T00:00:00Z"
    documents = [record(place, teamId=TEAM, updatedAt=at, text="é" * 600) for place in range(count)]
    for document in documents[::100]:
        del document["_id"]
    return [*(json.dumps(document, ensure_ascii=False).encode() + b"\n" for document in documents), FAULTY]


def read_here(given: list[bytes], most: int, team_id: str | None) -> list[RecordBatch]:
    read = RecordLineParser(most, team_id)
    return [*read.parse_lines(given), read.finish_batch()]


def rows(batches: list[RecordBatch]) -> list[tuple[Any, ...]]:
    """Team, integration, number and columns of each record; words are sent by their spelling."""
    return [
        (home.team_id, home.integration_id, number, *(getattr(value, "value", value) for value in columns))
        for batch in batches
        for home in batch.integrations
        for number, *columns in zip(home.line_numbers, *home.columns.values(), strict=True)
    ]


async def read(
    given: Iterator[bytes], most: int, team_id: str | None = None, *, copied: bool = False
) -> list[RecordBatch]:
    async with reading(given, most, team_id, copied=copied) as batches:
        return [batch async for batch in batches]


@pytest.mark.parametrize("team_id", [None, OTHER_TEAM])
async def test_what_another_process_reads_is_what_this_one_would(team_id: str | None) -> None:
    given = lines(6_000)
    found, expected = await read(iter(given), 700, team_id), read_here(given, 700, team_id)
    assert rows(found) == rows(expected)
    assert len(rows(found)) == 5_940
    assert {row[0] for row in rows(found)} == {team_id or TEAM}
    assert max(batch.record_count for batch in found) == 700
    assert sum(batch.byte_count for batch in found) == sum(map(len, given))
    problems = [problem for batch in found for problem in batch.problems]
    assert problems == [problem for batch in expected for problem in batch.problems]
    assert problems[1] == (ErrorCode.REQUIRED, "`_id` is missing.", (101, "_id"))
    assert problems[-1][2] == (6_001,)
    assert multiprocessing.active_children() == []


async def test_what_is_copied_is_what_would_be_inserted() -> None:
    given = lines(6_000)
    homes = [home for batch in await read(iter(given), 700, copied=True) for home in batch.integrations]
    expected = [home for batch in read_here(given, 700, None) for home in batch.integrations]
    assert b"".join(home.copied for home in homes) == b"".join(
        copy_format.encode_rows(home.build_columns()) for home in expected
    )
    assert {tuple(home.columns) for home in homes} == {LOOKUP_COLUMNS}
    documents = copy_format.decode_column(homes[0].copied, ROW_COLUMNS.index("document"))
    assert homes[0].build_entries(documents) == expected[0].build_entries(expected[0].columns["document"])


async def test_few_lines_need_no_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing, "get_context", None)
    given = lines(10)
    assert await read(iter(given), 700) == read_here(given, 700, None)
    assert await read(iter([]), 700) == [RecordBatch()]


async def test_lines_that_cannot_be_read_on_end_it_with_the_reason() -> None:
    def broken() -> Iterator[bytes]:
        yield from lines(5_000)
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        await read(broken(), 700)
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("begun", [b"", struct.pack("!i", 100)[:2], struct.pack("!i", 100) + b"one hundredth"])
def test_an_end_that_is_gone_is_the_end_wherever_it_stopped(begun: bytes) -> None:
    ours, theirs = multiprocessing.Pipe()
    os.write(theirs.fileno(), begun)
    theirs.close()
    with ours, pytest.raises(EOFError):
        line_reader._received(ours)


async def test_a_process_that_is_killed_is_no_good_end() -> None:
    async with asyncio.timeout(60):
        with pytest.raises(RuntimeError, match="ended before"):
            async with reading(iter(lines(20_000)), 700, None, copied=False) as batches:
                async for _ in batches:
                    for process in multiprocessing.active_children():
                        os.kill(process.pid or 0, signal.SIGKILL)
    assert multiprocessing.active_children() == []


async def test_who_reads_no_more_leaves_no_process_behind() -> None:
    async with asyncio.timeout(60):
        with pytest.raises(ZeroDivisionError):
            async with reading(iter(lines(20_000)), 700, None, copied=False) as batches:
                async for _ in batches:
                    raise ZeroDivisionError
    assert multiprocessing.active_children() == []


def test_a_batch_has_so_many_bytes_and_not_many_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.domain.records.lines._MAX_BATCH_BYTES", 10_000)
    found = read_here([json.dumps(record(place, teamId=TEAM)).encode() for place in range(200)], 700, None)
    assert sum(batch.record_count for batch in found) == 200
    assert len(found) > 1
    assert all(batch.byte_count < 11_000 for batch in found)


def test_chunks_are_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_reader, "_CHUNK", 10)
    given = [b"12345\n", b"1\n", b"1234567890123\n", b"1"]
    assert [*line_reader._chunks(iter(given))] == [b"12345\n1\n1234567890123\n", b"1"]
