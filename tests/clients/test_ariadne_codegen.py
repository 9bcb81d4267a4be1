"""The typed Python client that ariadne-codegen generates with the settings of `docs/asking.md`."""

import json
from pathlib import Path

import pytest

from tests.support.client_workspace import Workspace
from tests.support.factories import connected, store

pytestmark = pytest.mark.slow

RUN = """
import asyncio, json, os, typed_names
changes = asyncio.run(typed_names.list_changes(os.environ["GATEWAY_URL"], os.environ["GATEWAY_KEY"]))
print(json.dumps({name: instant.isoformat() for name, instant in changes.items()}))
"""


async def test_the_generated_client_is_typed_and_reads_integrations(
    workspace: Workspace, python_packages: Path
) -> None:
    instant = "2026-03-16T07:20:42.914000+00:00"
    await store(workspace.server.gateway.database, connected("clinic", name="North", updatedAt=instant))
    workspace.add("pyproject.toml", "queries.graphql", "typed_names.py")
    programs = python_packages / "bin"
    code, output, errors = await workspace.run(str(programs / "ariadne-codegen"))
    assert code == 0, output + errors

    # The part of the package that does not depend on the schema is not strict.
    mypy = str(programs / "mypy")
    for arguments in (["gateway_client"], ["--strict", "--follow-imports=silent", "typed_names.py"]):
        code, output, errors = await workspace.run(mypy, *arguments)
        assert code == 0, output + errors

    code, output, errors = await workspace.run(str(programs / "python"), "-W", "error", "-c", RUN)
    assert (code, errors) == (0, "")
    assert json.loads(output) == {"North": instant}
