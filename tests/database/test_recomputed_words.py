"""Migrations that recompute columns from documents: access and provider of integrations, keys of use cases."""

from typing import Any

import pytest
from sqlalchemy import text

from gateway.database import migrations
from gateway.database.database import Database
from gateway.domain.enums import UseCaseKey
from gateway.domain.integrations import read_connected_columns
from gateway.domain.use_cases import KNOWN_USE_CASES
from tests.support.factories import AT, connected, store, use_case, webhook
from tests.support.sessions import open_session

DOCUMENTS: dict[str, dict[str, Any]] = {
    "missing": {"access": None},
    "unknown": {"access": "department"},
    "faulty": {"access": 5},
    "shared": {"access": "system"},
    "own": {"access": "personal"},
    "slack": {"access": "team", "config": {"provider": "slack"}},
    "broken": {"access": "team", "config": 1},
}


async def read_columns(database: Database) -> dict[str, tuple[str | None, str | None]]:
    async with open_session(database) as session:
        rows = await session.execute(text("SELECT id, access, provider FROM integration"))
    return {row.id: (row.access, row.provider) for row in rows}


async def test_the_migration_recomputes_access_and_provider_from_documents(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [connected(id, **keys) for id, keys in DOCUMENTS.items()]
    expected = {row.id: read_connected_columns(row.document, "x", AT) for row in rows}
    await store(database, *rows, webhook({"_id": "w"}))
    await migrations.downgrade(database, "0002")
    earlier = text("UPDATE integration SET access = 'team', provider = NULL WHERE kind = 'connected'")
    await database.run_sync(lambda connection: connection.execute(earlier))
    await migrations.upgrade(database)
    found = await read_columns(database)
    assert found.pop("w") == (None, None)
    assert found == {
        id: (columns["access"] and columns["access"].value, columns["provider"] and columns["provider"].value)
        for id, columns in expected.items()
    }
    assert capsys.readouterr().out == ("Recomputed who may see each integration from its document; changed: 4.\n")


async def test_a_downgrade_leaves_no_provider_that_earlier_releases_do_not_know(database: Database) -> None:
    await store(database, connected("slack", config={"provider": "slack"}), connected("m"))
    assert (await read_columns(database))["slack"] == ("team", "other")
    await migrations.downgrade(database, "0002")
    assert await read_columns(database) == {"slack": ("team", None), "m": ("team", "microsoft")}


async def test_the_migration_finds_the_keys_of_use_cases_without_a_group(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        use_case(key.value, "i", type=known.type.value, name=known.name) for key, known in KNOWN_USE_CASES.items()
    ]
    await store(database, connected("i"), *rows, use_case("other", "i", name="Other"))
    await migrations.downgrade(database, "0003")
    forget = text("UPDATE use_case SET key = NULL")
    await database.run_sync(lambda connection: connection.execute(forget))
    await migrations.upgrade(database)
    async with open_session(database) as session:
        found = (await session.execute(text("SELECT id, key FROM use_case"))).all()
    assert dict(map(tuple, found)) == {key.value: key.value for key in UseCaseKey} | {"other": None}
    assert f"Found the key of use cases by type and name; changed: {len(UseCaseKey)}.\n" in capsys.readouterr().out
