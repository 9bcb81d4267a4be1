"""Many texts as one parameter."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Dialect,
    SQLColumnExpression,
    String,
    TypeDecorator,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from gateway.database.column_types import Texts
from gateway.domain.text import like_literal


class _Texts(GenericFunction[str]):
    """The texts of one parameter, one a row, in the column `value`."""

    name = "texts"
    inherit_cache = True


@compiles(_Texts, "sqlite")
def _on_sqlite(function: _Texts, compiler: SQLCompiler, **options: object) -> str:
    return f"json_each{compiler.process(function.clause_expr, **options)}"


@compiles(_Texts, "postgresql")
def _on_postgresql(function: _Texts, compiler: SQLCompiler, **options: object) -> str:
    return f"(SELECT unnest{compiler.process(function.clause_expr, **options)} AS value)"


def table_of(texts: Sequence[str]) -> CTE:
    """A table of them with the column `value`.

    With IN, planners that have no statistics yet, as in a first import, rather walk through a whole integration
    and hold each row against each text; so does SQLite when the table is not materialized.
    """
    one_by_one = _Texts(_given(texts)).table_valued("value", type_=String).c.value
    value = type_coerce(texts[0], String).label("value") if is_one(texts) else one_by_one
    return select(value).cte("given").prefix_with("MATERIALIZED")


class Pattern(TypeDecorator[str]):
    """A text as a pattern of LIKE with `LIKE_ESCAPE`, which finds it as it is, with these wildcards around it."""

    impl = String
    cache_ok = True

    def __init__(self, before: str, after: str, spelling: Callable[[str], str] = str) -> None:
        super().__init__()
        self.before, self.after, self.spelling = before, after, spelling

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else self.before + like_literal(self.spelling(value)) + self.after


class _Among(GenericFunction[bool]):
    """Whether a text is among those of one parameter."""

    name = "among"
    inherit_cache = True


@compiles(_Among, "sqlite")
def _among_on_sqlite(function: _Among, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    text, given = (compiler.process(clause, **options) for clause in function.clauses)
    return f"{text} IN (SELECT value FROM json_each({given}))"  # noqa: S608 (both are the compiler's)


@compiles(_Among, "postgresql")
def _among_on_postgresql(function: _Among, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    text, given = (compiler.process(clause, **options) for clause in function.clauses)
    return f"{text} = ANY({given})"


def is_one(given: Sequence[str]) -> bool:
    """Whether just one text is given. Says so of placeholders too, where only a list has a length."""
    return isinstance(given, list) and len(given) == 1


def among(column: SQLColumnExpression[str | None], given: Sequence[str]) -> ColumnElement[bool]:
    """The column holds one of these texts."""
    if is_one(given):
        return column == given[0]
    return _Among(column, _given(given))


def _given(texts: Sequence[str]) -> Any:  # noqa: ANN401 (a parameter)
    """The one parameter of many texts: a placeholder for them stands for the list itself."""
    return literal(texts, Texts) if isinstance(texts, list) else texts
