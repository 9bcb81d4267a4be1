"""The reference pages of `gateway/docs` are what commands print."""

from pathlib import Path

import pytest

from gateway.settings import Settings, get_variable_name
from gateway.web import GraphQLErrorCode
from tests.support.commands import run_gateway

DOCS = Path(__file__).parents[2] / "gateway" / "docs"


@pytest.mark.parametrize(
    ("command", "page"),
    [
        (("errors",), "errors.md"),
        (("openapi",), "openapi.json"),
        (("settings", "--markdown"), "settings.md"),
    ],
)
def test_a_reference_page_is_what_its_command_prints(command: tuple[str, ...], page: str) -> None:
    printed = run_gateway(*command)
    assert (printed.exit_code, printed.stderr) == (0, "")
    assert (DOCS / page).read_text() == printed.stdout


def test_the_pages_have_a_row_for_each_code_and_each_setting() -> None:
    assert _read_first_column("errors.md") == [code.name for code in GraphQLErrorCode]
    assert _read_first_column("settings.md") == [get_variable_name(name) for name in Settings.model_fields]


def _read_first_column(page: str) -> list[str]:
    rows = [line.split(" | ") for line in (DOCS / page).read_text().splitlines() if line.startswith("| `")]
    assert {len(row) for row in rows} == {3}
    return [row[0].removeprefix("| ").strip("`") for row in rows]


def test_settings_are_printed_in_one_format() -> None:
    ended = run_gateway("settings", "--toml", "--markdown")
    assert (ended.exit_code, ended.stdout) == (2, "")


def test_pictures_are_small_pngs() -> None:
    pictures = [*DOCS.glob("*.png")]
    assert pictures
    for picture in pictures:
        content = picture.read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) <= 250_000
