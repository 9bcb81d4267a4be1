"""The rules of the house that a test can measure."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
GATEWAY = PROJECT / "gateway"
MODULES = sorted(GATEWAY.rglob("*.py"))

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40


def _named(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_the_top_level_holds_nothing_else() -> None:
    allowed = {"pyproject.toml", "README.md", "gateway", "schema.graphql", "tests", "alembic"}
    found = {path.name for path in PROJECT.iterdir() if not path.name.startswith(".")}
    assert found - allowed <= {"build", "dist"} | {name for name in found if name.endswith((".egg-info", ".db"))}


def test_rooms_are_small() -> None:
    modules = [*MODULES, *sorted((PROJECT / "tests").rglob("*.py"))]
    assert [_named(path) for path in modules if len(path.read_text().splitlines()) > MAX_FILE_LINES] == []


def test_functions_are_short() -> None:
    long = [
        f"{_named(path)}:{node.lineno} {node.name}"
        for path in MODULES
        for node in _functions(path)
        if (node.end_lineno or node.lineno) - node.lineno + 1 > MAX_FUNCTION_LINES
    ]
    assert long == []


@pytest.mark.parametrize("word", ["util", "helper", "common", "manager", "misc", "part2"])
def test_no_room_is_called_after_nothing(word: str) -> None:
    assert [_named(path) for path in MODULES if word in path.stem] == []


def test_a_transaction_is_committed_in_one_place() -> None:
    committing = [
        _named(path)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Attribute) and node.attr == "commit")
        or (isinstance(node, ast.Constant) and node.value == "COMMIT")
    ]
    assert committing == ["gateway/transactions.py"]


def test_no_statement_is_built_above_the_services() -> None:
    floors = [GATEWAY / "schema", GATEWAY / "web", GATEWAY / "cli"]
    importing = [
        _named(path)
        for floor in floors
        for path in floor.rglob("*.py")
        if re.search(r"^(from|import) sqlalchemy", path.read_text(), re.MULTILINE)
    ]
    assert importing == []


def test_surprises_are_caught_in_one_place() -> None:
    catching = [
        f"{_named(path)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
    ]
    # What goes wrong on the way of a plan, the ordinary executor meets again and says exactly.
    # What goes wrong in the door itself is masked there, as JSON.
    allowed = ["gateway/execution/executor.py", "gateway/execution/operations.py", "gateway/web/door.py"]
    assert [place.partition(":")[0] for place in catching] == allowed


def test_each_floor_lists_all_its_rooms() -> None:
    for floor in ("services", "sql"):
        source = (GATEWAY / floor / "__init__.py").read_text()
        rooms = {path.stem for path in (GATEWAY / floor).glob("*.py")} - {"__init__"}
        listed = set(re.findall(r'^    "(\w+)",$', source, re.MULTILINE))
        assert listed - rooms == set(), floor


def test_keys_begin_with_the_team() -> None:
    from gateway.database.tables import Base, Team  # noqa: PLC0415 (SQLAlchemy's metadata is built on import)

    for table in Base.metadata.tables.values():
        if table is Team.__table__:
            continue
        assert [column.name for column in table.primary_key][:1] == ["team_id"], table.name
        for key in table.foreign_key_constraints:
            assert key.column_keys[0] == "team_id", key.name
