"""Apollo Client with the settings of `docs/asking.md`: its cache, pages, persisted queries and deletions."""

import pytest

from tests.clients.clinics import get_node_id, store_clinic, store_practitioners, store_shared_id
from tests.support.client_workspace import Workspace
from tests.support.factories import connected, store

pytestmark = pytest.mark.slow

PROGRAM = "apollo_scenarios.mjs"


@pytest.fixture
def apollo(npm_workspace: Workspace) -> Workspace:
    npm_workspace.add("apollo.mjs")
    return npm_workspace


async def test_practitioners_of_two_clinics_with_equal_source_ids_stay_apart(apollo: Workspace) -> None:
    await store_practitioners(apollo.server)
    assert await apollo.run_scenario(PROGRAM, "readPractitioners") == [
        [practitioner("Ana")],
        [practitioner("Ben")],
    ]


def practitioner(name: str) -> dict[str, str]:
    return {"__typename": "PractitionerConfig", "sourceId": "7", "name": name}


async def test_integrations_of_two_teams_with_equal_ids_stay_apart(apollo: Workspace) -> None:
    await store_shared_id(apollo.server)
    assert await apollo.run_scenario(PROGRAM, "readNames") == [["clinic", "Own"], ["clinic", "Shared"]]


async def test_pages_of_integrations_become_one_list(apollo: Workspace) -> None:
    ids = list("abcde")
    await store(apollo.server.gateway.database, *map(connected, ids))
    assert await apollo.run_scenario(PROGRAM, "readIntegrations") == ids


async def test_pages_of_records_become_one_list(apollo: Workspace) -> None:
    ids = list("abcde")
    await store_clinic(apollo.server, *ids)
    assert await apollo.run_scenario(PROGRAM, "readRecords", nodeId=get_node_id("clinic")) == ids


async def test_a_persisted_query_is_sent_once_and_then_named_by_its_hash(apollo: Workspace) -> None:
    assert await apollo.run_scenario(PROGRAM, "repeatQuery") == [["GET", 400], ["POST", 200], ["GET", 200]]


async def test_a_deleted_record_leaves_its_list(apollo: Workspace) -> None:
    await store_clinic(apollo.server, "a", "b")
    arguments = {"nodeId": get_node_id("clinic"), "integrationId": "clinic", "id": "a"}
    found = await apollo.run_scenario(PROGRAM, "deleteRecord", **arguments)
    assert found == {"before": ["a", "b"], "after": ["b"]}
