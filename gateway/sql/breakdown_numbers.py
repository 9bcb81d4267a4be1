"""The numbers of one value in the breakdowns of day counts, by functions of each database for JSON."""

from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class BreakdownNumbers(GenericFunction[str]):
    """The JSON list of the numbers of a value, by the JSON of all breakdowns, the column of one, and the value.

    It is null for a value without records, and the JSON null if the breakdown is not stored.
    """

    type = String()
    inherit_cache = True


@compiles(BreakdownNumbers, "sqlite")
def _compile_numbers_sqlite(element: BreakdownNumbers, compiler: SQLCompiler, **keywords: Any) -> str:  # noqa: ANN401
    breakdowns, column, value = (compiler.process(clause, **keywords) for clause in element.clauses)
    # A path cannot name each text, so the keys are compared.
    path = f"'$.' || {column}"
    found = f"(SELECT value FROM json_each({breakdowns}, {path}) WHERE key = {value})"  # noqa: S608 (all are the compiler's)
    return f"CASE json_type({breakdowns}, {path}) WHEN 'object' THEN {found} WHEN 'null' THEN 'null' END"


@compiles(BreakdownNumbers, "postgresql")
def _compile_numbers_postgresql(element: BreakdownNumbers, compiler: SQLCompiler, **keywords: Any) -> str:  # noqa: ANN401
    breakdowns, column, value = (compiler.process(clause, **keywords) for clause in element.clauses)
    found = f"{breakdowns} -> {column}"
    return f"CASE json_typeof({found}) WHEN 'object' THEN {found} -> {value} ELSE {found} END"
