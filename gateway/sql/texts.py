"""Many texts as one parameter, which statements join as a table."""

from collections.abc import Sequence

import orjson
from sqlalchemy import CTE, String, literal, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class _Texts(GenericFunction[str]):
    """The texts of a JSON list, one a row, in the column `value`."""

    name = "texts"
    inherit_cache = True


@compiles(_Texts, "sqlite")
def _on_sqlite(function: _Texts, compiler: SQLCompiler, **options: object) -> str:
    return f"json_each{compiler.process(function.clause_expr, **options)}"


@compiles(_Texts, "postgresql")
def _on_postgresql(function: _Texts, compiler: SQLCompiler, **options: object) -> str:
    return f"json_array_elements_text(CAST({compiler.process(function.clause_expr, **options)} AS JSON))"


def table_of(texts: Sequence[str]) -> CTE:
    """A table of them with the column `value`.

    With IN, planners that have no statistics yet, as in a first import, rather walk through a whole integration
    and hold each row against each text; so does SQLite when the table is not materialized.
    """
    function = _Texts(literal(orjson.dumps([*texts]).decode())).table_valued("value", type_=String)
    return select(function.c.value).cte("given").prefix_with("MATERIALIZED")
