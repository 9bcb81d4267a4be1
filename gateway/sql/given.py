"""Many rows as one parameter: a JSON list of lists."""

from typing import Any

from sqlalchemy import CTE, Integer, String, literal, select, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeEngine


class _Rows(GenericFunction[str]):
    """The items of a JSON list, one a row, in the column `value`."""

    name = "rows_of"
    inherit_cache = True


@compiles(_Rows, "sqlite")
def _rows_on_sqlite(function: _Rows, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"json_each{compiler.process(function.clause_expr, **options)}"


@compiles(_Rows, "postgresql")
def _rows_on_postgresql(function: _Rows, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"jsonb_array_elements(CAST({compiler.process(function.clause_expr, **options)} AS JSONB))"


class _Item(GenericFunction[Any]):
    """What stands at a place of a JSON list, as the function's type."""

    name = "item_of"
    inherit_cache = True


@compiles(_Item, "sqlite")
def _item_on_sqlite(function: _Item, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    row, place = (compiler.process(clause, **options) for clause in function.clauses)
    return f"json_extract({row}, '$[{place}]')"


@compiles(_Item, "postgresql")
def _item_on_postgresql(function: _Item, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    row, place = (compiler.process(clause, **options) for clause in function.clauses)
    type_ = compiler.dialect.type_compiler_instance.process(function.type)
    return f"CAST({row} ->> {place} AS {type_})"


def rows(name: str, given: str, **types: TypeEngine[Any]) -> CTE:
    """A table of that name with these columns: the JSON text of a list of rows, each a list of values."""
    items = _Rows(type_coerce(given, String)).table_valued("value")
    columns = [
        _Item(items.c.value, literal(place, Integer, literal_execute=True), type_=type_).label(column)
        for place, (column, type_) in enumerate(types.items())
    ]
    # Databases would rather look into the list again for each row that they join.
    return select(*columns).cte(name).prefix_with("MATERIALIZED")
