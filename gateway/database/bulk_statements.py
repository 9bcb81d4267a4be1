"""Statements that write many rows, which are given column by column.

PostgreSQL takes all rows in one run: each column is one array parameter, and `unnest` makes rows of them. SQLite
runs the statement of one row once for each row, which is faster there than one long VALUES.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias, cast

from sqlalchemy import (
    ClauseElement,
    Column,
    ColumnElement,
    Dialect,
    Table,
    bindparam,
    column,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from gateway.database.prepared_statements import CompiledStatement
from gateway.database.tables import Base

ColumnValues: TypeAlias = Mapping[str, Sequence[object]]
"""Rows column by column: each column has a value for each row."""

_Parameters: TypeAlias = Mapping[str, ColumnElement[Any]]
"""The parameters of a statement for one row, or the columns of a table of all rows."""

StatementBuilder: TypeAlias = Callable[[Table, _Parameters, bool, Dialect], ClauseElement]
"""Builds a statement for a table, of parameters by column; the flag says whether they are a table of all rows."""


def to_columns(names: Iterable[str], rows: Iterable[Sequence[object]]) -> ColumnValues:
    """Return the columns of rows that have values for `names`, in their order; empty without rows."""
    return dict(zip(names, zip(*rows, strict=True), strict=False))


def bind_rows(entity: type[Base], columns: ColumnValues, dialect: Dialect) -> Iterator[tuple[object, ...]]:
    """Yield rows as the driver takes them, in the order of these columns."""
    types = cast(Table, entity.__table__).c
    bound = [_bind_column(types[name], values, dialect) for name, values in columns.items()]
    return zip(*bound, strict=True)


def _bind_column(column: Column[Any], values: Sequence[object], dialect: Dialect) -> Iterable[object]:
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    return values if process is None else map(process, values)


@lru_cache
def compile_for_rows(
    build: StatementBuilder, entity: type[Base], names: tuple[str, ...], dialect: Dialect, takes_arrays: bool
) -> CompiledStatement:
    """Return a compiled statement for rows with these columns; it takes one row, or arrays of all rows."""
    table = cast(Table, entity.__table__)
    parameters: _Parameters = {
        name: bindparam(
            f"row_{name}", type_=postgresql.ARRAY(table.c[name].type) if takes_arrays else table.c[name].type
        )
        for name in names
    }
    if takes_arrays:
        rows = func.unnest(*parameters.values()).table_valued(
            *(column(name, table.c[name].type) for name in names)
        )
        statement = build(table, dict(rows.render_derived().c.items()), takes_arrays, dialect)
    else:
        statement = build(table, parameters, takes_arrays, dialect)
    return CompiledStatement(statement, {f"row_{name}": at for at, name in enumerate(names)}, dialect)


def _match_primary_key(table: Table, rows: _Parameters) -> list[ColumnElement[bool]]:
    return [key == rows[key.name] for key in table.primary_key if key.name in rows]


def build_insert(
    table: Table, rows: _Parameters, are_many: bool, dialect: Dialect
) -> postgresql.Insert | sqlite.Insert:
    """Build an INSERT of rows."""
    statement = postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)
    return statement.from_select([*rows], select(*rows.values())) if are_many else statement.values(rows)


def repeat_values(text: str, count: int) -> str:
    """Return the text of an INSERT of `count` rows, for that of one row. All values are parameters."""
    head, word, values = text.rpartition(" VALUES ")
    return f"{head}{word}{', '.join([values] * count)}"


def build_update(table: Table, rows: _Parameters, _are_many: bool, _dialect: Dialect) -> ClauseElement:
    """Build an UPDATE of the rows with these primary keys."""
    values = {name: value for name, value in rows.items() if name not in table.primary_key.columns}
    return update(table).where(*_match_primary_key(table, rows)).values(values)


def build_delete(table: Table, rows: _Parameters, _are_many: bool, _dialect: Dialect) -> ClauseElement:
    """Build a DELETE of the rows with these primary keys."""
    return delete(table).where(*_match_primary_key(table, rows))


def build_increment(table: Table, rows: _Parameters, are_many: bool, dialect: Dialect) -> ClauseElement:
    """Build an INSERT that adds the numbers of a row to the stored row of the same primary key."""
    statement = build_insert(table, rows, are_many, dialect)
    numbers = [name for name in rows if name not in table.primary_key.columns]
    return statement.on_conflict_do_update(
        index_elements=[*table.primary_key],
        set_={name: table.c[name] + statement.excluded[name] for name in numbers},
    )


def build_replacement(table: Table, rows: _Parameters, are_many: bool, dialect: Dialect) -> ClauseElement:
    """Build an INSERT that replaces the stored row of the same primary key."""
    statement = build_insert(table, rows, are_many, dialect)
    others = [name for name in rows if name not in table.primary_key.columns]
    return statement.on_conflict_do_update(
        index_elements=[*table.primary_key], set_={name: statement.excluded[name] for name in others}
    )


def build_delete_of_zeros(table: Table, rows: _Parameters, _are_many: bool, _dialect: Dialect) -> ClauseElement:
    """Build a DELETE of those rows with these primary keys whose other columns are all 0."""
    numbers = [each for each in table.columns if not each.primary_key]
    return delete(table).where(*_match_primary_key(table, rows), *(number == 0 for number in numbers))
