"""A database at a revision that this release does not know: the messages say what is so, and what to do."""

import asyncio
import re

import pytest
from sqlalchemy import text

from gateway.database import migrations
from gateway.database.database import Database
from gateway.errors import SchemaNotAtHead
from tests.database.test_rolling_upgrades import find_failing_parts
from tests.support.commands import run_gateway, unbox
from tests.support.gateway import serve_gateway

DIFFERENCES = {
    "0000": "earlier than the first revision of this release (0001). This release cannot migrate it",
    "9999": "newer than this release",
    "1975ea83b712": "not one of the gateway. Another application may use this database",
}


async def _set_revision(database: Database, revision: str) -> str:
    """Change the revision, and return the beginning of the message about it."""
    change = text("UPDATE alembic_version SET version_num = :revision")
    await database.run_sync(lambda connection: connection.execute(change, {"revision": revision}))
    # A newer revision may allow this release to go on; this one does not.
    await database.run_sync(lambda connection: connection.execute(text("DELETE FROM schema_compatibility")))
    return f"The database is at revision {revision}, which is {DIFFERENCES[revision]}"


@pytest.mark.parametrize("revision", DIFFERENCES)
async def test_the_message_says_how_the_revision_differs(
    database: Database, database_url: str, revision: str
) -> None:
    async with serve_gateway(database_url) as gateway:
        message = await _set_revision(database, revision)
        for refused in (migrations.require_compatible, migrations.upgrade):
            with pytest.raises(SchemaNotAtHead, match=re.escape(message)):
                await refused(database)
        assert (await find_failing_parts(gateway))["schema"].startswith(message)
    assert await migrations.get_current(database) == revision


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize("revision", DIFFERENCES)
async def test_commands_and_doctor_say_it_too(database: Database, database_url: str, revision: str) -> None:
    message = await _set_revision(database, revision)
    for command in (("migrate",), ("export", "x"), ("import", "missing.json")):
        result = await asyncio.to_thread(run_gateway, *command, database_url=database_url)
        assert result.exit_code == 3
        assert result.stderr.startswith(f"error: {message}")
    doctor = await asyncio.to_thread(run_gateway, "doctor", database_url=database_url, columns="1000")
    assert doctor.exit_code == 1
    assert "Run `gateway migrate`" not in unbox(doctor.stdout)
    assert f"revision {revision}" in unbox(doctor.stdout)
