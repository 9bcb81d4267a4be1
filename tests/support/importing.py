"""Import and export documents over HTTP."""

from typing import Any

from sqlalchemy import func, select

from gateway.database.tables import Integration, ResourceRecord, UseCase
from gateway.domain.enums import Permission
from tests.support.examples import INTEGRATION
from tests.support.gateway import Client, Gateway

IMPORT = """mutation($document: JSON!, $mode: ImportMode! = MERGE, $dryRun: Boolean! = false) {
  importIntegration(document: $document, mode: $mode, dryRun: $dryRun) {
    integration { id version } outcome created updated unchanged deleted errors { code message path }
  }
}"""
EXPORT = """query($id: ID!) {
  integrationExport(integrationId: $id, secrets: INCLUDE) { document checksum redactedFields }
}"""
WRITERS = (Permission.WRITE_INTEGRATIONS, Permission.WRITE_RECORDS)
NO_CHANGES = {"created": 0, "updated": 0, "unchanged": 0, "deleted": 0}


async def import_document(client: Client, document: object, **variables: object) -> dict[str, Any]:
    found: dict[str, Any] = (await client.data(IMPORT, document=document, **variables))["importIntegration"]
    return found


async def import_accepted(client: Client, document: object, **variables: object) -> dict[str, Any]:
    """Import a document, which must be accepted."""
    found = await import_document(client, document, **variables)
    assert found.pop("errors") == []
    return found


async def export_integration(client: Client, id: str = INTEGRATION) -> dict[str, Any]:
    found: dict[str, Any] = (await client.data(EXPORT, id=id))["integrationExport"]
    return found


def get_problems(payload: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Return code and path of each error of a payload without changes."""
    assert payload["integration"] is None
    assert payload["outcome"] is None
    assert {key: payload[key] for key in NO_CHANGES} == NO_CHANGES
    return [(error["code"], error["path"]) for error in payload["errors"]]


async def count_document_rows(gateway: Gateway) -> int:
    async with gateway.read() as session:
        counts = [
            await session.scalar(select(func.count()).select_from(t))
            for t in (Integration, UseCase, ResourceRecord)
        ]
    return sum(count or 0 for count in counts)
