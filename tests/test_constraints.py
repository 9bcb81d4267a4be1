"""The file `.constraints.txt`: it pins every package that the project and its tools need."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = "integrations-gateway"
LINES = (Path(__file__).parents[1] / ".constraints.txt").read_text().splitlines()
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


def test_each_package_stands_there_once_in_order() -> None:
    names = [canonicalize_name(line.split("==")[0]) for line in LINES if line[0] != "#"]
    assert names == sorted(set(names))
