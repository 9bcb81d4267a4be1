"""Relay with the settings of `docs/asking.md`: documents for its compiler, pages, refetches and deletions."""

import pytest

from tests.clients.clinics import get_node_id, store_shared_id
from tests.support.client_workspace import Workspace
from tests.support.factories import connected, store

pytestmark = pytest.mark.slow

PROGRAM = "relay_scenarios.mjs"
COMPILE = ("node_modules/.bin/relay-compiler", "--output", "quiet-with-errors")


@pytest.fixture
def relay(npm_workspace: Workspace) -> Workspace:
    npm_workspace.add("relay.config.json", "environment.mjs", "src/Integrations.js")
    return npm_workspace


async def compile_documents(relay: Workspace) -> None:
    code, output, errors = await relay.run(*COMPILE)
    assert code == 0, output + errors


async def test_pages_of_integrations_become_one_list(relay: Workspace) -> None:
    names = list("abcde")
    await store(relay.server.gateway.database, *map(connected, names))
    await compile_documents(relay)
    assert sorted(await relay.run_scenario(PROGRAM, "readPages")) == names


async def test_integrations_of_two_teams_with_equal_ids_stay_apart(relay: Workspace) -> None:
    await store_shared_id(relay.server)
    await compile_documents(relay)
    assert sorted(await relay.run_scenario(PROGRAM, "readNames")) == ["Own", "Shared"]


async def test_an_integration_is_refetched_by_its_node_id(relay: Workspace) -> None:
    await store(relay.server.gateway.database, connected("clinic", name="North"))
    await compile_documents(relay)
    rename = (
        'mutation { updateIntegration(id: "clinic", input: {connected: {name: "South"}}) { errors { code } } }'
    )
    found = await relay.run_scenario(PROGRAM, "refetch", nodeId=get_node_id("clinic"), changed=rename)
    assert found == {"before": ["North"], "after": ["South"]}


async def test_a_deleted_integration_leaves_its_list(relay: Workspace) -> None:
    await store(relay.server.gateway.database, connected("north"), connected("south"))
    relay.add("src/deletion.js")
    await compile_documents(relay)
    found = await relay.run_scenario(PROGRAM, "delete", id="north")
    assert (sorted(found["before"]), found["after"]) == (["north", "south"], ["south"])
