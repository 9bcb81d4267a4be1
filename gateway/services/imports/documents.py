"""Export documents taken in: by a user, who is not believed, or by an operator, to the letter."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from msgspec import structs

from gateway import sql
from gateway.database.tables import Integration
from gateway.database.writing import WriteSession
from gateway.domain.calendar import timezones
from gateway.domain.documents.audit_fields import audit_columns, people, text_or_none
from gateway.domain.documents.entries import Entry, ExportDocument, Tally, read_export
from gateway.domain.documents.exports import INTEGRATION, canonical
from gateway.domain.documents.import_policy import Operators, Parent, Trust, Viewers
from gateway.domain.enums import ErrorCode, ImportMode, IntegrationAccess, Outcome, Permission
from gateway.domain.ids import is_id, new_id, new_logical_id
from gateway.domain.integrations import connected_columns, split_secrets
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.viewer import Viewer
from gateway.errors import Problems, refused
from gateway.services import day_counts, integrations, teams
from gateway.services.access import require
from gateway.services.imports import rows
from gateway.services.imports.rows import Intake


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a document."""

    integration: Integration
    outcome: Outcome
    tally: Tally
    """Over the integration, its use cases and its resource records."""


@dataclass(frozen=True, slots=True)
class _Import:
    """A document with a shape, whose word counts in it, and where it goes."""

    session: WriteSession
    team_id: str
    trust: Trust
    document: ExportDocument
    secrets: Document
    """The tokens to keep; those of a user's document are dropped."""
    replace: bool = False
    advance: Callable[[int], None] = lambda _: None


async def by_viewer(session: WriteSession, viewer: Viewer, document: Json, mode: ImportMode) -> Imported:
    """Take an export document in for a user.

    Nothing is believed of teams, people, instants, tokens, or ids that others have. Raises Refused with every
    problem at its path below `document`: FORBIDDEN, CONFLICT (it exists, in mode CREATE, or is another's),
    INVALID, REQUIRED, DUPLICATE.
    """
    require(viewer, Permission.WRITE_INTEGRATIONS, Permission.WRITE_RECORDS)
    problems = Problems()
    read = read_export(document, problems.add, "document")
    if read is not None and _is_system(read.integration) and not viewer.may(Permission.ADMIN):
        problems.add(
            ErrorCode.FORBIDDEN,
            "`system` lets every team read this: it needs the permission ADMIN.",
            *read.integration.path,
            "access",
        )
    problems.raise_if_any()
    assert read is not None  # noqa: S101 (or a problem was raised)
    await teams.hold(session, viewer.team_id)
    without_secrets, _ = split_secrets(read.integration.document)
    read = replace(read, integration=structs.replace(read.integration, document=without_secrets))
    trust = Viewers(viewer.team_id, viewer.user_id, session.as_of)
    row = await _visible(session, viewer, read.integration, mode)
    return await _take(
        _Import(session, viewer.team_id, trust, read, secrets={}, replace=mode is ImportMode.REPLACE), row
    )


def _is_system(entry: Entry) -> bool:
    return entry.document.get("access") == IntegrationAccess.SYSTEM.value


async def _visible(session: WriteSession, viewer: Viewer, entry: Entry, mode: ImportMode) -> Integration | None:
    """The viewer's integration that this is, held; None when it is new."""
    id = await session.scalar(sql.imports.connected(viewer.team_id, entry.id, entry.logical_id))
    if id is None:
        return None
    name = "_id" if entry.logical_id is None else "logicalId"
    exists = refused(
        ErrorCode.CONFLICT, f"The team has an integration with this `{name}` already.", *entry.path, name
    )
    if mode is ImportMode.CREATE:
        raise exists
    if not await integrations.is_held(session, viewer, id):
        raise exists
    return await session.scalar(sql.imports.integrations(viewer.team_id, [id]))


async def by_operator(
    session: WriteSession,
    document: Json,
    team_id: str | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> Imported:
    """Take an export document in as it is: team, people, instants, ids and tokens.

    `team_id` overrides the team that the document names; a team that does not exist is made. Raises Refused.
    """
    problems = Problems()
    read = read_export(document, problems.add)
    team = team_id or (read and text_or_none(read.integration.document.get("teamId"))) or ""
    if read is not None and not is_id(team):
        problems.add(ErrorCode.REQUIRED, "No team is named here: give one with --team.", INTEGRATION, "teamId")
    problems.raise_if_any()
    assert read is not None  # noqa: S101 (or a problem was raised)
    await teams.hold(session, team)
    entries = (read.integration, *read.use_cases, *read.resource_records)
    await teams.add_people(session, team, people(entry.document for entry in entries))
    without_secrets, secrets = split_secrets(read.integration.document)
    read = replace(read, integration=structs.replace(read.integration, document=without_secrets))
    row = await _known(session, team, read.integration)
    return await _take(_Import(session, team, Operators(team_id), read, secrets, advance=advance), row)


async def _known(session: WriteSession, team_id: str, entry: Entry) -> Integration | None:
    """The team's integration that this is, by its logical id or else its id, held; None when it is new."""
    id = await session.scalar(sql.imports.connected(team_id, entry.id, entry.logical_id))
    id = id or await session.scalar(sql.imports.connected(team_id, entry.id, None))
    return None if id is None else await session.scalar(sql.imports.integrations(team_id, [id]))


async def _take(job: _Import, row: Integration | None) -> Imported:
    """Write the integration, then what hangs below it."""
    problems = Problems()
    if row is None:
        outcome = Outcome.CREATED
        row = await _create(job)
    else:
        before = row.timezone
        outcome = _change(job, row)
        await day_counts.follow(job.session, row, before)
    tally = Tally(
        created=outcome is Outcome.CREATED,
        updated=outcome is Outcome.UPDATED,
        unchanged=outcome is Outcome.UNCHANGED,
    )
    await job.session.flush()
    parent = Parent(job.document.integration.id, row.id)
    zone = timezones.zone(row.timezone)
    below = Intake(job.session, job.team_id, parent, zone, job.trust, problems.add, tally, job.advance)
    await rows.take(below, rows.USE_CASES, job.document.use_cases, replace=job.replace)
    await rows.take(below, rows.RESOURCE_RECORDS, job.document.resource_records, replace=job.replace)
    problems.raise_if_any()
    if outcome is Outcome.UNCHANGED and (tally.created or tally.updated or tally.deleted):
        outcome = Outcome.UPDATED
    return Imported(row, outcome, tally)


async def _create(job: _Import) -> Integration:
    entry = job.document.integration
    taken = await job.session.scalar(sql.imports.taken_integration(job.team_id, entry.id)) is not None
    if taken and job.trust.to_the_letter:
        raise refused(ErrorCode.CONFLICT, "A webhook of the team has this `_id` already.", *entry.path, "_id")
    id = new_id() if taken else entry.id
    row = Integration(team_id=job.team_id, id=id, version=1, secrets=job.secrets, envelope=job.document.envelope)
    document = job.trust.first(entry, id, None)
    logical_id = entry.logical_id or new_logical_id("integration")
    row.hold(document, connected_columns(document, logical_id, job.session.as_of))
    job.session.add(row)
    return row


def _change(job: _Import, row: Integration) -> Outcome:
    entry = job.document.integration
    document = job.trust.next(entry, row.id, None, row)
    secrets = {**row.secrets, **job.secrets}
    now: list[Json] = [document, secrets, job.document.envelope]
    if canonical(now) == canonical([row.document, row.secrets, row.envelope]):
        return Outcome.UNCHANGED
    document = job.trust.signed(document)
    columns = connected_columns(document, entry.logical_id or row.logical_id or row.id, job.session.as_of)
    created_at = audit_columns(document, row.created_at)["created_at"]
    row.hold(document, {**columns, "created_at": created_at})
    row.secrets, row.envelope, row.version = secrets, job.document.envelope, row.version + 1
    return Outcome.UPDATED
