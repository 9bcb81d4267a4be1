"""Tables from one parameter: a JSON list of rows, so that a statement has the same text for any number of rows."""

from typing import Any, TypeVar

from sqlalchemy import CTE, ColumnElement, Integer, SQLColumnExpression, String, literal, select, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeEngine

T = TypeVar("T")


class _JsonElements(GenericFunction[str]):
    """The elements of a JSON list, one row each, in the column `value`."""

    name = "json_elements"
    inherit_cache = True


@compiles(_JsonElements, "sqlite")
def _compile_elements_sqlite(function: _JsonElements, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"json_each{compiler.process(function.clause_expr, **options)}"


@compiles(_JsonElements, "postgresql")
def _compile_elements_postgresql(function: _JsonElements, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"jsonb_array_elements(CAST({compiler.process(function.clause_expr, **options)} AS JSONB))"


class _JsonTexts(GenericFunction[str]):
    """The elements of a JSON list of texts, one row each, in the column `value`."""

    name = "json_texts"
    inherit_cache = True


@compiles(_JsonTexts, "sqlite")
def _compile_texts_sqlite(function: _JsonTexts, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"json_each{compiler.process(function.clause_expr, **options)}"


@compiles(_JsonTexts, "postgresql")
def _compile_texts_postgresql(function: _JsonTexts, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"jsonb_array_elements_text(CAST({compiler.process(function.clause_expr, **options)} AS JSONB))"


class _JsonElement(GenericFunction[Any]):
    """The element at an index of a JSON list, cast to the type of the function."""

    name = "json_element"
    inherit_cache = True


@compiles(_JsonElement, "sqlite")
def _compile_element_sqlite(function: _JsonElement, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    row, index = (compiler.process(clause, **options) for clause in function.clauses)
    return f"json_extract({row}, '$[{index}]')"


@compiles(_JsonElement, "postgresql")
def _compile_element_postgresql(function: _JsonElement, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    row, index = (compiler.process(clause, **options) for clause in function.clauses)
    type_ = compiler.dialect.type_compiler_instance.process(function.type)
    return f"CAST({row} ->> {index} AS {type_})"


def build_cte(name: str, json_text: str, **types: TypeEngine[Any]) -> CTE:
    """Return a CTE with these columns.

    `json_text` is a JSON list of rows, each a list of values in their order.
    """
    rows = _JsonElements(type_coerce(json_text, String)).table_valued("value")
    columns = [
        get_element(rows.c.value, index, type_).label(column)
        for index, (column, type_) in enumerate(types.items())
    ]
    # Without MATERIALIZED, databases parse the list again for each joined row.
    return select(*columns).cte(name).prefix_with("MATERIALIZED")


def get_element(json_list: SQLColumnExpression[str], index: int, type_: TypeEngine[T]) -> ColumnElement[T]:
    """Return the element of a JSON list at an index; null if there is none, or no list."""
    return _JsonElement(json_list, literal(index, Integer, literal_execute=True), type_=type_)


def list_texts(json_list: SQLColumnExpression[str]) -> ColumnElement[str]:
    """Return the column with the texts of a JSON list; the statement has one row for each of them."""
    return _JsonTexts(json_list).table_valued("value", type_=String, joins_implicitly=True).c.value
