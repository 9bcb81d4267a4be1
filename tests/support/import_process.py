"""The command `gateway import` in a process of its own, and lines for it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import func, select

from gateway.database.database import Database
from gateway.database.tables import ResourceRecord
from tests.support.commands import ENVIRONMENT
from tests.support.gateway import TEAM
from tests.support.sessions import open_session

INTERRUPTIBLE = """
import signal
from gateway.cli.app import app

signal.signal(signal.SIGINT, signal.default_int_handler)
app()
"""
"""The command, also if SIGINT is ignored in the shell that runs the tests, as it is in background jobs."""


def build_line(index: int) -> str:
    """Return a line with an appointment of the clinic."""
    config = {"type": "appointments", "source": f"s{index % 7}", "bookingStatus": "successful"}
    document = {
        "_id": f"{index:024x}",
        "logicalId": f"r{index}",
        "integrationId": "clinic",
        "teamId": TEAM,
        "createdAt": f"2025-{1 + index % 12:02}-{1 + index % 28:02}T00:00:00Z",
        "config": config,
    }
    return json.dumps(document)


def start_import(
    *files: Path | str,
    database_url: str,
    program: Sequence[str] = ("-m", "gateway"),
    stdin: int | None = None,
    stdout: int = subprocess.DEVNULL,
    stderr: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start an import of these files; `-` is stdin."""
    environment = {**ENVIRONMENT, "GATEWAY_DATABASE_URL": database_url}
    arguments = [sys.executable, *program, "import", *map(str, files)]
    return subprocess.Popen(arguments, env=environment, stdin=stdin, stdout=stdout, stderr=stderr)


async def wait_for_records(database: Database, process: subprocess.Popen[bytes]) -> None:
    """Wait until the process has written some records."""
    while True:
        async with open_session(database) as session:
            if await session.scalar(select(func.count()).select_from(ResourceRecord)):
                return
        assert process.poll() is None
        await asyncio.sleep(0.005)
