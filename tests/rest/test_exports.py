"""`GET /integrations/v2/integrations/{integration_id}/export`, document 1."""

import json
from typing import Any

import pytest

from gateway.domain.enums import Permission
from tests.support.audit_log import read_audit_log
from tests.support.examples import INTEGRATION, example, export
from tests.support.gateway import OTHER_TEAM, TEAM, USER, Gateway
from tests.support.rest import EXAMPLE, EXPORT, MISSING, import_document, send

READERS = (Permission.READ_INTEGRATIONS, Permission.READ_RECORDS)
SECRETS = ("accessToken", "refreshToken")


def omit_secrets(document: Any) -> Any:
    for name in SECRETS:
        del document["integration"]["config"][name]
    return document


async def test_the_imported_example_comes_back_key_for_key_without_its_secrets(gateway: Gateway) -> None:
    await import_document(gateway, example("export.response"))
    response = await send(await gateway.client(permissions=READERS), EXPORT.format(EXAMPLE))
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert json.dumps(response.json()) == json.dumps(omit_secrets(example("export.response")))


async def test_secrets_are_in_the_answer_to_who_may_read_them_and_audited(gateway: Gateway) -> None:
    await import_document(gateway, example("export.response"))
    client = await gateway.client(permissions=(*READERS, Permission.READ_SECRETS))
    assert (await send(client, EXPORT.format(EXAMPLE))).json() == omit_secrets(example("export.response"))
    response = await send(client, EXPORT.format(EXAMPLE), params={"secrets": "include"})
    assert response.json() == example("export.response")
    subject = f"integration {EXAMPLE}"
    assert await read_audit_log(gateway) == [
        (USER, "secret.export", subject, [f"config.{name}" for name in SECRETS])
    ]
    await gateway.write_pending()
    assert (await read_audit_log(gateway))[1:] == [(USER, "integration.export", subject, [])]


async def test_secrets_are_forbidden_to_others(gateway: Gateway) -> None:
    await import_document(gateway, example("export.response"))
    client = await gateway.client(permissions=READERS)
    response = await send(client, EXPORT.format(EXAMPLE), params={"secrets": "include"})
    assert (response.status_code, response.json()) == (403, {"detail": "This needs the permission READ_SECRETS."})
    await gateway.write_pending()
    assert await read_audit_log(gateway) == []


async def test_an_export_without_entries_has_empty_lists(gateway: Gateway) -> None:
    await import_document(gateway, export(use_cases=0, records=0), TEAM)
    response = await send(await gateway.client(), EXPORT.format(INTEGRATION))
    assert response.json() == {**export(use_cases=0, records=0), "use_cases": [], "resource_records": []}


async def test_an_export_has_the_other_keys_of_the_imported_document(gateway: Gateway) -> None:
    document = {**export(use_cases=2, records=3), "exported by": {"tool": "é", "runs": [1, 2]}}
    await import_document(gateway, document, TEAM)
    client = await gateway.client()
    query = "query($id: ID!) { integrationExport(integrationId: $id) { document } }"
    expected = (await client.data(query, id=INTEGRATION))["integrationExport"]["document"]
    response = await send(client, EXPORT.format(INTEGRATION))
    assert json.dumps(response.json()) == json.dumps(expected)
    assert [*response.json()] == ["integration", "use_cases", "resource_records", "exported by"]


@pytest.mark.parametrize("missing", READERS)
async def test_an_export_needs_both_permissions_to_read(gateway: Gateway, missing: Permission) -> None:
    await import_document(gateway, example("export.response"))
    client = await gateway.client(permissions=set(READERS) - {missing})
    response = await send(client, EXPORT.format(EXAMPLE))
    detail = f"This needs the permission {missing.name}."
    assert (response.status_code, response.json()) == (403, {"detail": detail})


async def test_an_integration_of_another_team_is_missing_in_the_same_bytes(gateway: Gateway) -> None:
    await import_document(gateway, export(), TEAM)
    other = await gateway.client(team_id=OTHER_TEAM)
    foreign = await send(other, EXPORT.format(INTEGRATION))
    missing = await send(other, EXPORT.format(MISSING))
    assert (foreign.status_code, foreign.content) == (missing.status_code, missing.content)
    detail = "There is no connected integration with this id."
    assert (missing.status_code, missing.json()) == (404, {"detail": detail})
