"""Verification of the counts of days, by command and by service."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Executable, and_, delete, select
from typer.testing import Result

from gateway import services
from gateway.database.database import Database
from gateway.database.tables import DayCount, DaySeries
from gateway.domain.lenient_reading import Document
from gateway.domain.statistics.verification import (
    CountDifference,
    TypeDifference,
    VerificationPosition,
    VerificationScope,
)
from tests.support.commands import run_gateway
from tests.support.factories import connected, record, store, webhook
from tests.support.gateway import TEAM, Client, Gateway
from tests.support.sessions import open_session


async def verify(database: Database, *arguments: str) -> Result:
    """Run `gateway statistics verify`."""
    url = database.url.render_as_string(hide_password=False)
    return await asyncio.to_thread(run_gateway, "statistics", "verify", *arguments, database_url=url)


async def find_differences(database: Database, *, repairs: bool = False) -> list[CountDifference | TypeDifference]:
    """Return all differences between counts and records; `repairs` repairs them."""
    found: list[CountDifference | TypeDifference] = []
    position: VerificationPosition | None = VerificationPosition()
    while position is not None:
        async with database.read() as snapshot:
            step = await services.verification.verify_next_block(snapshot, VerificationScope(), position)
        if step is None:
            break
        found += [*step.type_differences, *step.differences]
        if repairs and (step.type_differences or step.differences):
            async with database.write() as session:
                await services.verification.repair(session, step)
        position = step.next_position
    return found


def read_cells(line: str) -> list[int]:
    """Return the numbers in the summary of the command."""
    return [int(cell) for cell in line.strip("│").split("│")]


async def execute_without_counts(database: Database, *statements: Executable) -> None:
    """Run statements without updating the counts."""
    async with open_session(database) as session:
        for statement in statements:
            await session.execute(statement)


def is_in_series(**named: str) -> ColumnElement[bool]:
    """Return the condition that a count is of a series with these columns."""
    return DayCount.series_id.in_(select(DaySeries.id).filter_by(**named))


Plant = Callable[[Database], Awaitable[None]]
"""Changes stored counts without the records."""


def run_statement(statement: Executable) -> Plant:
    """Return the execution of a statement."""
    return lambda database: execute_without_counts(database, statement)


def change_block(size: int, day: int, *, breakdowns: Document | None = None, **columns: str | int) -> Plant:
    """Return a change of the counts of the clinic's appointments in a block.

    `columns` are those of the series and of the numbers. The breakdowns replace those of the same name.
    """
    series, numbers = _split_columns(columns)

    async def change(database: Database) -> None:
        async with open_session(database) as session:
            row = await session.scalar(
                select(DayCount).where(is_in_series(**series), DayCount.size == size, DayCount.day == day)
            )
            assert row is not None
            for name, number in numbers.items():
                setattr(row, name, number)
            row.breakdowns = {**row.breakdowns, **(breakdowns or {})}

    return change


def insert_block(size: int, day: int, **columns: str | int) -> Plant:
    """Return the insertion of the counts of the clinic's appointments in a block."""
    series, numbers = _split_columns(columns)

    async def insert(database: Database) -> None:
        async with open_session(database) as session:
            series_id = await session.scalar(select(DaySeries.id).where(_build_series_condition(series)))
            key = {"team_id": TEAM, "series_id": series_id, "size": size, "day": day}
            session.add(DayCount(**{**key, "successful": 0, "failed": 0, "pending": 0, **numbers}, breakdowns={}))

    return insert


def delete_blocks(size: int | None = None, **columns: str) -> Plant:
    """Return the deletion of the counts of a series in blocks of a size."""

    async def delete_rows(database: Database) -> None:
        condition = is_in_series(**columns) if size is None else is_in_series(**columns) & (DayCount.size == size)
        await execute_without_counts(database, delete(DayCount).where(condition))

    return delete_rows


def _split_columns(columns: Mapping[str, str | int]) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the columns of the series and those of the numbers."""
    series = {"integration_id": "clinic", "type": "appointments", "date_field": "created_at"}
    given = {name: value for name, value in columns.items() if name in DaySeries.__table__.c}
    numbers = {name: int(value) for name, value in columns.items() if name not in given}
    return {**series, "appointment_type": "", **given}, numbers


def _build_series_condition(series: Mapping[str, str]) -> ColumnElement[bool]:
    return and_(*(DaySeries.__table__.c[name] == value for name, value in series.items()))


async def create_clinic(gateway: Gateway) -> Client:
    """Create three appointments and a patient: on a day in March, and one in the year before."""
    march, before = datetime(2025, 3, 9, 12, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
    await store(gateway.database, connected("clinic", timezone="America/Chicago"), webhook({"_id": "hook"}))
    await store(
        gateway.database,
        record(
            "a",
            "clinic",
            {
                "source": "web",
                "appointmentType": "NP",
                "bookingStatus": "successful",
                "start": "2025-03-20T12:00:00.000Z",
            },
            at=march,
        ),
        record("b", "clinic", {"source": "web", "bookingStatus": "failed"}, at=march),
        record("c", "clinic", {"source": "desk"}, at=before),
        record("d", "clinic", {"type": "patients"}, at=march),
    )
    return await gateway.client()
