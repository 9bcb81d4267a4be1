"""Exports of an integration with its use cases and resource records."""

from typing import Any

import pytest

from gateway import services
from gateway.domain.documents.entries import ImportEntry
from gateway.domain.documents.exports import compute_checksum
from gateway.domain.enums import Permission
from gateway.errors import ProblemList
from tests.support.audit_log import read_audit_log
from tests.support.examples import INTEGRATION, example, export, record, use_case
from tests.support.gateway import OTHER_TEAM, TEAM, USER, Gateway, collect_statements

EXAMPLE = "5eb7cf5a86d9755df3a6c593"
READERS = (Permission.READ_INTEGRATIONS, Permission.READ_RECORDS)
EXPORT = """query($id: ID!, $secrets: SecretsMode! = OMIT) {
  integrationExport(integrationId: $id, secrets: $secrets) { document checksum redactedFields }
}"""
NOT_FOUND = {
    "message": "There is no connected integration with this id.",
    "path": ["integrationExport"],
    "extensions": {"code": "NOT_FOUND", "argument": ["integrationId"]},
}


async def import_document(gateway: Gateway, document: object, team_id: str | None = None) -> None:
    async with gateway.database.write() as session:
        await services.imports.import_as_operator(session, document, team_id)  # type: ignore[arg-type]  # any JSON


def get_error(answer: dict[str, Any]) -> dict[str, Any]:
    assert answer["data"] == {"integrationExport": None}
    (error,) = answer["errors"]
    error.pop("locations")
    return dict(error)


async def test_the_example_document_is_exported_unchanged_with_secrets(gateway: Gateway) -> None:
    await import_document(gateway, example("export.response"))
    client = await gateway.client()
    found = (await client.data(EXPORT, id=EXAMPLE, secrets="INCLUDE"))["integrationExport"]
    assert found == {
        "document": example("export.response"),
        "checksum": compute_checksum(example("export.response")),
        "redactedFields": [],
    }


async def test_without_secrets_only_the_redacted_fields_are_missing(gateway: Gateway) -> None:
    await import_document(gateway, example("export.response"))
    client = await gateway.client(permissions=READERS)
    expected = example("export.response")
    for path in ("accessToken", "refreshToken"):
        del expected["integration"]["config"][path]
    assert (await client.data(EXPORT, id=EXAMPLE))["integrationExport"] == {
        "document": expected,
        "checksum": compute_checksum(example("export.response")),
        "redactedFields": ["integration.config.accessToken", "integration.config.refreshToken"],
    }


async def test_missing_secrets_are_neither_exported_nor_redacted(gateway: Gateway) -> None:
    await import_document(gateway, export(config={"accessToken": None}), TEAM)
    client = await gateway.client()
    omitted = (await client.data(EXPORT, id=INTEGRATION))["integrationExport"]
    assert omitted["redactedFields"] == ["integration.config.accessToken"]
    included = (await client.data(EXPORT, id=INTEGRATION, secrets="INCLUDE"))["integrationExport"]
    assert included["document"]["integration"]["config"] == {"accessToken": None}


async def test_each_export_is_audited_and_one_with_secrets_before_its_answer(gateway: Gateway) -> None:
    await import_document(gateway, example("export.response"))
    client = await gateway.client()
    await client.data(EXPORT, id=EXAMPLE)
    await client.data(EXPORT, id=EXAMPLE, secrets="INCLUDE")
    subject = f"integration {EXAMPLE}"
    assert await read_audit_log(gateway) == [
        (USER, "secret.export", subject, ["config.accessToken", "config.refreshToken"])
    ]
    await gateway.write_pending()
    assert (await read_audit_log(gateway))[1:] == [(USER, "integration.export", subject, [])]


@pytest.mark.parametrize("missing", READERS)
async def test_an_export_needs_both_permissions_to_read(gateway: Gateway, missing: Permission) -> None:
    await import_document(gateway, example("export.response"))
    client = await gateway.client(permissions=set(READERS) - {missing})
    assert get_error(await client(EXPORT, id=EXAMPLE)) == {
        "message": f"This needs the permission {missing.name}.",
        "path": ["integrationExport"],
        "extensions": {"code": "FORBIDDEN"},
    }


async def test_an_export_with_secrets_is_forbidden_without_the_permission(gateway: Gateway) -> None:
    await import_document(gateway, example("export.response"))
    client = await gateway.client(permissions=READERS)
    assert get_error(await client(EXPORT, id=EXAMPLE, secrets="INCLUDE")) == {
        "message": "This needs the permission READ_SECRETS.",
        "path": ["integrationExport"],
        "extensions": {"code": "FORBIDDEN"},
    }


async def test_a_malformed_id_is_refused_with_its_path(gateway: Gateway) -> None:
    client = await gateway.client()
    for id in ("", "a b", "é", "x" * 65):
        assert get_error(await client(EXPORT, id=id))["extensions"] == {
            "code": "BAD_USER_INPUT",
            "argument": ["integrationId"],
        }


async def test_missing_and_invisible_integrations_get_the_same_not_found(gateway: Gateway) -> None:
    await import_document(gateway, export(), OTHER_TEAM)
    await import_document(gateway, export(0, 0, _id="shared", logicalId="shared", access="system"), OTHER_TEAM)
    await import_document(gateway, export(0, 0, _id="personal", logicalId="personal", access="personal"), TEAM)
    webhook = example("integrations.get.response")["integration"]
    async with gateway.database.write() as session:
        await services.imports.webhooks.import_webhooks(
            session, [ImportEntry(webhook, webhook["_id"], None, ())], TEAM, ProblemList().add
        )
    client = await gateway.client()
    for id in ("64ffffffffffffffffffffff", INTEGRATION, "shared", "personal", webhook["_id"]):
        assert get_error(await client(EXPORT, id=id)) == NOT_FOUND


async def test_lists_are_sorted_by_creation_then_id(gateway: Gateway) -> None:
    document = export(0, 0)
    same = "2025-01-01T00:00:00Z"
    document["use_cases"] = [use_case(3, createdAt=same), use_case(2), use_case(1, createdAt=same)]
    await import_document(gateway, document, TEAM)
    client = await gateway.client()
    query = """query($id: ID!) { integrationExport(integrationId: $id) {
      integration { id name } useCases { logicalId } resourceRecords { logicalId } document } }"""
    found = (await client.data(query, id=INTEGRATION))["integrationExport"]
    assert found["integration"] == {"id": INTEGRATION, "name": "Clinic"}
    ordered = ["use_case_1", "use_case_3", "use_case_2"]
    assert [one["logicalId"] for one in found["useCases"]] == ordered
    assert [one["logicalId"] for one in found["document"]["use_cases"]] == ordered
    assert found["resourceRecords"] == found["document"]["resource_records"] == []


async def test_only_selected_lists_are_read(gateway: Gateway) -> None:
    await import_document(gateway, export(2, 2), TEAM)
    client = await gateway.client()
    expected = {
        "redactedFields": (False, False),
        "integration { name }": (False, False),
        "useCases { id }": (True, False),
        "resourceRecords { id }": (False, True),
        "document": (True, True),
        "checksum document": (True, True),
    }
    for selection, read in expected.items():
        with collect_statements() as seen:
            await client.data(f'{{ integrationExport(integrationId: "{INTEGRATION}") {{ {selection} }} }}')
        counts = tuple(sum(f"FROM {table}" in one for one in seen) for table in ("use_case", "resource_record"))
        assert counts == read, selection


@pytest.mark.parametrize("size", [1, 10, 100])
async def test_the_number_of_statements_does_not_grow_with_rows(gateway: Gateway, size: int) -> None:
    await import_document(gateway, export(size, size), TEAM)
    client = await gateway.client()
    query = """query($id: ID!) { integrationExport(integrationId: $id) {
      integration { id } useCases { id } resourceRecords { id } document checksum redactedFields } }"""
    with collect_statements() as seen:
        await client.data(query, id=INTEGRATION)
    # The statements read the key, the integration, the rows of both lists and the documents of both lists.
    assert len(seen) == 6


def test_a_checksum_ignores_ids_users_and_times() -> None:
    document = export(2, 2)
    same = export(2, 2, _id="other", teamId="t", createdBy="a", updatedBy="b", createdAt="c", updatedAt="d")
    same["integration"]["config"] |= {"accessToken": "x", "refreshToken": "y"}
    same["use_cases"] = [
        use_case(1, _id="u1", integrationId="other", schedulerNames=["uc-u1-x"]),
        use_case(0, createdAt="2020-01-01T00:00:00Z"),
    ]
    assert compute_checksum(same) == compute_checksum(document)


@pytest.mark.parametrize(
    "different",
    [
        export(1, 1, name="Other"),
        export(1, 1, unknown=None),
        export(1, 1, config={"provider": "google"}),
        {**export(1, 1), "unknown": 1},
        {**export(1, 1), "unknown": True},
        {**export(1, 1), "use_cases": []},
        {**export(1, 1), "use_cases": [use_case(0, logicalId="other")]},
        {**export(1, 1), "resource_records": [record(0, config={"_id": "deeper down an id is data"})]},
        {**export(1, 1), "use_cases": [record(0)], "resource_records": [use_case(0)]},
    ],
)
def test_a_checksum_differs_for_different_content(different: dict[str, Any]) -> None:
    others = [export(1, 1), {**export(1, 1), "unknown": 1.0}]
    assert compute_checksum(different) not in {compute_checksum(other) for other in others}
