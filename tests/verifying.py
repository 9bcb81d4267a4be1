"""Verifying what is counted by days: as the command does it, and by the service behind it."""

import asyncio

from sqlalchemy import Executable
from typer.testing import Result

from gateway import services
from gateway.database import Database
from gateway.domain.verification import Difference, Place, Scope
from tests.commands import gateway


async def verify(database: Database, *arguments: str) -> Result:
    """What `gateway statistics verify` did."""
    url = database.url.render_as_string(hide_password=False)
    return await asyncio.to_thread(gateway, "statistics", "verify", *arguments, database_url=url)


async def differences(database: Database, *, repairs: bool = False) -> list[Difference]:
    """Everything that is counted otherwise than the records say."""
    found: list[Difference] = []
    place: Place | None = Place()
    while place is not None:
        async with database.snapshot() as snapshot:
            step = await services.verification.step(snapshot, Scope(), place)
        if step is None:
            break
        found += step.differences
        if repairs and step.differences:
            async with database.write() as session:
                await services.verification.repair(session, step)
        place = step.next
    return found


def cells(line: str) -> list[int]:
    """The numbers of the command's summary."""
    return [int(cell) for cell in line.strip("│").split("│")]


async def do(database: Database, *statements: Executable) -> None:
    """Run statements behind the back of what keeps counts."""
    async with database.write() as session:
        for statement in statements:
            await session.execute(statement)
