"""Probes for liveness and readiness."""

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
from tests.support.commands import UNREACHABLE_URL
from tests.support.endpoints import Endpoint, get_codes, open_endpoint
from tests.support.gateway import Gateway, collect_statements
from tests.support.sessions import open_session


@pytest.fixture
async def endpoint(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Endpoint]:
    async with open_endpoint(sqlite_template, tmp_path) as found:
        yield found


async def test_livez_and_readyz_need_no_key(gateway: Gateway) -> None:
    for path, expected in (("/livez", {"live": True}), ("/readyz", {"ready": True})):
        response = await gateway.http.get(path)
        assert (response.status_code, response.json()) == (200, expected)
        assert response.headers["Cache-Control"] == "no-store"
        assert (await gateway.http.head(path)).status_code == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_probes_are_read_only(endpoint: Endpoint, path: str) -> None:
    response = await endpoint.http.post(path)
    assert (response.status_code, get_codes(response)) == (405, ["METHOD_NOT_ALLOWED"])
    assert response.headers["Allow"] == "GET, HEAD"


async def test_a_gateway_without_its_database_is_live_but_not_ready() -> None:
    app = create_app(Settings(database_url=UNREACHABLE_URL))
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://gateway") as http,
    ):
        assert (await http.get("/livez")).status_code == 200
        response = await http.get("/readyz")
        failing = {"database": "The database cannot be reached"}
        assert (response.status_code, response.json()) == (503, {"ready": False, "failing": failing})
        assert "open-sesame" not in response.text


async def test_readyz_fails_when_the_database_is_too_slow(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_database: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("gateway.web.health._TIMEOUT", 0.01)
    monkeypatch.setattr(migrations, "require_compatible", never)
    assert (await endpoint.http.get("/livez")).status_code == 200
    assert (await endpoint.http.get("/readyz")).status_code == 503


async def test_a_database_at_another_revision_is_not_ready(endpoint: Endpoint) -> None:
    async with open_session(endpoint.app.state.database) as session:
        await session.execute(text("UPDATE alembic_version SET version_num = 'other'"))
        await session.execute(text("UPDATE schema_compatibility SET oldest_revision = 'other'"))
    response = await endpoint.http.get("/readyz")
    assert response.status_code == 503
    assert response.json()["failing"]["schema"].startswith("The database is at revision other, which is not")


async def test_a_gateway_is_ready_while_a_writer_locks_the_database(endpoint: Endpoint, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "gateway.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert (await endpoint.http.get("/readyz")).json() == {"ready": True}
        other.execute("ROLLBACK")
    other.close()


async def test_readyz_queries_the_database_at_most_once_a_second(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("gateway.web.health.monotonic", lambda: now)
    with collect_statements() as statements:
        await asyncio.gather(*(endpoint.http.get("/readyz") for _ in range(20)))
        first_count = len(statements)
        assert 0 < first_count < 10
        now += 1.1
        assert (await endpoint.http.get("/readyz")).status_code == 200
    assert first_count < len(statements) <= 2 * first_count


async def test_a_gateway_that_is_stopping_is_not_ready(endpoint: Endpoint) -> None:
    assert (await endpoint.http.get("/readyz")).status_code == 200
    endpoint.app.state.health.stop()
    response = await endpoint.http.get("/readyz")
    assert (response.status_code, response.json()["failing"]) == (503, {"server": "is stopping"})
    assert (await endpoint.http.get("/livez")).status_code == 200
