"""The rules of `gateway/docs/architecture.md` that a test can measure, apart from those of `test_structure`."""

import ast
import re
from collections import defaultdict
from itertools import chain

import pytest

from tests.support.source_code import PACKAGE, PROJECT, layer, modules, nodes

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40
MAX_README_LINES = 200

BANNED = re.compile(
    r"(?i:glance)|[a-z](Lease|Exchange|Turn|Door|Room|Face|Home)s?($|[A-Z])"
    r"|(?i:(^|_)(leases?|exchanges?|turns?|doors?|rooms?|faces?|homes?|asker|asked|told|kept|made|held)($|_))"
)
"""Words that are banned in names, because they are no standard terms."""

GRAPH_TYPES = {
    "AuditEntry": "gateway.database",
    "AuditFilter": "gateway.domain",
    "Integration": "gateway.database",
    "IntegrationFilter": "gateway.domain",
    "ResourceRecord": "gateway.database",
    "StatisticsBucket": "gateway.domain.statistics",
    "UpsertedUseCase": "gateway.services",
    "UseCase": "gateway.database",
    "UseCaseGroup": "gateway.database",
    "User": "gateway.database",
    "Viewer": "gateway.domain",
}
"""Types of the graph with the name of what they show, and the layer of that."""


def test_files_are_small() -> None:
    files = chain(PACKAGE.rglob("*.py"), (PROJECT / "tests").rglob("*.py"))
    long = [
        str(file.relative_to(PROJECT)) for file in files if len(file.read_text().splitlines()) > MAX_FILE_LINES
    ]
    assert long == []


def test_functions_are_short() -> None:
    functions: list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]] = [
        *nodes(ast.FunctionDef),
        *nodes(ast.AsyncFunctionDef),
    ]
    long = [
        f"{module}:{node.lineno} {node.name}"
        for module, node in functions
        if (node.end_lineno or node.lineno) - node.lineno + 1 > MAX_FUNCTION_LINES
    ]
    assert long == []


def test_names_are_standard_words() -> None:
    named: list[tuple[str, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]] = [
        *nodes(ast.ClassDef),
        *nodes(ast.FunctionDef),
        *nodes(ast.AsyncFunctionDef),
    ]
    banned = {node.name for _, node in named if BANNED.search(node.name)}
    assert banned == {"connection_made"}  # asyncio's name for a method of a protocol
    assert [module for module in modules() if BANNED.search(module.rpartition(".")[2])] == []


@pytest.mark.parametrize("word", ["util", "helper", "common", "manager", "misc", "part2"])
def test_no_module_is_named_after_nothing(word: str) -> None:
    assert [module for module in modules() if word in module.rpartition(".")[2]] == []


def test_a_class_has_one_meaning() -> None:
    """A name stands in one file, unless a type of the graph has the name of what it shows."""
    files: dict[str, list[str]] = defaultdict(list)
    for module, node in nodes(ast.ClassDef):
        if not node.name.startswith("_"):
            files[node.name].append(layer(module))
    repeated = {name: sorted(layers) for name, layers in files.items() if len(layers) > 1}
    assert repeated == {name: sorted([shown, "gateway.schema"]) for name, shown in GRAPH_TYPES.items()}


def test_a_transaction_is_committed_in_one_place() -> None:
    committing = {module for module, node in nodes(ast.Attribute) if node.attr == "commit"}
    committing |= {module for module, node in nodes(ast.Constant) if node.value == "COMMIT"}
    assert committing == {"gateway.database.writing"}


def test_no_statement_is_built_above_the_services() -> None:
    importing = [
        module
        for module, node in nodes(ast.ImportFrom)
        if (node.module or "").startswith("sqlalchemy")
        and layer(module)
        in {"gateway.cli", "gateway.demo", "gateway.rest", "gateway.schema", "gateway.server", "gateway.web"}
    ]
    assert importing == []


def test_unexpected_errors_are_caught_in_few_places() -> None:
    catching = [
        module
        for module, node in nodes(ast.ExceptHandler)
        if node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception")
    ]
    # The fast path counts what it meets and leaves it to the normal executor. The endpoint masks it, as JSON.
    assert sorted(catching) == [
        "gateway.execution.executor",
        "gateway.execution.operations",
        "gateway.web.endpoint",
    ]


def test_keys_begin_with_the_team() -> None:
    from gateway.database.tables import Base, CursorKey, SecretKey, Team  # noqa: PLC0415 (the import builds their metadata)

    for table in Base.metadata.tables.values():
        if table in {Team.__table__, CursorKey.__table__, SecretKey.__table__}:
            continue
        assert [column.name for column in table.primary_key][:1] == ["team_id"], table.name
        for key in table.foreign_key_constraints:
            assert key.column_keys[0] == "team_id", key.name
