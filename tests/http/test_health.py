"""Whether the gateway lives and is ready: asked without a key, answered whatever the database does."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from gateway.database import migrations
from gateway.settings import Settings
from gateway.web.app import create_app
from tests.support.commands import NOT_THERE
from tests.support.endpoints import Door, codes, opened
from tests.support.gateway import Gateway, statements
from tests.support.sessions import open_session


@pytest.fixture
async def door(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Door]:
    async with opened(sqlite_template, tmp_path) as found:
        yield found


async def test_a_gateway_that_can_answer_is_live_and_ready_without_a_key(gateway: Gateway) -> None:
    for path, said in (("/livez", {"live": True}), ("/readyz", {"ready": True})):
        response = await gateway.http.get(path)
        assert (response.status_code, response.json()) == (200, said)
        assert response.headers["Cache-Control"] == "no-store"
        assert (await gateway.http.head(path)).status_code == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_probes_are_read_only(door: Door, path: str) -> None:
    response = await door.http.post(path)
    assert (response.status_code, codes(response)) == (405, ["METHOD_NOT_ALLOWED"])
    assert response.headers["Allow"] == "GET, HEAD"


async def test_a_database_that_is_not_there_leaves_it_live_but_not_ready() -> None:
    app = create_app(Settings(database_url=NOT_THERE))
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://gateway") as http,
    ):
        assert (await http.get("/livez")).status_code == 200
        response = await http.get("/readyz")
        failing = {"database": "does not answer within 1 s"}
        assert (response.status_code, response.json()) == (503, {"ready": False, "failing": failing})
        assert "open-sesame" not in response.text


async def test_a_database_that_is_slow_is_waited_for_a_second(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_database: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("gateway.web.health._TIMEOUT", 0.01)
    monkeypatch.setattr(migrations, "require_head", never)
    assert (await door.http.get("/livez")).status_code == 200
    assert (await door.http.get("/readyz")).status_code == 503


async def test_a_database_at_another_revision_is_not_ready(door: Door) -> None:
    async with open_session(door.app.state.database) as session:
        await session.execute(text("UPDATE alembic_version SET version_num = 'other'"))
    response = await door.http.get("/readyz")
    assert response.status_code == 503
    assert response.json()["failing"]["schema"].startswith("The database is at revision other, which is newer")


async def test_a_writer_keeps_nobody_from_being_ready(door: Door, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "gateway.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert (await door.http.get("/readyz")).json() == {"ready": True}
        other.execute("ROLLBACK")
    other.close()


async def test_however_often_it_is_asked_the_database_is_asked_once_a_second(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("gateway.web.health.monotonic", lambda: now)
    with statements() as ran:
        await asyncio.gather(*(door.http.get("/readyz") for _ in range(20)))
        once = len(ran)
        assert 0 < once < 10
        now += 1.1
        assert (await door.http.get("/readyz")).status_code == 200
    assert once < len(ran) <= 2 * once


async def test_a_gateway_that_is_told_to_stop_is_ready_no_more(door: Door) -> None:
    assert (await door.http.get("/readyz")).status_code == 200
    door.app.state.health.stop()
    response = await door.http.get("/readyz")
    assert (response.status_code, response.json()["failing"]) == (503, {"server": "is stopping"})
    assert (await door.http.get("/livez")).status_code == 200
