"""A gateway that listens, and folders in which clients use it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.client_packages import install_npm_packages, install_python_packages
from tests.support.client_workspace import Server, Workspace
from tests.support.gateway import Gateway
from tests.support.listening import serve_app
from tests.support.source_code import PROJECT


@pytest.fixture
def database_kind() -> str:
    """Clients do not notice the database."""
    return "sqlite"


@pytest.fixture
async def server(gateway: Gateway) -> AsyncIterator[Server]:
    async with serve_app(gateway.app, gateway.app.state.reporting, keep_alive=60, client_timeout=60) as (port, _):
        yield Server(gateway, await gateway.client(), f"http://127.0.0.1:{port}/graphql")


@pytest.fixture
def workspace(server: Server, tmp_path: Path) -> Workspace:
    """A folder with the schema."""
    (tmp_path / "schema.graphql").symlink_to(PROJECT / "schema.graphql")
    return Workspace(tmp_path, server)


@pytest.fixture(scope="session")
def npm_packages() -> Path:
    return install_npm_packages()


@pytest.fixture(scope="session")
def python_packages() -> Path:
    return install_python_packages()


@pytest.fixture
def npm_workspace(workspace: Workspace, npm_packages: Path) -> Workspace:
    """A folder with the schema and the packages of npm."""
    (workspace.folder / "node_modules").symlink_to(npm_packages / "node_modules")
    return workspace
