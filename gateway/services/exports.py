"""Exports of an integration with its use cases and resource records."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, cast

import orjson
from msgspec import Raw

from gateway import sql
from gateway.database import Integration, Reader, ResourceRecord, UseCase
from gateway.domain.documents import INTEGRATION, exports
from gateway.domain.enums import ErrorCode, IntegrationKind, Permission, SecretsMode
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.viewer import Viewer
from gateway.errors import not_found, refusal
from gateway.services.access import require_id, require_permissions

_BATCH_SIZE = 1_000
"""The number of documents that an operator's export fetches at once."""

_CHILD_ENTITIES: tuple[type[UseCase | ResourceRecord], ...] = (UseCase, ResourceRecord)


class IntegrationChildren(NamedTuple):
    """The use cases and resource records of an integration, in the order of exports."""

    use_cases: list[UseCase]
    resource_records: list[ResourceRecord]


async def get_connected_integration(reader: Reader, viewer: Viewer, id: str, secrets: SecretsMode) -> Integration:
    """Return the connected integration to export.

    The viewer needs READ_INTEGRATIONS and READ_RECORDS, and READ_SECRETS to include secrets. Raises Refused:
    FORBIDDEN without them, INVALID for an impossible id, NOT_FOUND for a webhook or if there is no such
    integration in the team. Personal integrations of other users are not found.
    """
    require_permissions(viewer, Permission.READ_INTEGRATIONS, Permission.READ_RECORDS)
    if secrets is SecretsMode.INCLUDE:
        require_permissions(viewer, Permission.READ_SECRETS)
    require_id(id, "an integration", "integrationId")
    found = await reader.fetch_rows(sql.exports.select_connected_integration(viewer, id))
    if not found:
        raise not_found("There is no connected integration with this id.", "integrationId")
    return found[0]


async def list_use_cases(reader: Reader, viewer: Viewer, ids: Sequence[str]) -> Mapping[str, Sequence[UseCase]]:
    """Return all use cases of these integrations that the viewer may see, by integration id."""
    found = defaultdict[str, list[UseCase]](list)
    for row in await reader.fetch_rows(sql.exports.select_children(viewer, UseCase, [*ids]), "integration_id"):
        found[row.integration_id].append(row)
    return found


async def list_resource_records(
    reader: Reader, viewer: Viewer, ids: Sequence[str]
) -> Mapping[str, Sequence[ResourceRecord]]:
    """Return all resource records of these integrations that the viewer may see, by integration id."""
    found = defaultdict[str, list[ResourceRecord]](list)
    for row in await reader.fetch_rows(
        sql.exports.select_children(viewer, ResourceRecord, [*ids]), "integration_id"
    ):
        found[row.integration_id].append(row)
    return found


async def list_children(reader: Reader, viewer: Viewer, ids: Sequence[str]) -> Mapping[str, IntegrationChildren]:
    """Return the use cases and records of these integrations, with their documents, by integration id."""
    found: dict[str, IntegrationChildren] = {id: IntegrationChildren([], []) for id in ids}
    for use_case in await reader.fetch_rows(
        sql.exports.select_children(viewer, UseCase, [*ids]), "integration_id", "document"
    ):
        found[use_case.integration_id].use_cases.append(use_case)
    for record in await reader.fetch_rows(
        sql.exports.select_children(viewer, ResourceRecord, [*ids]), "integration_id", "document"
    ):
        found[record.integration_id].resource_records.append(record)
    return found


def measure_documents(integration: Integration, children: IntegrationChildren) -> int:
    """Return about how many bytes the export document has."""
    use_cases = sum(len(row.document_json) for row in children.use_cases)
    records = sum(len(row.document_json) for row in children.resource_records)
    return len(integration.document_json) + use_cases + records


def build_document(
    integration: Integration, children: IntegrationChildren, secrets: Document
) -> Mapping[str, Raw | list[Raw]]:
    """Return the export document with these secrets of the integration. Stored JSON is not parsed again."""
    stored = integration.document_json
    with_secrets = orjson.dumps(exports.add_secrets(integration.document, secrets)) if secrets else stored
    return exports.compose_export(
        Raw(with_secrets),
        [Raw(row.document_json) for row in children.use_cases],
        [Raw(row.document_json) for row in children.resource_records],
        {key: Raw(orjson.dumps(value)) for key, value in (integration.envelope or {}).items()},
    )


def compute_checksum(integration: Integration, children: IntegrationChildren) -> str:
    """Return the checksum of the export document: see `gateway.domain.documents.exports`."""
    return exports.compute_checksum(
        exports.compose_export(
            cast(Json, integration.document),
            [row.document for row in children.use_cases],
            [row.document for row in children.resource_records],
            integration.envelope,
        )
    )


async def find_integration(reader: Reader, id: str, team_id: str | None = None) -> Integration:
    """Return the integration or webhook with this id, for an operator.

    Raises Refused: NOT_FOUND, or CONFLICT if several teams have one and `team_id` is None.
    """
    found = await reader.fetch_rows(sql.exports.select_integrations_by_id(id, team_id))
    if not found:
        raise not_found(f"There is no integration {id}" + (f" in team {team_id}." if team_id else "."), "id")
    if len(found) > 1:
        teams = ", ".join(row.team_id for row in found)
        raise refusal(
            ErrorCode.CONFLICT,
            f"Several teams have an integration {id}: {teams}. Set the team with --team.",
            "team",
        )
    return found[0]


async def count_children(reader: Reader, integration: Integration) -> int:
    """Return the number of use cases and resource records of an integration."""
    total = 0
    for entity in _CHILD_ENTITIES:
        statement = sql.exports.select_document_count(entity, integration.team_id, integration.id)
        ((count,),) = await reader.fetch_tuples(statement)
        total += count
    return total


async def export_integration(
    reader: Reader,
    integration: Integration,
    secrets: SecretsMode,
    advance: Callable[[int], None] = lambda _: None,
) -> tuple[Document, Sequence[str]]:
    """Return an integration's document, for an operator, and the paths of the secrets that it omits.

    It is an export document, or an answer of integrations.get for a webhook; both can be imported. `advance` is
    called with the length of each batch; the sum is `count_children`.
    """
    includes_secrets = secrets is SecretsMode.INCLUDE
    if integration.kind is not IntegrationKind.CONNECTED:
        omitted = [key for key in ("token",) if key in integration.document and not includes_secrets]
        webhook: Document = {key: value for key, value in integration.document.items() if key not in omitted}
        return {INTEGRATION: webhook, "success": True}, [f"{INTEGRATION}.{key}" for key in omitted]
    use_cases = await reader.fetch_rows(sql.exports.select_use_cases(integration.team_id, integration.id))
    advance(len(use_cases))
    records: list[Json] = []
    statement = sql.exports.select_record_documents(integration.team_id, integration.id)
    async for batch in reader.stream_tuples(statement, _BATCH_SIZE):
        records += (document for (document,) in batch)
        advance(len(batch))
    with_secrets = exports.add_secrets(integration.document, integration.secrets if includes_secrets else {})
    composed = exports.compose_export(
        cast(Json, with_secrets), [row.document for row in use_cases], records, integration.envelope
    )
    omitted = [] if includes_secrets else exports.list_redacted_fields(integration.document, integration.secrets)
    return composed, omitted
