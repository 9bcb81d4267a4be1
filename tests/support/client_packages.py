"""Packages of GraphQL clients, which the tests install outside the project, once for each set of pins."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from fasteners import InterProcessLock

from tests.support.machine import skip_unless_ci
from tests.support.source_code import PROJECT

PINS = PROJECT / "tests" / "clients"
NPM_PINS = (PINS / "package.json", PINS / ".npmrc")
"""Exact versions, and the day after which no version of what they need is taken."""
PYTHON_PINS = (PINS / "requirements.txt",)

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "integrations-gateway"
_TIMEOUT = 600.0
"""Seconds for a download on a slow network."""


def install_npm_packages() -> Path:
    """Return a folder with `node_modules`. Skips the test if the packages cannot be installed."""
    npm = shutil.which("npm")
    if npm is None:
        skip_unless_ci("npm is not on this machine: `apt-get install nodejs npm`")
    return _install("npm", NPM_PINS, lambda folder: _run([npm, "install"], folder))


def install_python_packages() -> Path:
    """Return a virtual environment. Skips the test if the packages cannot be installed."""

    def install(folder: Path) -> None:
        _run([sys.executable, "-m", "venv", "."], folder)
        _run(["bin/pip", "install", "--disable-pip-version-check", "-r", "requirements.txt"], folder)

    return _install(f"python-{sys.version_info.major}.{sys.version_info.minor}", PYTHON_PINS, install)


def _install(name: str, pins: Sequence[Path], install: Callable[[Path], None]) -> Path:
    """Return the folder of these pinned packages. Install them unless an earlier run of the tests did."""
    digest = hashlib.sha256(b"".join(pin.read_bytes() for pin in pins)).hexdigest()[:16]
    folder = _CACHE / f"{name}-{digest}"
    finished = folder / "finished"
    _CACHE.mkdir(parents=True, exist_ok=True)
    with InterProcessLock(f"{folder}.lock"):
        if not finished.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for pin in pins:
                shutil.copy(pin, folder)
            install(folder)
            finished.touch()
    return folder


def _run(command: Sequence[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=_TIMEOUT)
    except subprocess.CalledProcessError as error:
        skip_unless_ci(f"{' '.join(command)} failed: {error.stderr[-500:]}")
    except subprocess.TimeoutExpired as error:
        skip_unless_ci(str(error))
