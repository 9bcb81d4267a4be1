"""Verification of the counts of days, by command and by service."""

import asyncio
from typing import Any

from sqlalchemy import ColumnElement, Executable, select
from typer.testing import Result

from gateway import services
from gateway.database.database import Database
from gateway.database.tables import DayCount, DaySeries
from gateway.domain.statistics.verification import (
    CountDifference,
    TypeDifference,
    VerificationPosition,
    VerificationScope,
)
from tests.support.commands import run_gateway
from tests.support.gateway import TEAM
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


def count_key(size: int, day: int, value: str = "web", appointment_type: str = "") -> dict[str, Any]:
    """Return the key of a count of the clinic's appointments by source."""
    series = {"team_id": TEAM, "integration_id": "clinic", "type": "appointments", "breakdown": "source"}
    id = select(DaySeries.id).filter_by(**series, appointment_type=appointment_type).scalar_subquery()
    return {"team_id": TEAM, "series_id": id, "size": size, "day": day, "value": value}


def is_count(size: int, day: int, value: str = "web", appointment_type: str = "") -> list[ColumnElement[bool]]:
    """Return the conditions that a row is the count with this key."""
    key = count_key(size, day, value, appointment_type)
    return [DayCount.__table__.c[name] == value for name, value in key.items()]


def build_state_columns(successful: int, failed: int, pending: int) -> dict[str, int]:
    """Return the columns with these numbers."""
    return {"successful": successful, "failed": failed, "pending": pending}
