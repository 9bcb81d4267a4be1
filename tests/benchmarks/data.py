"""The data of the benchmarks. It is always the same, and the gateway's services import it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Self

from gateway import services
from gateway.database import migrations
from gateway.database.database import Database
from gateway.database.writing import Writer
from gateway.domain.calendar import timezones
from gateway.domain.enums import ActionType, Permission, Provider, UseCaseKey
from gateway.domain.use_case_groups import GroupInput, ListedUseCase
from gateway.domain.use_cases import ActionInput
from gateway.domain.viewer import Viewer
from gateway.settings import Settings
from tests.benchmarks import appointment_rows
from tests.benchmarks.appointments import Appointments
from tests.benchmarks.documents import TEAM, TIMEZONE, USER, build_export, build_object_id

_VIEWER = Viewer(TEAM, USER, "benchmarks", "benchmarks", frozenset(Permission))

GROUP = GroupInput(
    name="Appointment Reminders",
    fields={
        "sheet_link": "https://1drv.ms/x/0",
        "assistant_id": "68a8652f82513625d1c21a85",
        "timezone": TIMEZONE,
        "start_time": "08:00:00",
    },
    group_id=None,
    use_cases=[
        ListedUseCase(
            UseCaseKey.NEW_PATIENT_APPOINTMENT_REMINDER,
            enabled=True,
            actions=[
                ActionInput(ActionType.SMS, "reminder_7d", 7, "First SMS"),
                ActionInput(ActionType.CALL, "reminder_1d", 1, "Day 1 Call"),
            ],
        ),
        ListedUseCase(
            UseCaseKey.LAB_REMINDER,
            enabled=True,
            actions=[ActionInput(ActionType.SMS, "lab_result_sms", 0, "Lab Result SMS")],
        ),
    ],
    expected_version=None,
)
"""The published example of document 2."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The numbers of rows of each kind."""

    integrations: int = 50
    use_cases: int = 6
    actions: int = 3
    practitioners: int = 200
    many_practitioners: int = 20_000
    groups: int = 4
    appointments: Sequence[int] = ()
    """The number of appointments of each integration with appointments."""

    @classmethod
    def for_appointments(cls, *numbers: int) -> Self:
        """Return a scale with an integration for each of these numbers of appointments, and nothing else."""
        return cls(integrations=0, practitioners=0, many_practitioners=0, groups=0, appointments=numbers)


@dataclass(frozen=True, slots=True)
class Group:
    """A group to upsert, and its integration."""

    id: str
    integration_id: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """Ids of the loaded data, and a key to read it."""

    key: str
    listed: Sequence[str]
    """The ids of the newest integrations, which have use cases and no records."""
    export: str
    big_export: str
    groups: Sequence[Group]
    appointments: Sequence[Appointments]


async def load(database_url: str, scale: Scale) -> Loaded:
    """Fill an empty database."""
    database = Database(Settings(database_url=database_url))
    try:
        await migrations.upgrade(database)
        async with database.write() as session:
            loaded = await _load(session, scale)
        for appointments in loaded.appointments:
            await appointment_rows.insert_appointments(database, appointments)
            async with database.write() as session:
                zone = timezones.get_zone(TIMEZONE)
                await services.day_counts.recount(session, TEAM, appointments.integration_id, zone)
        return loaded
    finally:
        await database.dispose()


async def _load(session: Writer, scale: Scale) -> Loaded:
    numbers = (scale.groups, 1, 1, len(scale.appointments), scale.integrations)
    ids = map(partial(build_object_id, "integration"), range(sum(numbers)))
    with_groups, (small,), (big,), counted, listed = ([*islice(ids, number)] for number in numbers)
    sizes = {small: scale.practitioners, big: scale.many_practitioners}
    for index, id in enumerate([*with_groups, small, big, *counted, *listed]):
        at = datetime(2025, 3, 9, tzinfo=UTC) + index * timedelta(days=1)
        use_cases = scale.use_cases if id in listed else 0
        await services.imports.import_as_operator(
            session, build_export(id, at, use_cases, scale.actions, sizes.get(id, 0))
        )
    key = await services.keys.create_key(
        session, team_id=TEAM, user_id=USER, name="benchmarks", permissions=Permission
    )
    groups = [await _create_group(session, id) for id in with_groups]
    appointments = [
        Appointments(id, series, count)
        for series, (id, count) in enumerate(zip(counted, scale.appointments, strict=True))
    ]
    return Loaded(key, listed, small, big, groups, appointments)


async def _create_group(session: Writer, integration_id: str) -> Group:
    upserted = await services.use_case_groups.upsert.upsert_group(
        session, _VIEWER, Provider.MICROSOFT, GROUP, integration_id
    )
    return Group(upserted.group.id, integration_id)
