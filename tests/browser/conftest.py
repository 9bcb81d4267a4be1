"""A clinic whose pages contain widgets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browser import Site, serve_existing
from tests.support.client_packages import install_npm_packages
from tests.support.commands import run_gateway
from tests.support.gateway import TEAM, USER
from tests.support.pages import find_clinic
from tests.support.widgets import Clinic, Pages, serve_pages


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    with serve_pages(tmp_path_factory.mktemp("pages")) as found:
        yield found


@pytest.fixture(scope="session")
def key(site: Site, pages: Pages) -> str:
    """A key for widgets of the clinic's pages."""
    created = run_gateway(
        *("keys", "create", "--team", TEAM, "--user", USER, "--name", "widgets"),
        *("--for-widgets", "--origin", pages.origin),
        database_url=site.database_url,
        allowed_origins=pages.origin,
    )
    assert created.exit_code == 0, created.output
    return created.stdout.strip()


@pytest.fixture(scope="session")
def widget_site(site: Site, pages: Pages, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A gateway on the demo's data that allows the origin of the clinic's pages."""
    folder = tmp_path_factory.mktemp("widgets")
    with serve_existing(site, folder, allowed_origins=pages.origin) as found:
        yield found


@pytest.fixture
async def clinic(widget_site: Site, pages: Pages, key: str) -> Clinic:
    return Clinic(widget_site, pages, key, await find_clinic(widget_site))


@pytest.fixture(scope="session")
def npm_packages() -> Path:
    """A folder with `node_modules`, in which frameworks and TypeScript are."""
    return install_npm_packages()
