"""SIGINT while `gateway import -` waits for input that does not come."""

import asyncio
import os
import signal
import subprocess

import pytest
from sqlalchemy import func, select

from gateway.cli.input_lines import read_lines
from gateway.database.database import Database
from gateway.database.tables import ResourceRecord
from gateway.services.batches import BATCH_SIZE
from tests.support.factories import connected, store
from tests.support.import_process import INTERRUPTIBLE, build_line, start_import, wait_for_records
from tests.support.sessions import open_session

READING_STDIN = f"""
import typer

get = typer.get_binary_stream

def get_binary_stream(name):
    print("begins", flush=True)
    return get(name)

typer.get_binary_stream = get_binary_stream
{INTERRUPTIBLE}
"""
"""The command, which prints a line before it reads stdin."""


@pytest.mark.slow
@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize("line_count", [0, 2 * BATCH_SIZE])
async def test_an_import_that_waits_for_input_is_interrupted_at_once(
    database: Database, database_url: str, line_count: int
) -> None:
    await store(database, connected("clinic", timezone="America/Chicago"))
    pipe, program = subprocess.PIPE, ("-c", READING_STDIN)
    with start_import(
        "-", database_url=database_url, program=program, stdin=pipe, stdout=pipe, stderr=pipe
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        assert await asyncio.to_thread(process.stdout.readline) == b"begins\n"
        if line_count:
            lines = "".join(f"{build_line(index)}\n" for index in range(line_count))
            await asyncio.to_thread(process.stdin.write, lines.encode())
            process.stdin.flush()
            await wait_for_records(database, process)
        process.send_signal(signal.SIGINT)
        try:
            # Its stdin stays open meanwhile.
            await asyncio.to_thread(process.wait, timeout=60)
        finally:
            process.kill()
        message = process.stderr.read().decode()
    assert process.returncode == 130
    async with open_session(database) as session:
        count = await session.scalar(select(func.count()).select_from(ResourceRecord)) or 0
    assert (count > 0) == (line_count > 0)
    advice = "Run the same command again to continue: what is there already stays unchanged."
    assert message == f"-: {count:,} created, 0 updated, 0 unchanged, 0 refused. {advice}\n"


async def test_a_signal_that_came_before_a_read_ends_it() -> None:
    read_end, write_end = os.pipe()
    task = asyncio.current_task()
    assert task is not None
    with os.fdopen(read_end, "rb") as stream, os.fdopen(write_end, "wb"):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            next(read_lines(stream))
        task.uncancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(0)
