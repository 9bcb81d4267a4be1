"""Statements that write rows, which are given column by column.

PostgreSQL takes many rows in one statement, each column of which is one array, and new ones by COPY. SQLite takes many new ones as one long VALUES, and otherwise runs the statement of one row
many times over; both take it less time than reading rows out of anything else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple, TypeAlias, cast

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

_VALUES_LENGTHS = (1_000, 100)
"""Rows of a long VALUES. SQLite takes 32,766 parameters, and each length is a statement of its own to prepare."""


ColumnValues: TypeAlias = Mapping[str, Sequence[object]]
"""Rows column by column, each of which has a value for each row."""


def to_columns(names: Iterable[str], rows: Iterable[Sequence[object]]) -> ColumnValues:
    """The columns of rows that are given by these, in their order; there are none of no rows."""
    return dict(zip(names, zip(*rows, strict=True), strict=False))


def bind_rows(entity: type[Base], columns: ColumnValues, dialect: Dialect) -> Iterator[tuple[object, ...]]:
    """Yield rows of an entity as the driver takes them, in the order of these columns."""
    types = cast(Table, entity.__table__).c
    bound = [_bind_column(types[name], values, dialect) for name, values in columns.items()]
    return zip(*bound, strict=True)


def _bind_column(column: Column[Any], values: Sequence[object], dialect: Dialect) -> Iterable[object]:
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    return values if process is None else map(process, values)


class StatementRun(NamedTuple):
    """A statement, and the parameters of each time that it is run."""

    text: str
    parameter_rows: Sequence[Sequence[object]]


class BulkStatement:
    """A statement that writes what is given by columns of these names."""

    def __init__(
        self, statement: ClauseElement, names: Sequence[str], dialect: Dialect, *, uses_arrays: bool
    ) -> None:
        self._statement = CompiledStatement(
            statement, {f"given_{name}": at for at, name in enumerate(names)}, dialect
        )
        self._uses_arrays = uses_arrays
        row = f"({', '.join('?' * len(names))})"
        head, values, tail = self._statement.text.partition(f"VALUES {row}")
        self._text_by_length = {
            length: f"{head}VALUES {', '.join([row] * length)}{tail}" for length in _VALUES_LENGTHS if values
        }

    def build_runs(self, columns: Sequence[Sequence[object]]) -> Iterator[StatementRun]:
        """What has to be run for rows, of which there is one at least, with these columns."""
        if self._uses_arrays:
            yield StatementRun(self._statement.text, [self._statement.bind([*map(list, columns)])])
            return
        yield from self._split_runs(self._statement.bind_rows(columns))

    def build_runs_by_row(self, rows: Sequence[Sequence[object]]) -> Iterator[StatementRun]:
        """The same for rows that are given one by one, which is how SQLite takes them."""
        if self._uses_arrays or not self._statement.is_bound_in_order:
            yield from self.build_runs([*zip(*rows, strict=True)])
        else:
            yield from self._split_runs(rows)

    def _split_runs(self, parameter_rows: Sequence[Sequence[object]]) -> Iterator[StatementRun]:
        """`each` has the parameters of each row."""
        done = 0
        for length, text in self._text_by_length.items():
            while len(parameter_rows) - done >= length:
                yield StatementRun(text, [[*chain.from_iterable(parameter_rows[done : done + length])]])
                done += length
        if done < len(parameter_rows):
            yield StatementRun(self._statement.text, parameter_rows[done:])


class _BoundRows(NamedTuple):
    """The row that a statement is about, or all of them."""

    values: Mapping[str, ColumnElement[Any]]
    is_many: bool


def _bind_rows(table: Table, names: Sequence[str], *, many: bool) -> _BoundRows:
    if not many:
        return _BoundRows({name: bindparam(f"given_{name}", type_=table.c[name].type) for name in names}, many)
    arrays = [bindparam(f"given_{name}", type_=postgresql.ARRAY(table.c[name].type)) for name in names]
    rows = func.unnest(*arrays).table_valued(*(column(name, table.c[name].type) for name in names))
    return _BoundRows(dict(rows.render_derived().c.items()), many)


BulkStatementFactory: TypeAlias = Callable[[type[Base], tuple[str, ...], Dialect, bool], BulkStatement]
"""Prepares a statement for an entity, the names of the columns that are given, a dialect, and one row or many."""


def _compiled_once(build: Callable[[Table, _BoundRows, Dialect], ClauseElement]) -> BulkStatementFactory:
    @lru_cache
    def create_statement(
        entity: type[Base], names: tuple[str, ...], dialect: Dialect, many: bool
    ) -> BulkStatement:
        table = cast(Table, entity.__table__)
        takes_many = many and dialect.name == "postgresql"
        statement = build(table, _bind_rows(table, names, many=takes_many), dialect)
        return BulkStatement(statement, names, dialect, uses_arrays=takes_many)

    return create_statement


def _build_insert(table: Table, rows: _BoundRows, dialect: Dialect) -> postgresql.Insert | sqlite.Insert:
    statement = postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)
    if rows.is_many:
        return statement.from_select([*rows.values], select(*rows.values.values()))
    return statement.values(rows.values)


def _match_primary_key(table: Table, rows: _BoundRows) -> list[ColumnElement[bool]]:
    return [key == rows.values[key.name] for key in table.primary_key if key.name in rows.values]


@_compiled_once
def insert_rows(table: Table, rows: _BoundRows, dialect: Dialect) -> ClauseElement:
    """Adds rows."""
    return _build_insert(table, rows, dialect)


@_compiled_once
def update_rows(table: Table, rows: _BoundRows, dialect: Dialect) -> ClauseElement:  # noqa: ARG001 (as others)
    """Sets columns of rows, of which those of the primary key say which."""
    values = {name: value for name, value in rows.values.items() if name not in table.primary_key.columns}
    return update(table).where(*_match_primary_key(table, rows)).values(values)


@_compiled_once
def insert_or_increment_rows(table: Table, rows: _BoundRows, dialect: Dialect) -> ClauseElement:
    """Adds rows, or their numbers to those of the rows that have their primary key."""
    statement = _build_insert(table, rows, dialect)
    numbers = [name for name in rows.values if name not in table.primary_key.columns]
    return statement.on_conflict_do_update(
        index_elements=[*table.primary_key],
        set_={name: table.c[name] + statement.excluded[name] for name in numbers},
    )


@_compiled_once
def delete_zero_rows(table: Table, rows: _BoundRows, dialect: Dialect) -> ClauseElement:  # noqa: ARG001 (as others)
    """Deletes those of the rows with these primary keys whose other columns are all nought."""
    numbers = [each for each in table.columns if not each.primary_key]
    return delete(table).where(*_match_primary_key(table, rows), *(number == 0 for number in numbers))
