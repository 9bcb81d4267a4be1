"""The documentation: its length, its sentences, and whether what it names exists."""

import re
from pathlib import Path

import pytest

from tests.support.documented_files import ASKING, BROWSERS, read_documented_files
from tests.support.source_code import PACKAGE, PROJECT

MAX_README_LINES = 200
MAX_SENTENCE_WORDS = 35

PAGES = [
    PROJECT / "README.md",
    *sorted((PACKAGE / "docs").glob("*.md")),
    PROJECT / "tests" / "benchmarks" / "README.md",
]


def _name(page: Path) -> str:
    return str(page.relative_to(PROJECT))


def _prose(page: Path) -> str:
    """The text without code blocks and tables; each item of a list and each heading ends a sentence."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    lines = ["" if line.startswith("|") else line for line in text.splitlines()]
    return "\n".join(re.sub(r"^(\s*)([-*]|\d+\.|#+) ", r"\n\n", line) for line in lines)


def test_the_readme_is_short() -> None:
    assert len((PROJECT / "README.md").read_text().splitlines()) <= MAX_README_LINES


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_sentences_are_short(page: Path) -> None:
    paragraphs = re.split(r"\n\s*\n", _prose(page))
    sentences = [each for text in paragraphs for each in re.split(r"(?<=[.:;?!])\s", " ".join(text.split()))]
    assert [each for each in sentences if len(each.split()) > MAX_SENTENCE_WORDS] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_have_existing_targets(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", page.read_text())
    assert [path for path, _ in links if path and not (page.parent / path).exists()] == []
    missing = [
        f"{path}#{anchor}"
        for path, anchor in links
        if anchor and anchor not in _anchors(page.parent / path if path else page)
    ]
    assert missing == []


def _anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_files_that_are_named_exist(page: Path) -> None:
    named = re.findall(r"`((?:[\w.]+/)+[\w.]*(?:\.py|\.js|\.html|\.css|\.md|\.graphql|/))`", page.read_text())
    roots = (PROJECT, PACKAGE, PACKAGE / "docs", page.parent)
    existing = [path for path in named if "NAME" not in path]
    assert [path for path in existing if not any((root / path).exists() for root in roots)] == []


def test_a_test_of_clients_runs_each_file_that_the_page_shows() -> None:
    section = ASKING.read_text().partition("\n## Clients\n")[2].partition("\n## ")[0]
    names = re.findall(r"^```\w+ ?(.*)$", section, re.MULTILINE)
    assert sorted(names) == sorted(read_documented_files())
    tests = "".join(path.read_text() for path in (PROJECT / "tests" / "clients").glob("test_*.py"))
    assert [name for name in names if f'"{name}"' not in tests] == []


def test_a_test_of_widgets_runs_each_page_that_the_documentation_shows() -> None:
    section = BROWSERS.read_text().partition("\n## Widgets\n")[2].partition("\n## ")[0]
    shown = re.findall(r"^```(?:html|tsx|vue|js) ?(.*)$", section, re.MULTILINE)
    assert [name for name in shown if name] == list(read_documented_files(BROWSERS))
    tests = (PROJECT / "tests" / "browser" / "test_widget_hosts.py").read_text()
    assert [name for name in read_documented_files(BROWSERS) if f'"{name}"' not in tests] == []
