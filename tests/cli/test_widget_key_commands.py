"""Creating widget keys by `gateway keys create`."""

from collections.abc import Mapping

import pytest

from tests.support.commands import run_gateway, unbox
from tests.support.gateway import TEAM, USER

CLINIC = "https://clinic.example"
CREATE = ("keys", "create", "--team", TEAM, "--user", USER, "--name", "a widget")


@pytest.mark.usefixtures("restored_logging")
def test_an_operator_creates_a_widget_key_for_origins(database_url: str) -> None:
    created = run_gateway(*CREATE, "--for-widgets", "--origin", CLINIC, database_url=database_url)
    assert created.exit_code == 0, created.output
    assert created.stdout.startswith("gw_")
    expected = (
        f"Browsers block queries from pages of {CLINIC} until GATEWAY_ALLOWED_ORIGINS of the server contains it."
    )
    assert expected in " ".join(created.stderr.split())
    listed = run_gateway("keys", "list", database_url=database_url).stdout
    assert "READ_STATISTICS" in listed
    assert CLINIC in listed
    assert created.stdout.strip().split("_", 2)[2] not in listed

    allowed: Mapping[str, str] = {"database_url": database_url, "allowed_origins": CLINIC}
    quiet = run_gateway(*CREATE, "--for-widgets", "--origin", CLINIC, **allowed)
    assert "Browsers" not in quiet.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--for-widgets",), "use --origin with --for-widgets, and only there"),
        (("--permission", "ADMIN", "--origin", CLINIC), "use --origin with --for-widgets, and only there"),
        (
            ("--for-widgets", "--origin", CLINIC, "--permission", "ADMIN"),
            "either --permission or --for-widgets",
        ),
        (("--for-widgets", "--origin", f"{CLINIC}/"), "is not an origin such as"),
        (("--for-widgets", "--origin", "*"), "is not an origin such as"),
    ],
)
@pytest.mark.usefixtures("restored_logging")
def test_invalid_options_for_a_widget_key_are_refused(
    database_url: str, arguments: tuple[str, ...], expected: str
) -> None:
    result = run_gateway(*CREATE, *arguments, database_url=database_url)
    assert (result.exit_code, result.stdout) == (2, "")
    assert expected in unbox(result.stderr)
    assert "widget" not in run_gateway("keys", "list", database_url=database_url).stdout
