"""Programs that some tests need on the machine, and its fastest folder."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import NoReturn

import pytest

_MEMORY = Path("/dev/shm")
_MIN_FREE_BYTES = 2**30
"""Free bytes in memory that the tests' databases need."""


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
