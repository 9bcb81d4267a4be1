"""The function of `docs/asking.md` that sends a request again until it is answered."""

import json
import shutil

import pytest

from tests.support.client_workspace import PROGRAMS, Workspace
from tests.support.gateway import Answer
from tests.support.idempotency import list_names
from tests.support.machine import skip_unless_ci

pytestmark = pytest.mark.slow


async def test_a_mutation_whose_answer_is_lost_is_done_once(workspace: Workspace) -> None:
    if shutil.which("node") is None:
        skip_unless_ci("Node.js is not installed.")
    workspace.add("fetch-once.mjs")
    (workspace.folder / "lost_answer.mjs").write_text((PROGRAMS / "lost_answer.mjs").read_text())
    code, output, errors = await workspace.run("node", "lost_answer.mjs")
    assert (code, errors) == (0, ""), output + errors
    answer: Answer = {"data": {"createIntegration": {"errors": []}}}
    assert json.loads(output) == {"requests": 2, "replayed": "true", "answer": answer}
    assert await list_names(workspace.server.gateway) == ["n"]
