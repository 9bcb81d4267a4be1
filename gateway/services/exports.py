"""Exports of an integration with its use cases and resource records."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import NamedTuple, cast

from msgspec import Raw

from gateway import sql
from gateway.database import Integration, Reader, ResourceRecord, UseCase, UseCaseGroup
from gateway.domain import exact_json
from gateway.domain.documents import INTEGRATION, exports
from gateway.domain.enums import ErrorCode, GroupsMode, IntegrationKind, Permission, SecretsMode
from gateway.domain.group_documents import build_entry
from gateway.domain.integration_secrets import drop_secrets, get_secrets, put_secrets
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.viewer import Viewer
from gateway.errors import not_found, refusal
from gateway.services.access import require_id, require_permissions
from gateway.services.secrets import decrypt_document, decrypt_secrets

_BATCH_SIZE = 1_000
"""The most documents that a streamed export fetches at once."""

_CHILD_ENTITIES: tuple[type[UseCase | ResourceRecord], ...] = (UseCase, ResourceRecord)


class IntegrationChildren(NamedTuple):
    """The use cases and resource records of an integration, in the order of exports."""

    use_cases: list[UseCase]
    resource_records: list[ResourceRecord]
    use_case_groups: list[UseCaseGroup] | None = None
    """None if the export leaves them out."""


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


async def list_children(
    reader: Reader, viewer: Viewer, ids: Sequence[str], groups: GroupsMode
) -> Mapping[str, IntegrationChildren]:
    """Return the use cases and records of these integrations, with their documents, by integration id."""
    found = {id: IntegrationChildren([], [], [] if groups is GroupsMode.INCLUDE else None) for id in ids}
    for use_case in await reader.fetch_rows(
        sql.exports.select_children(viewer, UseCase, [*ids]), "integration_id", "group_id", "document"
    ):
        found[use_case.integration_id].use_cases.append(use_case)
    if groups is GroupsMode.INCLUDE:
        statement = sql.exports.select_children(viewer, UseCaseGroup, [*ids])
        for group in await reader.with_columns(None).fetch_rows(statement):
            cast("list[UseCaseGroup]", found[group.integration_id].use_case_groups).append(group)
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
    integration: Integration, children: IntegrationChildren, secrets: Document | None
) -> Mapping[str, Raw | list[Raw]]:
    """Return the export document with these secrets of the integration; None leaves them out.

    Stored JSON of use cases and records is not parsed.
    """
    groups = build_group_entries(children.use_case_groups, children.use_cases)
    return exports.compose_export(
        Raw(exact_json.encode(_show_secrets(integration, secrets))),
        [Raw(row.document_json) for row in children.use_cases],
        [Raw(row.document_json) for row in children.resource_records],
        {key: Raw(exact_json.encode(value)) for key, value in (integration.envelope or {}).items()},
        None if groups is None else [Raw(exact_json.encode(group)) for group in groups],
    )


def _join_texts(separator: bytes, rows: list[tuple[str]]) -> bytearray:
    """Return the texts with commas between them, after this separator. Removes each row that it has read.

    So there never are two copies of all texts in memory.
    """
    joined = bytearray()
    rows.reverse()
    while rows:
        (text,) = rows.pop()
        joined += separator
        joined += text.encode()
        separator = b","
    return joined


def _show_secrets(integration: Integration, secrets: Document | None) -> Document:
    """Return the document of a connected integration with these secrets; None leaves them out."""
    if secrets is None:
        return drop_secrets(integration.document, IntegrationKind.CONNECTED)
    return put_secrets(integration.document, IntegrationKind.CONNECTED, secrets)


async def stream_document(
    reader: Reader, integration: Integration, secrets: Document | None
) -> AsyncGenerator[bytes | bytearray]:
    """Yield the JSON of the export document as `build_document`, in parts, with one batch of records at a time.

    The reader has found the integration in the same snapshot.
    """
    key, shown = (integration.team_id, integration.id), exact_json.encode(_show_secrets(integration, secrets))
    columns = reader.with_columns(frozenset())
    use_cases = await columns.fetch_rows(sql.exports.select_use_cases(*key), "document")
    texts = ",".join([row.document_json for row in use_cases])
    yield b'{"integration":%b,"use_cases":[%b],"resource_records":[' % (shown, texts.encode())
    separator = b""
    statement = sql.exports.select_record_texts(*key)
    async with aclosing(reader.stream_tuples(statement, _BATCH_SIZE)) as batches:
        with suppress(StopAsyncIteration):
            while True:
                # No variable refers to the rows, so that they are freed before the part is sent.
                yield _join_texts(separator, await anext(batches))
                separator = b","
    others = (integration.envelope or {}).items()
    yield b"]%b}" % b"".join(
        b",%b:%b" % (exact_json.encode(name), exact_json.encode(value)) for name, value in others
    )


def build_group_entries(
    groups: Sequence[UseCaseGroup] | None, use_cases: Sequence[UseCase]
) -> Sequence[Document] | None:
    """Return the entries of groups, with their use cases among these; None for None."""
    if groups is None:
        return None
    members = defaultdict[str | None, list[Document]](list)
    for use_case in use_cases:
        members[use_case.group_id].append(use_case.document)
    return [build_entry(group, members[group.id]) for group in groups]


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
    groups: GroupsMode = GroupsMode.INCLUDE,
    advance: Callable[[int], None] = lambda _: None,
) -> tuple[Document, Sequence[str]]:
    """Return an integration's document, for an operator, and the paths of the secrets that it omits.

    It is an export document, or an answer of integrations.get for a webhook; both can be imported. `advance` is
    called with the length of each batch; the sum is `count_children`.
    """
    includes_secrets = secrets is SecretsMode.INCLUDE
    if integration.kind is not IntegrationKind.CONNECTED:
        if includes_secrets:
            return {INTEGRATION: decrypt_document(reader.keyring, integration), "success": True}, []
        webhook = drop_secrets(integration.document, integration.kind)
        names = get_secrets(integration.document, integration.kind)
        return {INTEGRATION: webhook, "success": True}, [f"{INTEGRATION}.{name}" for name in names]
    key = (integration.team_id, integration.id)
    use_cases = await reader.fetch_rows(sql.exports.select_use_cases(*key))
    advance(len(use_cases))
    includes_groups = groups is GroupsMode.INCLUDE
    group_rows = await reader.fetch_rows(sql.exports.select_use_case_groups(*key)) if includes_groups else None
    records: list[Json] = []
    statement = sql.exports.select_record_documents(*key)
    async for batch in reader.stream_tuples(statement, _BATCH_SIZE):
        records += (document for (document,) in batch)
        advance(len(batch))
    shown = _show_secrets(integration, decrypt_secrets(reader.keyring, integration) if includes_secrets else None)
    composed = exports.compose_export(
        cast(Json, shown),
        [row.document for row in use_cases],
        records,
        integration.envelope,
        build_group_entries(group_rows, use_cases),
    )
    omitted = [] if includes_secrets else exports.list_redacted_fields(integration.document)
    return composed, omitted
