"""Statements that write rows, which are given column by column.

PostgreSQL takes many rows in one statement, each column of which is one array, and new ones by COPY, which is
`gateway.database.copy_format`'s. SQLite takes many new ones as one long VALUES, and otherwise runs the statement of one row
many times over; both take it less time than reading rows out of anything else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple, TypeAlias, cast

from sqlalchemy import (
    ClauseElement,
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

from gateway.database.prepared import Prepared
from gateway.database.tables import Base

_LENGTHS = (1_000, 100)
"""Rows of a long VALUES. SQLite takes 32,766 parameters, and each length is a statement of its own to prepare."""


ByColumn: TypeAlias = Mapping[str, Sequence[object]]
"""Rows column by column, each of which has a value for each row."""


def columns_of(names: Iterable[str], rows: Iterable[Sequence[object]]) -> ByColumn:
    """The columns of rows that are given by these, in their order; there are none of no rows."""
    return dict(zip(names, zip(*rows, strict=True), strict=False))


class Run(NamedTuple):
    """A statement, and the parameters of each time that it is run."""

    text: str
    parameters: Sequence[Sequence[object]]


class Change:
    """A statement that writes what is given by columns of these names."""

    def __init__(
        self, statement: ClauseElement, names: Sequence[str], dialect: Dialect, *, takes_many: bool
    ) -> None:
        self._prepared = Prepared(statement, {f"given_{name}": at for at, name in enumerate(names)}, dialect)
        self._takes_many = takes_many
        row = f"({', '.join('?' * len(names))})"
        head, values, tail = self._prepared.text.partition(f"VALUES {row}")
        self._long = {length: f"{head}VALUES {', '.join([row] * length)}{tail}" for length in _LENGTHS if values}

    def runs(self, columns: Sequence[Sequence[object]]) -> Iterator[Run]:
        """What has to be run for rows, of which there is one at least, with these columns."""
        if self._takes_many:
            yield Run(self._prepared.text, [self._prepared.parameters([*map(list, columns)])])
            return
        yield from self._runs_of_each(self._prepared.each(columns))

    def runs_by_row(self, rows: Sequence[Sequence[object]]) -> Iterator[Run]:
        """The same for rows that are given one by one, which is how SQLite takes them."""
        if self._takes_many or not self._prepared.is_plain:
            yield from self.runs([*zip(*rows, strict=True)])
        else:
            yield from self._runs_of_each(rows)

    def _runs_of_each(self, each: Sequence[Sequence[object]]) -> Iterator[Run]:
        """`each` has the parameters of each row."""
        done = 0
        for length, text in self._long.items():
            while len(each) - done >= length:
                yield Run(text, [[*chain.from_iterable(each[done : done + length])]])
                done += length
        if done < len(each):
            yield Run(self._prepared.text, each[done:])


class _Given(NamedTuple):
    """The row that a statement is about, or all of them."""

    values: Mapping[str, ColumnElement[Any]]
    are_many: bool


def _given(table: Table, names: Sequence[str], *, many: bool) -> _Given:
    if not many:
        return _Given({name: bindparam(f"given_{name}", type_=table.c[name].type) for name in names}, many)
    arrays = [bindparam(f"given_{name}", type_=postgresql.ARRAY(table.c[name].type)) for name in names]
    rows = func.unnest(*arrays).table_valued(*(column(name, table.c[name].type) for name in names))
    return _Given(dict(rows.render_derived().c.items()), many)


Prepare: TypeAlias = Callable[[type[Base], tuple[str, ...], Dialect, bool], Change]
"""Prepares a statement for an entity, the names of the columns that are given, a dialect, and one row or many."""


def _prepared(make: Callable[[Table, _Given, Dialect], ClauseElement]) -> Prepare:
    @lru_cache
    def prepare(entity: type[Base], names: tuple[str, ...], dialect: Dialect, many: bool) -> Change:
        table = cast(Table, entity.__table__)
        takes_many = many and dialect.name == "postgresql"
        statement = make(table, _given(table, names, many=takes_many), dialect)
        return Change(statement, names, dialect, takes_many=takes_many)

    return prepare


def _insert(table: Table, given: _Given, dialect: Dialect) -> postgresql.Insert | sqlite.Insert:
    statement = postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)
    if given.are_many:
        return statement.from_select([*given.values], select(*given.values.values()))
    return statement.values(given.values)


def _is_given(table: Table, given: _Given) -> list[ColumnElement[bool]]:
    return [key == given.values[key.name] for key in table.primary_key if key.name in given.values]


@_prepared
def insertion(table: Table, given: _Given, dialect: Dialect) -> ClauseElement:
    """Adds rows."""
    return _insert(table, given, dialect)


@_prepared
def updating(table: Table, given: _Given, dialect: Dialect) -> ClauseElement:  # noqa: ARG001 (as others)
    """Sets columns of rows, of which those of the primary key say which."""
    values = {name: value for name, value in given.values.items() if name not in table.primary_key.columns}
    return update(table).where(*_is_given(table, given)).values(values)


@_prepared
def addition(table: Table, given: _Given, dialect: Dialect) -> ClauseElement:
    """Adds rows, or their numbers to those of the rows that have their primary key."""
    statement = _insert(table, given, dialect)
    numbers = [name for name in given.values if name not in table.primary_key.columns]
    return statement.on_conflict_do_update(
        index_elements=[*table.primary_key],
        set_={name: table.c[name] + statement.excluded[name] for name in numbers},
    )


@_prepared
def removal_of_noughts(table: Table, given: _Given, dialect: Dialect) -> ClauseElement:  # noqa: ARG001 (as others)
    """Deletes those of the rows with these primary keys whose other columns are all nought."""
    numbers = [each for each in table.columns if not each.primary_key]
    return delete(table).where(*_is_given(table, given), *(number == 0 for number in numbers))
