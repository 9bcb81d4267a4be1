"""Lists of texts as one parameter, so that a statement has the same text for any number of them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Dialect,
    Integer,
    SQLColumnExpression,
    String,
    TypeDecorator,
    func,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from gateway.database import CollatedText, TextList
from gateway.domain.text import escape_like, fold


class _TextElements(GenericFunction[str]):
    """The texts of a parameter, one row each, in the column `value`."""

    name = "text_elements"
    inherit_cache = True


@compiles(_TextElements, "sqlite")
def _compile_texts_sqlite(function: _TextElements, compiler: SQLCompiler, **options: object) -> str:
    return f"json_each{compiler.process(function.clause_expr, **options)}"


@compiles(_TextElements, "postgresql")
def _compile_texts_postgresql(function: _TextElements, compiler: SQLCompiler, **options: object) -> str:
    return f"(SELECT unnest{compiler.process(function.clause_expr, **options)} AS value)"


def build_cte(texts: Sequence[str], name: str = "text_list") -> CTE:
    """Return a CTE of the texts with the column `value`.

    With IN, planners without statistics, as in a first import, scan a whole integration and compare each row with
    each text. SQLite does so too without MATERIALIZED.
    """
    elements = _TextElements(_to_parameter(texts)).table_valued("value", type_=String).c.value
    value = type_coerce(texts[0], String).label("value") if is_single(texts) else elements
    return select(value).cte(name).prefix_with("MATERIALIZED")


class LikePattern(TypeDecorator[str]):
    """A text as a literal pattern of LIKE with `LIKE_ESCAPE`, between a prefix and a suffix such as `%`."""

    impl = String
    cache_ok = True

    def __init__(self, prefix: str, suffix: str, normalize: Callable[[str], str] = str) -> None:
        super().__init__()
        self.prefix, self.suffix, self.normalize = prefix, suffix, normalize

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else self.prefix + escape_like(self.normalize(value)) + self.suffix


class FoldedText(TypeDecorator[str]):
    """A text in case-folded form."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else fold(value)


class _InTexts(GenericFunction[bool]):
    """Whether a text is in the list of a parameter."""

    name = "in_texts"
    inherit_cache = True


@compiles(_InTexts, "sqlite")
def _compile_in_sqlite(function: _InTexts, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    text, texts = (compiler.process(clause, **options) for clause in function.clauses)
    return f"{text} IN (SELECT value FROM json_each({texts}))"  # noqa: S608 (both are the compiler's)


@compiles(_InTexts, "postgresql")
def _compile_in_postgresql(function: _InTexts, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    text, texts = (compiler.process(clause, **options) for clause in function.clauses)
    return f"{text} = ANY({texts})"


class _TextPosition(GenericFunction[int]):
    """The position of a text in another one, case-sensitive; 0 if it is not there."""

    name = "text_position"
    type = Integer()
    inherit_cache = True


@compiles(_TextPosition, "sqlite")
def _compile_position_sqlite(function: _TextPosition, compiler: SQLCompiler, **options: object) -> str:
    return f"instr{compiler.process(function.clause_expr, **options)}"


@compiles(_TextPosition, "postgresql")
def _compile_position_postgresql(function: _TextPosition, compiler: SQLCompiler, **options: object) -> str:
    return f"strpos{compiler.process(function.clause_expr, **options)}"


def has_part(column: SQLColumnExpression[str | None], part: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Return the condition that the column contains this text, which LIKE compares without case on SQLite."""
    return _TextPosition(column, part) > 0


def has_prefix(column: SQLColumnExpression[str | None], prefix: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Return the condition that the column begins with this text, case-sensitive."""
    return _TextPosition(column, prefix) == 1


def has_suffix(column: SQLColumnExpression[str | None], suffix: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Return the condition that the column ends with this text, case-sensitive."""
    return func.substr(column, func.length(column) - func.length(suffix) + 1) == suffix


class _LineTexts(GenericFunction[str]):
    """The texts of `gateway.domain.webhooks.encode_texts`, one row each, in the column `value`."""

    name = "line_texts"
    inherit_cache = True


@compiles(_LineTexts, "sqlite")
def _compile_lines_sqlite(function: _LineTexts, compiler: SQLCompiler, **options: object) -> str:
    lines = compiler.process(function.clause_expr, **options)
    return f"json_each('[' || replace(trim({lines}, char(10)), char(10), ',') || ']')"


@compiles(_LineTexts, "postgresql")
def _compile_lines_postgresql(function: _LineTexts, compiler: SQLCompiler, **options: object) -> str:
    lines = compiler.process(function.clause_expr, **options)
    array = f"('[' || replace(btrim({lines}, chr(10)), chr(10), ',') || ']')::json"
    return f"(SELECT json_array_elements_text({array}) AS value)"


def has_line(
    column: SQLColumnExpression[str | None],
    build_conditions: Callable[[SQLColumnExpression[str]], Iterable[ColumnElement[bool]]],
) -> ColumnElement[bool]:
    """Return the condition that one text of `gateway.domain.webhooks.encode_texts` meets these conditions."""
    value = _LineTexts(column).table_valued("value").c.value
    return select(literal(1)).where(*build_conditions(type_coerce(value, CollatedText))).exists()


def is_single(texts: Sequence[str]) -> bool:
    """Return whether the list has one text. A placeholder for many texts is not a list, and returns False."""
    return isinstance(texts, list) and len(texts) == 1


def is_in(column: SQLColumnExpression[str | None], texts: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that the column has one of these texts."""
    if is_single(texts):
        return column == texts[0]
    return _InTexts(column, _to_parameter(texts))


def _to_parameter(texts: Sequence[str]) -> Any:  # noqa: ANN401 (a parameter of any statement)
    """Return the parameter for a list of texts; a placeholder is one already."""
    return literal(texts, TextList) if isinstance(texts, list) else texts
