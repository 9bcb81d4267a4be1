"""urql with the settings of `docs/asking.md` for its normalized cache: keys, pages and deletions."""

import pytest

from tests.clients.clinics import get_node_id, store_clinic, store_practitioners, store_shared_id
from tests.support.client_workspace import Workspace
from tests.support.factories import connected, store

pytestmark = pytest.mark.slow

PROGRAM = "urql_scenarios.mjs"


@pytest.fixture
def urql(npm_workspace: Workspace) -> Workspace:
    npm_workspace.add("urql.mjs")
    return npm_workspace


async def test_practitioners_of_two_clinics_with_equal_source_ids_stay_apart(urql: Workspace) -> None:
    await store_practitioners(urql.server)
    clinics = await urql.run_scenario(PROGRAM, "readPractitioners")
    found = [[(each["sourceId"], each["name"]) for each in practitioners] for practitioners in clinics]
    assert found == [[("7", "Ana")], [("7", "Ben")]]


async def test_integrations_of_two_teams_with_equal_ids_stay_apart(urql: Workspace) -> None:
    await store_shared_id(urql.server)
    assert await urql.run_scenario(PROGRAM, "readNames") == [["clinic", "Own"], ["clinic", "Shared"]]


async def test_pages_of_integrations_become_one_list(urql: Workspace) -> None:
    ids = list("abcde")
    await store(urql.server.gateway.database, *map(connected, ids))
    assert await urql.run_scenario(PROGRAM, "readIntegrations") == ids


async def test_pages_of_records_become_one_list(urql: Workspace) -> None:
    ids = list("abcde")
    await store_clinic(urql.server, *ids)
    assert await urql.run_scenario(PROGRAM, "readRecords", nodeId=get_node_id("clinic")) == ids


async def test_a_deleted_record_leaves_its_list(urql: Workspace) -> None:
    await store_clinic(urql.server, "a", "b")
    arguments = {"nodeId": get_node_id("clinic"), "integrationId": "clinic", "id": "a"}
    found = await urql.run_scenario(PROGRAM, "deleteRecord", **arguments)
    assert found == {"before": ["a", "b"], "after": ["b"], "reads": 1}
