"""One operation reads one snapshot, also when a part of it fails."""

from tests.dashboard import PARTS
from tests.factories import connected, record, store
from tests.gateway import Gateway
from tests.test_statistics import CLINIC

BOTH = (
    '{ failing: appointmentStatistics(integrationId: "clinic", fillGaps: true, start: "1900-01-01T00:00:00Z") {'
    + PARTS
    + '} whole: appointmentStatistics(integrationId: "clinic") {'
    + PARTS
    + '} alone: integration(id: "clinic") { id createdBy { username } } }'
)


async def test_a_part_that_fails_cuts_nothing_else_off(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected(CLINIC), record("a", CLINIC))
    whole = '{ whole: appointmentStatistics(integrationId: "clinic") {' + PARTS + "} }"
    expected = await client.data(whole)
    for _ in range(5):
        answer = await client(BOTH)
        assert answer["data"]["failing"] is None
        assert answer["data"]["whole"] == expected["whole"]
        assert answer["data"]["alone"]["id"] == CLINIC
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
