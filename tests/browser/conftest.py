"""Fixtures for tests in a browser."""

import pytest

from gateway.assets import Assets
from tests.support.graphiql import PACKAGE
from tests.support.machine import skip_unless_ci


@pytest.fixture
def graphiql() -> None:
    """Skips tests of GraphiQL if its files are not installed."""
    assets = Assets()
    if not assets.has_package(PACKAGE):
        skip_unless_ci(f"GraphiQL is not installed: {assets.failure_reason}")
