"""The command `gateway import`, and files for it."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select
from typer.testing import Result

from gateway.database.database import Database
from gateway.settings import Settings
from tests.support.sessions import open_session

Run = Callable[..., Result]
"""Runs `gateway` with these arguments and `stdin`."""


def read_rows(database_url: str, *entities: type[Any]) -> list[Any]:
    """Return all rows of these tables."""

    async def read() -> list[Any]:
        database = Database(Settings(database_url=database_url))
        async with open_session(database) as session:
            rows = [
                row for entity in entities for row in await session.scalars(select(entity).order_by(entity.id))
            ]
        await database.dispose()
        return rows

    return asyncio.run(read())


def write(name: str, document: object) -> str:
    Path(name).write_text(json.dumps(document))
    return name


def write_lines(name: str, *documents: object) -> str:
    lines = [line if isinstance(line, str) else json.dumps(line) for line in documents]
    Path(name).write_text("\n".join(lines))
    return name


def read_counts(result: Result, file: str) -> list[int]:
    """Return the numbers of created, updated, unchanged and refused entries in the summary of a file."""
    (line,) = [line for line in result.stdout.splitlines() if Path(file).name in line]
    return [int(cell) for cell in line.split("│")[-5:-1]]
