"""Programs that some tests need on the machine, its ports, and its fastest folder."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

_MEMORY = Path("/dev/shm")
_MIN_FREE_BYTES = 2**30
"""Free bytes in memory that the tests' databases need."""


_START_SECONDS = 20.0


def find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a process listens on a port of this machine."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens on port {port}; the process ended with {process.poll()}")


def find_fast_folder() -> Path:
    """Return a folder in memory, or the folder for temporary files if memory has too little free space."""
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _MIN_FREE_BYTES:
        return _MEMORY
    return Path(tempfile.gettempdir())


def skip_unless_ci(reason: str) -> NoReturn:
    """Skip a test that this machine cannot run; fail it with `CI=true`."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
