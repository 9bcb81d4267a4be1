"""The packages of clients: a machine that cannot install them skips these tests, except in CI."""

import pytest

from tests.support.client_packages import install_npm_packages

pytestmark = pytest.mark.slow


def test_a_machine_without_npm_skips_tests_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="npm is not on this machine"):
        install_npm_packages()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="npm is not on this machine"):
        install_npm_packages()
