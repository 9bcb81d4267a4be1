"""Deleting an integration: the check of its kind, and refusals that name the permissions that help."""

import pytest

from gateway.domain.enums import Permission
from tests.support.factories import connected, store, webhook
from tests.support.gateway import Gateway
from tests.support.integration_operations import delete, read_integrations

IDS = {"CONNECTED": "c", "INCOMING_WEBHOOK": "in", "OUTGOING_WEBHOOK": "out"}
INCOMING = "MANAGE_INCOMING_INTEGRATIONS or MANAGE_OWN_INCOMING_INTEGRATIONS"
OUTGOING = "MANAGE_OUTGOING_INTEGRATIONS or MANAGE_OWN_OUTGOING_INTEGRATIONS"
ANY_KIND = (
    "This needs the permission of the integration's kind: for CONNECTED, WRITE_INTEGRATIONS; "
    f"for INCOMING_WEBHOOK, {INCOMING}; for OUTGOING_WEBHOOK, {OUTGOING}."
)
NO_HINT = "There is no integration with this id."
HINT = f"{NO_HINT} This key does not reach all webhooks: that needs "


async def store_one_of_each_kind(gateway: Gateway) -> None:
    await store(
        gateway.database,
        connected("c"),
        webhook({"_id": "in"}),
        webhook({"_id": "out", "type": "webhook-outgoing"}),
    )


@pytest.mark.parametrize("kind", IDS)
async def test_the_kind_of_a_deletion_must_be_that_of_the_integration(gateway: Gateway, kind: str) -> None:
    await store_one_of_each_kind(gateway)
    client, before = await gateway.client(), await read_integrations(gateway)
    for other in IDS.keys() - {kind}:
        message = f"This integration is of the kind {kind}, not {other}."
        error = {"code": "INVALID", "message": message, "path": ["kind"]}
        assert await delete(client, IDS[kind], kind=other) == {"deletedIds": [], "errors": [error]}
    assert await read_integrations(gateway) == before
    assert await delete(client, IDS[kind], kind=kind) == {"deletedIds": [IDS[kind]], "errors": []}


@pytest.mark.parametrize(
    ("permissions", "id", "kind", "code", "message"),
    [
        (
            [Permission.READ_INTEGRATIONS],
            "in",
            "INCOMING_WEBHOOK",
            "FORBIDDEN",
            f"This needs the permission {INCOMING}.",
        ),
        (
            [Permission.WRITE_INTEGRATIONS],
            "out",
            "OUTGOING_WEBHOOK",
            "FORBIDDEN",
            f"This needs the permission {OUTGOING}.",
        ),
        (
            [Permission.READ_INTEGRATIONS],
            "c",
            "CONNECTED",
            "FORBIDDEN",
            "This needs the permission WRITE_INTEGRATIONS.",
        ),
        (
            [Permission.READ_INTEGRATIONS],
            "in",
            None,
            "FORBIDDEN",
            ANY_KIND,
        ),
        (
            [Permission.WRITE_INTEGRATIONS],
            "in",
            None,
            "NOT_FOUND",
            f"{HINT}MANAGE_INCOMING_INTEGRATIONS and MANAGE_OUTGOING_INTEGRATIONS.",
        ),
        (
            [Permission.MANAGE_OWN_INCOMING_INTEGRATIONS, Permission.MANAGE_OUTGOING_INTEGRATIONS],
            "in",
            None,
            "NOT_FOUND",
            f"{HINT}MANAGE_INCOMING_INTEGRATIONS.",
        ),
        (
            [Permission.MANAGE_OWN_INCOMING_INTEGRATIONS],
            "in",
            "INCOMING_WEBHOOK",
            "NOT_FOUND",
            f"{HINT}MANAGE_INCOMING_INTEGRATIONS.",
        ),
        ([Permission.ADMIN], "missing", None, "NOT_FOUND", NO_HINT),
        ([Permission.WRITE_INTEGRATIONS], "missing", "CONNECTED", "NOT_FOUND", NO_HINT),
    ],
)
async def test_a_refused_deletion_names_the_permission_that_would_help(
    gateway: Gateway, permissions: list[Permission], id: str, kind: str | None, code: str, message: str
) -> None:
    await store_one_of_each_kind(gateway)
    before = await read_integrations(gateway)
    client = await gateway.client(permissions=permissions)
    refused = await delete(client, id, kind=kind)
    assert refused["deletedIds"] == []
    assert [(error["code"], error["message"]) for error in refused["errors"]] == [(code, message)]
    # A hidden webhook and a missing one get the same answer.
    assert await delete(client, "missing", kind=kind) == refused
    assert await read_integrations(gateway) == before
