"""The rules of the architecture: layers, public names, and the insides of other libraries."""

import ast
from collections import defaultdict
from graphlib import TopologicalSorter
from importlib import import_module

import pytest

from tests.support.source_code import (
    PACKAGE,
    PROJECT,
    first_level,
    imports,
    layer,
    modules,
    nodes,
    packages,
    siblings,
)

MAX_FIRST_LEVEL_NAMES = 19
MAX_FIRST_LEVEL_PAIRS = 68
MAX_ROOT_MODULES = 8

OPTIONAL = {"gateway.telemetry.tracing"}
"""Modules that need an extra, so that no package imports them."""

PACKAGES_OF_MODULES = {"gateway.services", "gateway.sql"}
"""Packages whose public names are their modules."""

UNDOCUMENTED = ("graphql.execution.", "strawberry.schema.schema", "uvicorn.protocols.")
"""Beginnings of the names of other libraries' modules that their documentation does not name."""

PRIVATE: dict[str, set[str]] = {
    "gateway.database._private": {"get_socket"},
    "gateway.execution._private": {
        "BaseExecutor",
        "FieldDetailsList",
        "InputContext",
        "VariableSignature",
        "VariableValueSource",
        "build_info",
        "coerce_default_value",
        "collect_fields",
        "get_definition",
        "get_graphql_schema",
        "get_strawberry_schema",
        "get_variable_signature",
        "set_input_converter",
    },
    "gateway.server._private": {"ASGI3Application", "HttpToolsProtocol", "RequestResponseCycle"},
}
"""The modules that touch what other libraries do not document, with the names that they give to others."""


def test_the_top_level_holds_nothing_else() -> None:
    allowed = {"pyproject.toml", "README.md", "gateway", "schema.graphql", "tests", "alembic"}
    found = {path.name for path in PROJECT.iterdir() if not path.name.startswith(".")}
    assert found - allowed <= {"build", "dist"} | {name for name in found if name.endswith((".egg-info", ".db"))}


def test_few_modules_stand_at_the_root_of_the_package() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= MAX_ROOT_MODULES


def test_the_first_level_has_few_names_and_few_pairs() -> None:
    names = {first_level(module) for module in modules()}
    pairs = {(first_level(one), first_level(other)) for one, other in imports()}
    pairs = {(one, other) for one, other in pairs if one != other}
    assert len(names) <= MAX_FIRST_LEVEL_NAMES, sorted(names)
    assert len(pairs) <= MAX_FIRST_LEVEL_PAIRS, sorted(pairs)


def test_there_are_no_import_cycles() -> None:
    graph: dict[str, set[str]] = defaultdict(set)
    for pair in imports():
        between = siblings(*pair)
        if between is not None:
            graph[between[0]].add(between[1])
    # Two folders that import each other are a cycle. CycleError names it.
    assert [*TopologicalSorter(graph).static_order()] != []


def test_other_layers_import_from_packages_by_their_public_names() -> None:
    deep = [
        f"{module} imports {node.module}"
        for module, node in nodes(ast.ImportFrom)
        if (node.module or "").startswith("gateway.") and not _is_public(module, node.module or "")
    ]
    assert deep == []


def _is_public(importing: str, imported: str) -> bool:
    """Return whether a module may import names from another one: from its own package, or from a package."""
    package = layer(imported)
    is_of_domain = package == "gateway.domain" and imported.count(".") == package.count(".") + 1
    return layer(importing) == package or imported in {package, *OPTIONAL} or is_of_domain


@pytest.mark.parametrize("package", sorted({layer(name) for name in packages()} - {"gateway", "gateway.domain"}))
def test_public_names_are_those_that_others_import(package: str) -> None:
    public = set(getattr(import_module(package), "__all__", ()))
    if package in PACKAGES_OF_MODULES:
        below = {name.removeprefix(f"{package}.") for name in modules() if name.startswith(f"{package}.")}
        assert public == {name for name in below if "." not in name}
        return
    imported = {
        alias.name
        for module, node in nodes(ast.ImportFrom)
        if node.module == package and layer(module) != package
        for alias in node.names
    }
    # `from gateway import server` is followed by `server.serve`.
    name = package.rpartition(".")[2]
    whole = {module for module, imported in imports() if imported == package and layer(module) != package}
    imported |= {
        node.attr
        for module, node in nodes(ast.Attribute)
        if module in whole and isinstance(node.value, ast.Name) and node.value.id == name
    } & public
    assert public == imported


def test_what_libraries_do_not_document_is_imported_in_one_module_of_a_package() -> None:
    importing = {module for module, node in nodes(ast.ImportFrom) if (node.module or "").startswith(UNDOCUMENTED)}
    # Ruff refuses private attributes (SLF001), unless a comment allows one.
    allowing = {module for module in modules() if "SLF001" in _source(module)}
    assert importing | allowing == set(PRIVATE)


@pytest.mark.parametrize("module", PRIVATE)
def test_private_modules_hold_what_is_listed(module: str) -> None:
    assert set(import_module(module).__all__) == PRIVATE[module]


def _source(module: str) -> str:
    path = PROJECT / module.replace(".", "/")
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()
