"""A folder in which programs use a client of GraphQL as `docs/asking.md` shows it, and a gateway for them."""

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.documented_files import read_documented_files
from tests.support.gateway import Client, Gateway
from tests.support.source_code import PROJECT

PROGRAMS = PROJECT / "tests" / "clients" / "programs"


@dataclass(frozen=True)
class Server:
    """A gateway that listens, and a client with a key for it."""

    gateway: Gateway
    client: Client
    url: str


@dataclass(frozen=True)
class Workspace:
    """A folder with documented files, in which commands run."""

    folder: Path
    server: Server

    def add(self, *names: str) -> None:
        """Write these files as the documentation shows them."""
        documented = read_documented_files()
        for name in names:
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(documented[name])

    async def run(self, *command: str) -> tuple[int, str, str]:
        """Run a command. Return its exit code, stdout and stderr."""
        environment = {**os.environ, "GATEWAY_URL": self.server.url, "GATEWAY_KEY": self.server.client.key}
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=self.folder,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
        assert process.returncode is not None
        return process.returncode, output.decode(), errors.decode()

    async def run_scenario(self, program: str, scenario: str, **arguments: object) -> Any:
        """Run a scenario of a program for Node.js, which must not warn. Return what it found."""
        for path in (PROGRAMS / "scenarios.mjs", PROGRAMS / program):
            (self.folder / path.name).write_text(path.read_text())
        code, output, errors = await self.run("node", program, scenario, json.dumps(arguments))
        assert (code, errors) == (0, ""), output + errors
        return json.loads(output)
