"""Keys of imported use cases, which follow from type and name."""

import pytest

from gateway.domain.use_cases import KNOWN_USE_CASES
from tests.support.examples import INTEGRATION, export, use_case
from tests.support.gateway import Client, Gateway
from tests.support.importing import import_accepted

KEYS = "query($id: ID!) { integrationExport(integrationId: $id) { useCases { key } } }"


async def read_keys(client: Client) -> list[str | None]:
    found = await client.data(KEYS, id=INTEGRATION)
    return [each["key"] for each in found["integrationExport"]["useCases"]]


async def test_an_imported_use_case_has_the_key_of_its_type_and_name(gateway: Gateway) -> None:
    client = await gateway.client()
    document = export(0)
    document["use_cases"] = [
        use_case(number, config={"type": known.type.value, "name": known.name})
        for number, known in enumerate(KNOWN_USE_CASES.values())
    ]
    await import_accepted(client, document)
    assert await read_keys(client) == [key.name for key in KNOWN_USE_CASES]


@pytest.mark.parametrize(
    "config",
    [
        {"type": "lab_reminder_with_sheet", "name": "Billing Reminder"},
        {"type": "lab_reminder_with_sheet", "name": "lab reminder"},
        {"type": "lab_reminder_with_sheet"},
        {"type": ["lab_reminder_with_sheet"], "name": {}},
        {},
        None,
    ],
)
async def test_any_other_use_case_has_no_key(gateway: Gateway, config: object) -> None:
    client = await gateway.client()
    await import_accepted(client, export(1))
    assert await read_keys(client) == ["LAB_REMINDER"]
    await import_accepted(client, {**export(0), "use_cases": [use_case(0, config=config)]})
    assert await read_keys(client) == [None]
