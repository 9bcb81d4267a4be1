"""Loads the demo through the services for imports and upserts."""

from collections.abc import Callable
from datetime import datetime
from importlib.resources import files

import orjson

from gateway import services
from gateway.database import Database, Writer
from gateway.demo.clinics import LAKESIDE, TEAMS, DemoTeam
from gateway.demo.exports import build_clinic_exports
from gateway.demo.groups import EXAMPLE_CLINIC, EXAMPLE_SLUG, GROUPS
from gateway.demo.webhooks import build_webhooks
from gateway.domain.documents import read_webhooks
from gateway.domain.enums import ErrorCode, Permission, Status
from gateway.domain.lenient_reading import Document
from gateway.domain.paging import OLDEST_FIRST, PageArguments
from gateway.domain.viewer import Viewer
from gateway.errors import ProblemList, refusal

ProgressCallback = Callable[[int], None]
"""Receives the number of records loaded since the last call."""


def read_example(name: str) -> Document:
    """Return an example of the documents, such as `export.response`."""
    example: Document = orjson.loads((files("gateway.demo") / "documents" / f"{name}.json").read_bytes())
    return example


async def load_demo(database: Database, now: datetime, advance: ProgressCallback) -> bool:
    """Load the demo in one transaction. Return False if the database already contains it.

    Raises Refused (CONFLICT) if the database contains other data.
    """
    async with database.write() as session:
        team_ids = await services.teams.list_team_ids(session)
        if team_ids == {team.id for team in TEAMS}:
            return False
        if team_ids:
            raise refusal(
                ErrorCode.CONFLICT,
                "This database contains other data. Use an empty one, or omit --database for a temporary file.",
            )
        await _load_webhooks(session, now)
        await _load_exports(session, now, advance)
        await _load_groups(session)
        for team in TEAMS:
            await services.teams.rename_team(session, team.id, team.name)
    return True


async def _load_webhooks(session: Writer, now: datetime) -> None:
    """Load webhooks. They come first because they contain the names of users."""
    documents = [
        (LAKESIDE, read_example("integrations.list.response")),
        (LAKESIDE, read_example("integrations.get.response")),
        *((team, build_webhooks(team, now)) for team in TEAMS),
    ]
    for team, document in documents:
        problems = ProblemList()
        entries = read_webhooks(document, problems.add)
        await services.imports.webhooks.import_webhooks(session, entries, team.id, problems.add)
        problems.raise_if_any()


async def _load_exports(session: Writer, now: datetime, advance: ProgressCallback) -> None:
    for document in (_read_example_export(), *build_clinic_exports(now)):
        await services.imports.import_as_operator(session, document, advance=advance)


def _read_example_export() -> Document:
    """Return the example of document 1, switched off: its account is not real, and must raise no alarm."""
    example = read_example("export.response")
    integration = example["integration"]
    assert isinstance(integration, dict)  # noqa: S101 (our own file)
    return {**example, "integration": {**integration, "status": Status.INACTIVE.value}}


async def _load_groups(session: Writer) -> None:
    for group in GROUPS:
        clinic = group.clinic
        viewer = _build_viewer(clinic.team)
        await services.use_case_groups.upsert.upsert_group(
            session, viewer, clinic.provider, group.input, clinic.id
        )


def _build_viewer(team: DemoTeam) -> Viewer:
    """Return the owner of a team's integrations, with all permissions."""
    return Viewer(team.id, team.user_id, team.username, "demo", frozenset(Permission))


async def create_key(database: Database, team: DemoTeam) -> str:
    """Create a key with all permissions for the owner of a team's integrations."""
    async with database.write() as session:
        return await services.keys.create_key(
            session, team_id=team.id, user_id=team.user_id, name="gateway demo", permissions=Permission
        )


async def find_example_group_id(database: Database) -> str:
    """Return the id of the group from the example of document 2."""
    clinic = EXAMPLE_CLINIC
    key = (clinic.team.id, clinic.id)
    async with database.read() as snapshot:
        found = await services.use_case_groups.list_use_case_groups(
            snapshot, _build_viewer(clinic.team), [key], PageArguments(OLDEST_FIRST)
        )
    return next(group.id for group in found[key] if group.slug == EXAMPLE_SLUG)
