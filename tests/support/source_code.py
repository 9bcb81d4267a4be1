"""The project's own source, parsed once for all rules."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

PROJECT = Path(__file__).parents[2]
PACKAGE = PROJECT / "gateway"


@cache
def modules() -> dict[str, ast.Module]:
    """Each module of the package by its dotted name."""
    return {_name(path): ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}


def _name(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


N = TypeVar("N", bound=ast.AST)


@cache
def _all_nodes() -> tuple[tuple[str, ast.AST], ...]:
    return tuple((module, node) for module, tree in modules().items() for node in ast.walk(tree))


def nodes(type_: type[N]) -> Iterator[tuple[str, N]]:
    """Each node of this type, with its module."""
    return ((module, node) for module, node in _all_nodes() if isinstance(node, type_))


@cache
def imports() -> frozenset[tuple[str, str]]:
    """Each module of the package with one that it imports, inside functions too."""
    found = set()
    for module, node in nodes(ast.ImportFrom):
        if node.module and node.module.partition(".")[0] == "gateway":
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found.add((module, name if name in modules() else node.module))
    return frozenset(pair for pair in found if pair[0] != pair[1])


def first_level(module: str) -> str:
    """The first part of a module's name below `gateway`: its package, or itself."""
    return module.split(".")[1] if "." in module else module


def layer(module: str) -> str:
    """The package whose public names others import: first-level packages, and those of `domain`."""
    parts = module.split(".")
    depth = 3 if parts[1:2] == ["domain"] and ".".join(parts[:3]) in packages() else 2
    return ".".join(parts[:depth])


@cache
def packages() -> frozenset[str]:
    """The dotted names of all packages."""
    return frozenset(".".join(path.relative_to(PROJECT).parent.parts) for path in PACKAGE.rglob("__init__.py"))


def siblings(one: str, other: str) -> tuple[str, str] | None:
    """The names of two modules directly below their shared folder; None if one module contains the other."""
    left, right = one.split("."), other.split(".")
    shared = next((at for at, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), None)
    return None if shared is None else (".".join(left[: shared + 1]), ".".join(right[: shared + 1]))
