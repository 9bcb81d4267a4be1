"""Creating, updating and deleting connected integrations."""

from typing import Any

import pytest
from sqlalchemy import select

from gateway.database.tables import ResourceRecord, UseCase, UseCaseGroup
from gateway.domain.enums import IntegrationKind, Permission, Status
from gateway.domain.integration_secrets import get_secrets
from gateway.domain.lenient_reading import Json
from tests.support.examples import example
from tests.support.factories import AT, connected, record, store
from tests.support.gateway import OTHER_TEAM, TEAM, USER, Gateway
from tests.support.integration_operations import create, delete, get_problems, read_integrations, update


def read_tokens(row: dict[str, Any]) -> dict[str, Json]:
    return get_secrets(row["document"], IntegrationKind.CONNECTED)


SETTINGS: dict[str, Json] = {"name": "Front desk", "provider": "GOOGLE"}
FULL: dict[str, Json] = {
    **SETTINGS,
    "access": "SYSTEM",
    "timezone": "America/Chicago",
    "scope": "sheets",
    "accessToken": "access",
    "refreshToken": "refresh",
    "tokenType": "Bearer",
    "expiresAt": "2999-01-01T00:00:00Z",
    "authUserEmail": "desk@example.org",
    "authUserName": "Desk",
}
MISSING = [{"code": "NOT_FOUND", "message": "There is no integration with this id.", "path": ["id"]}]


async def test_creating_a_connected_integration_stores_the_documented_shape(gateway: Gateway) -> None:
    client = await gateway.client()
    created = await create(client, connected=FULL)
    integration = created["integration"]
    assert created["errors"] == []
    assert integration == {
        "__typename": "ConnectedIntegration",
        "id": integration["id"],
        "kind": "CONNECTED",
        "name": "Front desk",
        "enabled": True,
        "version": 1,
        "createdBy": {"id": USER, "username": USER},
        "updatedBy": {"id": USER, "username": USER},
        "logicalId": integration["logicalId"],
        "status": "ACTIVE",
        "access": "SYSTEM",
        "timezone": "America/Chicago",
        "config": {
            "provider": "GOOGLE",
            "authType": "OAUTH",
            "scope": "sheets",
            "tokenType": "Bearer",
            "accessToken": "access",
            "refreshToken": "refresh",
            "tokenState": "VALID",
            "expiresAt": "2999-01-01T00:00:00.000Z",
            "connectedAt": integration["config"]["connectedAt"],
            "renewedAt": None,
            "errorMessage": None,
            "authUserEmail": "desk@example.org",
            "authUserName": "Desk",
        },
    }
    assert integration["logicalId"].startswith("integration_")
    (row,) = await read_integrations(gateway)
    shape = example("export.response")["integration"]
    assert row["document"].keys() == shape.keys()
    assert [*row["document"]["config"]] == [*shape["config"]]
    assert read_tokens(row) == {"accessToken": "access", "refreshToken": "refresh"}
    assert row["document"]["createdAt"] == integration["config"]["connectedAt"]


async def test_a_name_and_a_provider_suffice_to_create_a_connected_integration(gateway: Gateway) -> None:
    created = await create(await gateway.client(), connected={**SETTINGS, "accessToken": " "})
    assert created["errors"] == []
    (row,) = await read_integrations(gateway)
    assert (read_tokens(row), row["secrets"]) == ({}, {})
    assert (row["document"]["access"], row["document"]["timezone"]) == ("team", "UTC")
    assert created["integration"]["config"]["tokenState"] == "MISSING"


async def test_tokens_are_null_without_read_secrets(gateway: Gateway) -> None:
    client = await gateway.client(permissions=[Permission.WRITE_INTEGRATIONS])
    created = await create(client, connected={**FULL, "access": "TEAM"})
    assert (created["integration"]["config"]["accessToken"], created["integration"]["config"]["refreshToken"]) == (
        None,
        None,
    )
    assert created["integration"]["config"]["tokenState"] == "VALID"
    changed = await update(client, created["integration"]["id"], connected={"accessToken": "other"})
    assert changed["integration"]["config"]["accessToken"] is None


async def test_all_problems_are_reported_at_once(gateway: Gateway) -> None:
    client = await gateway.client(permissions=[Permission.WRITE_INTEGRATIONS])
    wrong: dict[str, Json] = {"name": "", "timezone": "america/chicago", "access": "SYSTEM"}
    refused = await create(client, connected={**SETTINGS, **wrong})
    paths = [
        ("REQUIRED", ["input", "connected", "name"]),
        ("INVALID", ["input", "connected", "timezone"]),
        ("FORBIDDEN", ["input", "connected", "access"]),
    ]
    assert (refused["integration"], get_problems(refused)) == (None, paths)
    assert await read_integrations(gateway) == []
    await store(gateway.database, connected("c", access="team"))
    before = await read_integrations(gateway)
    assert get_problems(await update(client, "c", connected=wrong)) == paths
    lasting = ["name", "status", "access", "timezone"]
    refused = await update(client, "c", connected=dict.fromkeys(lasting))
    assert get_problems(refused) == [("REQUIRED", ["input", "connected", key]) for key in lasting]
    assert await read_integrations(gateway) == before


async def test_an_absent_field_keeps_its_value_and_null_clears_it(gateway: Gateway) -> None:
    document = {**example("export.response")["integration"], "unknown": [1]}
    document["config"]["unknown"] = 2
    id = document.pop("_id")
    await store(gateway.database, connected(id, **document))
    (before,) = await read_integrations(gateway)
    changed = await update(
        await gateway.client(),
        id,
        connected={
            "name": "New",
            "status": "INACTIVE",
            "scope": None,
            "errorMessage": "gone",
            "refreshToken": None,
        },
    )
    assert changed["errors"] == []
    (row,) = await read_integrations(gateway)
    at = row["document"]["updatedAt"]
    config = {**before["document"]["config"], "scope": None, "errorMessage": "gone"}
    del config["refreshToken"]
    assert row["document"] == {
        **before["document"],
        "name": "New",
        "status": "inactive",
        "config": config,
        "updatedAt": at,
        "updatedBy": USER,
    }
    assert read_tokens(row) == {"accessToken": "<string>"}
    assert (row["version"], row["enabled"], row["name_key"]) == (2, False, "new")
    assert row["created_at"] == before["created_at"]


async def test_a_blank_secret_keeps_the_token_and_a_new_one_sets_renewed_at(gateway: Gateway) -> None:
    client = await gateway.client()
    id = (await create(client, connected=FULL))["integration"]["id"]
    before = await read_integrations(gateway)
    same: dict[str, Json] = {"accessToken": "", "refreshToken": " ", "expiresAt": "2999-01-01T01:00:00+01:00"}
    unchanged = await update(client, id, connected={**same, "name": "Front desk", "access": "SYSTEM"})
    assert (unchanged["errors"], await read_integrations(gateway)) == ([], before)
    renewed = await update(client, id, connected={"accessToken": "newer", "expiresAt": None})
    assert renewed["integration"]["version"] == 2
    assert renewed["integration"]["config"]["renewedAt"] is not None
    (row,) = await read_integrations(gateway)
    assert read_tokens(row) == {"accessToken": "newer", "refreshToken": "refresh"}


async def test_an_integration_that_is_shared_already_can_be_changed_without_admin(gateway: Gateway) -> None:
    await store(gateway.database, connected("c", access="system"))
    client = await gateway.client(permissions=[Permission.WRITE_INTEGRATIONS])
    changed = await update(client, "c", connected={"access": "SYSTEM", "name": "New"})
    assert (changed["errors"], changed["integration"]["name"]) == ([], "New")


async def test_an_integration_that_the_viewer_may_not_change_is_not_found(gateway: Gateway) -> None:
    await store(
        gateway.database,
        connected("personal", access="personal", createdBy="somebody.else"),
        connected("far", access="team", team_id=OTHER_TEAM),
        connected("shared", access="system", team_id=OTHER_TEAM),
    )
    before = await read_integrations(gateway)
    client = await gateway.client()
    for id in ("personal", "far", "shared", "missing", "", "not an id"):
        assert await update(client, id, connected={"name": "n"}) == {"integration": None, "errors": MISSING}
        assert await delete(client, id) == {"deletedIds": [], "errors": MISSING}
    assert await read_integrations(gateway) == before


@pytest.mark.parametrize(
    "permissions",
    [
        [],
        [Permission.READ_INTEGRATIONS],
        [Permission.READ_INTEGRATIONS, Permission.MANAGE_INCOMING_INTEGRATIONS, Permission.READ_SECRETS],
    ],
)
async def test_without_the_permission_nothing_is_written(gateway: Gateway, permissions: list[Permission]) -> None:
    await store(gateway.database, connected("c"))
    before = await read_integrations(gateway)
    client = await gateway.client(permissions=permissions)
    forbidden = [{"code": "FORBIDDEN", "message": "This needs the permission WRITE_INTEGRATIONS.", "path": []}]
    assert await create(client, connected=SETTINGS) == {"integration": None, "errors": forbidden}
    for id in ("c", "missing"):
        assert await update(client, id, connected={"name": "n"}) == {"integration": None, "errors": forbidden}
    assert await delete(client, "c", kind="CONNECTED") == {"deletedIds": [], "errors": forbidden}
    assert await read_integrations(gateway) == before


async def test_deleting_an_integration_deletes_its_children(gateway: Gateway) -> None:
    audit = {"created_at": AT, "created_by": USER, "updated_at": AT, "updated_by": USER}
    for team_id in (TEAM, OTHER_TEAM):
        below = {"team_id": team_id, "integration_id": "c", "id": "x", **audit}
        document: dict[str, Json] = {"_id": "x"}
        await store(gateway.database, connected("c", team_id=team_id), connected("d", team_id=team_id))
        await store(gateway.database, UseCaseGroup(name="g", slug="g", **below))
        await store(
            gateway.database,
            UseCase(group_id="x", logical_id="u", type="t", status=Status.ACTIVE, document=document, **below),
            ResourceRecord(logical_id="r", type="t", document=document, search_text="", **below),
        )
    await store(gateway.database, record("y", "d"))
    client = await gateway.client(permissions=[Permission.WRITE_INTEGRATIONS])
    assert await delete(client, "c") == {"deletedIds": ["c"], "errors": []}
    assert await delete(client, "c", kind="CONNECTED") == {"deletedIds": [], "errors": MISSING}
    left = {(row["team_id"], row["id"]) for row in await read_integrations(gateway)}
    assert left == {(TEAM, "d"), (OTHER_TEAM, "c"), (OTHER_TEAM, "d")}
    async with gateway.read() as session:
        for table in (UseCaseGroup, UseCase):
            assert (await session.scalars(select(table.team_id))).all() == [OTHER_TEAM]
        records = select(ResourceRecord.team_id, ResourceRecord.id).order_by(ResourceRecord.id)
        assert (await session.execute(records)).all() == [(OTHER_TEAM, "x"), (TEAM, "y")]


@pytest.mark.parametrize("input", [{}, {"connected": SETTINGS, "incomingWebhook": None}, {"connected": None}])
async def test_an_input_without_exactly_one_kind_is_refused(gateway: Gateway, input: dict[str, Json]) -> None:
    client = await gateway.client()
    query = "mutation ($input: CreateIntegrationInput!) { createIntegration(input: $input) { errors { code } } }"
    answer = await client(query, input=input)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    assert await read_integrations(gateway) == []
