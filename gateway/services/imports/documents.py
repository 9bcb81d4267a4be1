"""Imports of export documents.

A user's import ignores teams, users, instants and tokens of the document. An operator's import stores them all.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from msgspec import structs

from gateway import sql
from gateway.database import Integration, Writer
from gateway.domain.audit import AuditAction
from gateway.domain.bounds import find_known_excesses
from gateway.domain.calendar import instants, timezones
from gateway.domain.documents import (
    INTEGRATION,
    ExportDocument,
    ImportCounts,
    ImportEntry,
    ImportPolicy,
    OperatorImportPolicy,
    ParentIntegration,
    ViewerImportPolicy,
    collect_people,
    encode_canonical,
    get_text_or_none,
    read_audit_columns,
    read_export,
)
from gateway.domain.enums import ErrorCode, ImportMode, IntegrationAccess, IntegrationKind, Outcome, Permission
from gateway.domain.group_documents import read_groups
from gateway.domain.ids import is_id, new_id, new_logical_id
from gateway.domain.integration_secrets import drop_secrets, get_secrets, put_secrets
from gateway.domain.integrations import read_connected_columns
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.viewer import Viewer
from gateway.errors import ProblemList, refusal
from gateway.services import audit, day_counts, integrations, teams
from gateway.services.access import require_permissions
from gateway.services.imports import groups, rows
from gateway.services.imports.context import ImportContext
from gateway.services.secrets import decrypt_document, encrypt_document


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The imported integration, and what the import changed."""

    integration: Integration
    outcome: Outcome
    tally: ImportCounts
    """The numbers of rows over the integration, its use cases, their groups and its resource records."""


@dataclass(frozen=True, slots=True)
class _ImportJob:
    """An export document to import, with its team and policy."""

    writer: Writer
    team_id: str
    policy: ImportPolicy
    document: ExportDocument
    replace: bool = False
    """Whether use cases and records that are not in the document are deleted."""
    advance: Callable[[int], None] = lambda _: None


async def import_as_viewer(writer: Writer, viewer: Viewer, document: Json, mode: ImportMode) -> ImportResult:
    """Import an export document for a user, into their team.

    Teams, users, instants and tokens of the document are ignored. Ids that other rows have are replaced. The
    viewer needs WRITE_INTEGRATIONS and WRITE_RECORDS, and ADMIN for the access `system`.

    Raises Refused, with paths below `document`: FORBIDDEN, INVALID, REQUIRED, DUPLICATE, and CONFLICT. CONFLICT
    means that the integration exists in mode CREATE, or is a personal one of another user.
    """
    require_permissions(viewer, Permission.WRITE_INTEGRATIONS, Permission.WRITE_RECORDS)
    problems = ProblemList()
    parsed = read_export(document, problems.add, "document")
    if parsed is not None and _is_system(parsed.integration) and not viewer.has_permission(Permission.ADMIN):
        problems.add(
            ErrorCode.FORBIDDEN,
            "The access `system` needs the permission ADMIN, because every team can read the integration.",
            *parsed.integration.path,
            "access",
        )
    if parsed is not None:
        for entry in parsed.iterate_entries():
            problems.extend(find_known_excesses(entry.document, *entry.path))
    problems.raise_if_any()
    assert parsed is not None  # noqa: S101 (without it, a problem was raised)
    await teams.lock_or_create_team(writer, viewer.team_id)
    without_secrets = drop_secrets(parsed.integration.document, IntegrationKind.CONNECTED)
    parsed = replace(parsed, integration=structs.replace(parsed.integration, document=without_secrets))
    policy = ViewerImportPolicy(viewer.team_id, viewer.user_id, writer.as_of)
    row = await _lock_visible_integration(writer, viewer, parsed.integration, mode)
    result = await _run_import(
        _ImportJob(writer, viewer.team_id, policy, parsed, replace=mode is ImportMode.REPLACE), row
    )
    # A use case that only leaves its group is written, but counts as unchanged.
    if writer.written or result.outcome is not Outcome.UNCHANGED:
        subject = f"integration {result.integration.id}"
        await audit.record(writer, viewer, AuditAction.INTEGRATION_IMPORT, subject)
    return result


def _is_system(entry: ImportEntry) -> bool:
    return entry.document.get("access") == IntegrationAccess.SYSTEM.value


async def _lock_visible_integration(
    writer: Writer, viewer: Viewer, entry: ImportEntry, mode: ImportMode
) -> Integration | None:
    """Lock and return the team's integration with the entry's logical id, or without one with its id; None if new.

    Raises Refused (CONFLICT) if it exists in mode CREATE, or is a personal one of another user.
    """
    id = await _find_connected_id(writer, viewer.team_id, entry)
    if id is None:
        return None
    name = "_id" if entry.logical_id is None else "logicalId"
    exists = refusal(
        ErrorCode.CONFLICT, f"The team already has an integration with this `{name}`.", *entry.path, name
    )
    if mode is ImportMode.CREATE:
        raise exists
    if not await integrations.try_lock_integration(writer, viewer, id):
        raise exists
    return await _lock_integration(writer, viewer.team_id, id)


async def _find_connected_id(writer: Writer, team_id: str, entry: ImportEntry) -> str | None:
    found = await writer.fetch_tuples(sql.imports.select_connected_id(team_id, entry.id, entry.logical_id))
    return found[0][0] if found else None


async def _lock_integration(writer: Writer, team_id: str, id: str) -> Integration | None:
    found = await writer.fetch_rows(sql.imports.select_integrations_for_update(team_id, [id]))
    return found[0] if found else None


async def import_as_operator(
    writer: Writer,
    document: Json,
    team_id: str | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> ImportResult:
    """Import an export document for an operator, with its team, users, instants, ids and tokens.

    `team_id` replaces the team of the document. A missing team and missing users are created. `advance` is called
    with the length of each batch of use cases and records. Raises Refused with all problems: INVALID, REQUIRED,
    DUPLICATE, or CONFLICT if another row of the team has an id of the document.
    """
    problems = ProblemList()
    parsed = read_export(document, problems.add)
    team = team_id or (parsed and get_text_or_none(parsed.integration.document.get("teamId"))) or ""
    if parsed is not None and not is_id(team):
        problems.add(
            ErrorCode.REQUIRED,
            "`teamId` is missing or not an id; set the team with --team.",
            INTEGRATION,
            "teamId",
        )
    problems.raise_if_any()
    assert parsed is not None  # noqa: S101 (without it, a problem was raised)
    await teams.lock_or_create_team(writer, team)
    people = collect_people(entry.document for entry in parsed.iterate_entries())
    await teams.add_missing_users(writer, team, people)
    row = await _lock_known_integration(writer, team, parsed.integration)
    return await _run_import(_ImportJob(writer, team, OperatorImportPolicy(team_id), parsed, advance=advance), row)


async def _lock_known_integration(writer: Writer, team_id: str, entry: ImportEntry) -> Integration | None:
    """Lock and return the team's integration with the entry's logical id, or else with its id; None if new."""
    id = await _find_connected_id(writer, team_id, entry)
    if id is None and entry.logical_id is not None:
        id = await _find_connected_id(writer, team_id, structs.replace(entry, logical_id=None))
    return None if id is None else await _lock_integration(writer, team_id, id)


async def _run_import(job: _ImportJob, row: Integration | None) -> ImportResult:
    """Write the integration, its use cases and its records. Raise Refused with all problems of entries."""
    problems = ProblemList()
    entries = job.document.use_case_groups
    imported = None if entries is None else read_groups(entries, job.document.use_cases, problems.add)
    problems.raise_if_any()
    if row is None:
        outcome = Outcome.CREATED
        row = await _create_integration(job)
    else:
        row, outcome = await _update_integration(job, row)
    tally = ImportCounts(
        created=int(outcome is Outcome.CREATED),
        updated=int(outcome is Outcome.UPDATED),
        unchanged=int(outcome is Outcome.UNCHANGED),
    )
    parent = ParentIntegration(job.document.integration.id, row.id)
    zone = timezones.get_zone(row.timezone)
    context = ImportContext(job.writer, job.team_id, parent, zone, job.policy, problems.add, tally, job.advance)
    if imported is not None:
        context = replace(context, group_ids=await groups.import_groups(context, imported))
    await rows.import_rows(context, rows.USE_CASES, job.document.use_cases, replace=job.replace)
    if imported is not None and job.replace:
        await groups.delete_other_groups(context, imported)
    await rows.import_rows(context, rows.RESOURCE_RECORDS, job.document.resource_records, replace=job.replace)
    problems.raise_if_any()
    if outcome is Outcome.UNCHANGED and (tally.created or tally.updated or tally.deleted):
        outcome = Outcome.UPDATED
    return ImportResult(row, outcome, tally)


async def _create_integration(job: _ImportJob) -> Integration:
    entry = job.document.integration
    is_taken = bool(await job.writer.fetch_tuples(sql.imports.select_integration_id(job.team_id, entry.id)))
    if is_taken and job.policy.preserves_ids:
        raise refusal(ErrorCode.CONFLICT, "A webhook of the team already has this `_id`.", *entry.path, "_id")
    id = new_id() if is_taken else entry.id
    document = job.policy.build_new(entry, id, None)
    logical_id = entry.logical_id or new_logical_id("integration")
    values = {
        "team_id": job.team_id,
        "id": id,
        "version": 1,
        **_encrypt(job, id, document),
        "envelope": job.document.envelope,
        **read_connected_columns(document, logical_id, job.writer.as_of),
    }
    return await job.writer.insert_row(Integration, values)


async def _update_integration(job: _ImportJob, row: Integration) -> tuple[Integration, Outcome]:
    entry = job.document.integration
    stored = decrypt_document(job.writer.keyring, row)
    document = _keep_secrets(job.policy.build_updated(entry, row.id, None, row), stored)
    new_state: list[Json] = [document, job.document.envelope]
    if encode_canonical(new_state) == encode_canonical([stored, row.envelope]):
        return row, Outcome.UNCHANGED
    document = job.policy.mark_updated(document)
    logical_id = entry.logical_id or row.logical_id or row.id
    columns = read_connected_columns(document, logical_id, job.writer.as_of)
    changes = {
        **_encrypt(job, row.id, document),
        "envelope": job.document.envelope,
        "version": row.version + 1,
        **columns,
        "created_at": read_audit_columns(document, instants.to_instant(row.created_at))["created_at"],
    }
    updated = await job.writer.update_row(Integration, row, changes)
    await day_counts.recount_if_timezone_changed(job.writer, updated, row.timezone)
    return updated, Outcome.UPDATED


def _encrypt(job: _ImportJob, id: str, document: Document) -> dict[str, Document]:
    return encrypt_document(job.writer.keyring, job.team_id, id, IntegrationKind.CONNECTED, document)


def _keep_secrets(document: Document, stored: Document) -> Document:
    """Return the document with those stored secrets whose keys it has not."""
    own, kind = get_secrets(document, IntegrationKind.CONNECTED), IntegrationKind.CONNECTED
    kept = {name: value for name, value in get_secrets(stored, kind).items() if name not in own}
    return put_secrets(document, kind, kept)
