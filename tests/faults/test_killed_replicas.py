"""No repeated mutation is lost or done twice, although replicas are killed between commit and answer."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.database.database import Database
from gateway.database.tables import Integration
from tests.faults.killed_replicas import run
from tests.support.commands import run_gateway
from tests.support.gateway import TEAM, USER
from tests.support.sessions import open_session

pytestmark = pytest.mark.slow

CREATIONS, COMMITS = 60, 40


@pytest.mark.usefixtures("restored_logging")
async def test_each_creation_is_done_once(database: Database, database_url: str, tmp_path: Path) -> None:
    arguments = ("--team", TEAM, "--user", USER, "--name", "x", "--permission", "ADMIN")
    key = await asyncio.to_thread(run_gateway, "keys", "create", *arguments, database_url=database_url)
    outcome = await run(database_url, key.stdout.strip(), tmp_path, CREATIONS, COMMITS)
    assert outcome.differing == []
    assert len(outcome.ids) == CREATIONS
    async with open_session(database) as session:
        stored = (await session.execute(select(Integration.name, Integration.id))).all()
    assert sorted((name or "", id) for name, id in stored) == sorted(outcome.ids.items())
    assert outcome.kills > 0
    assert outcome.attempts["broken off"] > 0
    assert outcome.attempts["replayed"] >= CREATIONS
