"""Taking the demo into a database, through the doors that imports and upserts go through."""

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
from gateway.domain.enums import ErrorCode, Permission
from gateway.domain.lenient_reading import Document
from gateway.domain.paging import OLDEST_FIRST, PageArguments
from gateway.domain.viewer import Viewer
from gateway.errors import ProblemList, refusal

ProgressCallback = Callable[[int], None]
"""Told how many records more are in."""


def read_example(name: str) -> Document:
    """One of the documents' own examples, such as `export.response`."""
    found: Document = orjson.loads((files("gateway.demo") / "documents" / f"{name}.json").read_bytes())
    return found


async def load_demo(database: Database, now: datetime, advance: ProgressCallback) -> bool:
    """Load the demo, all of it or nothing; False when the database holds it already.

    Raises Refused (CONFLICT) for a database that holds anything else.
    """
    async with database.write() as session:
        there = await services.teams.list_team_ids(session)
        if there == {team.id for team in TEAMS}:
            return False
        if there:
            raise refusal(
                ErrorCode.CONFLICT,
                "This database holds other data: name an empty one with --database, or none for a new file.",
            )
        await _load_webhooks(session, now)
        await _load_exports(session, now, advance)
        await _load_groups(session)
        for team in TEAMS:
            await services.teams.rename_team(session, team.id, team.name)
    return True


async def _load_webhooks(session: Writer, now: datetime) -> None:
    """First, for they are what names people."""
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
    for document in (read_example("export.response"), *build_clinic_exports(now)):
        await services.imports.import_as_operator(session, document, advance=advance)


async def _load_groups(session: Writer) -> None:
    for group in GROUPS:
        clinic = group.clinic
        viewer = _build_viewer(clinic.team)
        await services.use_case_groups.upsert.upsert_group(
            session, viewer, clinic.provider, group.input, clinic.id
        )


def _build_viewer(team: DemoTeam) -> Viewer:
    """The person who keeps a team's integrations, before they have a key."""
    return Viewer(team.id, team.user_id, team.username, "demo", frozenset(Permission))


async def create_key(database: Database, team: DemoTeam) -> str:
    """A new key of the team's keeper, with every permission."""
    async with database.write() as session:
        return await services.keys.create_key(
            session, team_id=team.id, user_id=team.user_id, name="gateway demo", permissions=Permission
        )


async def find_example_group_id(database: Database) -> str:
    """The id of the group that document 2's example made."""
    clinic = EXAMPLE_CLINIC
    key = (clinic.team.id, clinic.id)
    async with database.read() as snapshot:
        found = await services.use_case_groups.list_use_case_groups(
            snapshot, _build_viewer(clinic.team), [key], PageArguments(OLDEST_FIRST)
        )
    return next(group.id for group in found[key] if group.slug == EXAMPLE_SLUG)
