"""Checks of the dashboard and the widgets without a browser: sizes, names, and queries."""

import json
import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from gateway.assets import Assets
from gateway.domain.enums import AppointmentType
from gateway.domain.statistics.catalogue import APPOINTMENT_STATISTICS
from gateway.web.pages import WIDGET_ELEMENTS
from tests.support.endpoints import Endpoint, open_endpoint

STATIC = Path(__file__).parents[2] / "gateway" / "static"
SCHEMA = build_schema((STATIC.parent.parent / "schema.graphql").read_text())
MAX_BYTES = 100_000
"""Maximum bytes of our own JavaScript and CSS that a page loads."""


def _read_text(name: str) -> str:
    return (STATIC / name).read_text()


def _list_loaded_files(name: str) -> set[str]:
    """Return our own scripts and styles that a page or script loads, also by imports."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        text = _read_text(waiting.pop())
        names = re.findall(r'["/]([\w-]+\.(?:js|css))"', text)
        new = {each for each in names if (STATIC / each).is_file()} - found
        found |= new
        waiting += new
    return found


@pytest.mark.parametrize(
    "page", sorted(file.name for file in STATIC.glob("*.html") if file.name != "sign-in.html")
)
def test_own_scripts_and_styles_of_a_page_are_small(page: str) -> None:
    sizes = {name: (STATIC / name).stat().st_size for name in _list_loaded_files(page)}
    assert sizes
    assert sum(sizes.values()) < MAX_BYTES, sizes


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("dashboard.html", r'id="question">(.*?)</script>'),
        ("records.js", r"RECORDS = `(.*?)`"),
        ("integrations-section.js", r"LIST = `(.*?)`"),
        ("integrations-section.js", r"NAMES = `(.*?)`"),
        ("integrations-section.js", r'EXPORT = "(.*?)"'),
        ("examples.js", r"CONNECTED = `(.*?)`"),
        ("operations.js", r"OWN = `(.*?)`"),
    ],
)
def test_queries_of_pages_match_the_schema(name: str, pattern: str) -> None:
    (document,) = re.findall(pattern, _read_text(name), re.DOTALL)
    assert validate(SCHEMA, parse(document)) == []


def test_the_initial_operations_of_graphiql_match_the_schema() -> None:
    documents = re.findall(r"data-operation.*?>(.*?)</script>", _read_text("graphiql.html"), re.DOTALL)
    assert [validate(SCHEMA, parse(document)) for document in documents] == [[]] * 5


def test_pages_know_all_types_of_visits_and_all_breakdowns() -> None:
    types = [each.name for each in AppointmentType]
    (select,) = re.findall(r'<select name="type">(.*?)</select>', _read_text("dashboard.html"), re.DOTALL)
    assert re.findall(r'<option value="(.+?)">', select) == types
    assert f"const TYPES = {json.dumps(types)};" in _read_text("widgets.js")
    assert _read_union("AppointmentType") == types
    breakdowns = re.search(r"BREAKDOWNS = \{(.*?)\};", _read_text("formats.js"), re.DOTALL)
    assert breakdowns is not None
    fields = [each.field for each in APPOINTMENT_STATISTICS.breakdowns]
    assert re.findall(r"(\w+): ", breakdowns[1]) == fields
    assert _read_union("Breakdown") == fields
    without = re.search(r"WITHOUT = (\[.*?\]);", _read_text("formats.js"))
    assert without is not None
    assert set(re.findall(r'"(.*?)"', without[1])) == {
        each.blank_value for each in APPOINTMENT_STATISTICS.breakdowns
    }


def _read_union(name: str) -> list[str]:
    """Return the values of a type in the declarations of the widgets."""
    (values,) = re.findall(rf"^export type {name} = (.*);$", _read_text("widgets.d.ts"), re.MULTILINE)
    return re.findall(r'"(.*?)"', values)


def test_the_types_of_widgets_name_the_allowed_values() -> None:
    (ranges,) = re.findall(r"RANGES = \{(.*?)\};", _read_text("formats.js"))
    assert _read_union("Range") == re.findall(r'"(.*?)":', ranges)
    assert f"PERIODS = {json.dumps(_read_union('Period'))};" in _read_text("widgets.js")
    assert f'choose("theme", this.theme, {json.dumps(_read_union("Theme"))});' in _read_text("element.js")


def test_the_chart_imports_the_pinned_library() -> None:
    (pin,) = (pin for pin in Assets().pins if pin.name == "uplot")
    assert f"./vendor/{pin.spec}/dist/" in _read_text("trend.js")


def test_every_widget_has_its_own_page() -> None:
    (elements,) = re.findall(r"ELEMENTS = \{(.*?)\};", _read_text("widgets.js"), re.DOTALL)
    assert tuple(re.findall(r'"([a-z-]+)"', elements)) == WIDGET_ELEMENTS


async def test_the_policy_of_a_page_names_the_origins_that_may_frame_it(
    sqlite_template: Path, tmp_path: Path
) -> None:
    async with open_endpoint(sqlite_template, tmp_path, allowed_origins="https://clinic.example") as endpoint:
        policies = {
            path: await _fetch_policy(endpoint, path)
            for path in ("/dashboard", "/widgets", f"/embed/{WIDGET_ELEMENTS[0]}")
        }
        assert "frame-ancestors 'none'" in policies["/dashboard"]
        assert "frame-ancestors 'none'" in policies["/widgets"]
        assert "frame-ancestors 'self' https://clinic.example;" in policies["/embed/appointments-total"]
        assert (await endpoint.http.get("/embed/anything")).status_code == 404
        for path, content_type in (
            ("/widgets.js", "text/javascript"),
            ("/widgets.d.ts", "application/typescript"),
        ):
            file = await endpoint.http.get(path)
            assert file.content == (STATIC / path[1:]).read_bytes()
            assert file.headers["Content-Type"] == f"{content_type}; charset=utf-8"
            assert file.headers["Access-Control-Allow-Origin"] == "*"
            assert file.headers["Cache-Control"] == "no-cache"


async def _fetch_policy(endpoint: Endpoint, path: str) -> str:
    response = await endpoint.http.get(path)
    assert response.status_code == 200
    return response.headers["Content-Security-Policy"]
