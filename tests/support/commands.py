"""The `gateway` command, in this process or in a child process."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner, Result

from gateway.cli.app import app
from tests import SECRET_KEY

UNREACHABLE_URL = "postgresql://somebody:open-sesame@127.0.0.1:1/gateway"

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")},
    "GATEWAY_SECRET_KEYS": SECRET_KEY,
}


def run_gateway(*arguments: str, **settings: str) -> Result:
    """Run the command in this process with these settings (`database_url=…`) and the tests' key only."""
    settings = {"secret_keys": SECRET_KEY, **settings}
    variables = {f"GATEWAY_{name.upper()}": value for name, value in settings.items()}
    removed = {name: None for name in os.environ if name.startswith("GATEWAY_")}
    return CliRunner().invoke(app, arguments, env={**removed, **variables})


def unbox(text: str) -> str:
    """Return the text of a box in one line."""
    return " ".join(text.replace("│", " ").split())


@dataclass(frozen=True)
class ServerProcess:
    """A server in a child process."""

    process: subprocess.Popen[str]
    url: str

    def read_lines(self, count: int, beginning: str) -> list[str]:
        """Read stdout until this number of lines begins with a text, and return these lines."""
        assert self.process.stdout is not None
        found: list[str] = []
        while len(found) < count:
            line = self.process.stdout.readline()
            assert line, found
            if line.startswith(beginning):
                found.append(line.rstrip("\n"))
        return found

    def stop(self) -> int:
        """Send SIGTERM, and return the exit code."""
        self.process.terminate()
        return self.process.wait(timeout=20)


@contextmanager
def start_server(
    *arguments: str, folder: Path, program: Sequence[str] = ("-m", "gateway"), **settings: str
) -> Iterator[ServerProcess]:
    """Start a command that serves, and wait until it listens. Kill it after the block if it still runs.

    Unless `drain_delay` is given, it stops without a delay. `program` are the arguments of Python.
    """
    settings = {"drain_delay": "0", **settings}
    variables = {f"GATEWAY_{name.upper()}": value for name, value in settings.items()}
    with subprocess.Popen(
        [sys.executable, *program, *arguments],
        cwd=folder,
        env={**ENVIRONMENT, **variables, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield ServerProcess(process, _url(process))
        finally:
            process.kill()


def _url(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        logged = json.loads(line)
        if logged["event"] == "serve.listening":
            return str(logged["url"])
    raise AssertionError(f"the server exited with {process.wait()} before it listened")
