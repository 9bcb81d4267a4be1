"""The files that pin every package which the project, its tools and the tests of clients need."""

import ast
import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = "integrations-gateway"
ROOT = Path(__file__).parents[1]
CLIENTS = ROOT / "tests" / "clients"
LINES = (ROOT / ".constraints.txt").read_text().splitlines()
PINS = {
    canonicalize_name(name): version for name, version in (line.split("==") for line in LINES if line[0] != "#")
}


def find_requirements() -> Iterator[Requirement]:
    """Yield each requirement of the project, its extras and their requirements, where it is installed."""
    todo = [Requirement(f"{PROJECT}[dev]")]
    seen = set()
    while todo:
        needed = todo.pop()
        if (found := (canonicalize_name(needed.name), frozenset(needed.extras))) in seen:
            continue
        seen.add(found)
        yield needed
        try:
            texts = distribution(needed.name).requires or []
        except PackageNotFoundError:
            continue
        todo.extend(
            each
            for each in map(Requirement, texts)
            if each.marker is None
            or any(each.marker.evaluate({"extra": extra}) for extra in needed.extras or {""})
        )


def test_each_requirement_is_pinned_to_a_version_that_fits() -> None:
    names = {canonicalize_name(needed.name): needed for needed in find_requirements()}
    assert sorted(names.keys() - PINS.keys()) == [PROJECT]
    assert "pytest" in names
    wrong = [
        str(needed)
        for needed in find_requirements()
        if needed.name != PROJECT
        and not needed.specifier.contains(PINS[canonicalize_name(needed.name)], prereleases=True)
    ]
    assert wrong == []


def test_each_package_is_listed_once_in_order() -> None:
    names = [canonicalize_name(line.split("==")[0]) for line in LINES if line[0] != "#"]
    assert names == sorted(set(names))


def test_libraries_with_undocumented_uses_are_pinned_to_compatible_releases() -> None:
    modules = [ast.parse(path.read_text()) for path in (ROOT / "gateway").rglob("_private.py")]
    imported = {
        (node.module or "").partition(".")[0]
        for module in modules
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom)
    }
    names = {
        canonicalize_name(name)
        for package in imported - sys.stdlib_module_names
        for name in packages_distributions()[package]
    }
    assert len(names) >= 3
    compatible = {
        canonicalize_name(needed.name)
        for needed in map(Requirement, distribution(PROJECT).requires or [])
        if any(each.operator == "~=" for each in needed.specifier)
    }
    assert names == compatible


def test_packages_of_npm_are_pinned_by_exact_versions_and_a_day() -> None:
    named = json.loads((CLIENTS / "package.json").read_text())["devDependencies"]
    assert named
    assert [version for version in named.values() if not re.fullmatch(r"[0-9]+(\.[0-9]+){2}", version)] == []
    assert re.search(r"^before=[0-9]{4}-[0-9]{2}-[0-9]{2}$", (CLIENTS / ".npmrc").read_text(), re.MULTILINE)


def test_python_packages_of_clients_are_pinned_once_in_order() -> None:
    lines = (CLIENTS / "requirements.txt").read_text().splitlines()
    names = [canonicalize_name(line.split("==")[0]) for line in lines]
    assert [line for line in lines if line.count("==") != 1] == []
    assert names == sorted(set(names))
