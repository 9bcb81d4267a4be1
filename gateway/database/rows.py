"""Rows: tuples with the attributes of their table's class, which cannot be changed.

A row has the columns that its statement fetched; any other column of its table raises ColumnNotFetched. Values are
decoded when they are first read: JSON columns and enums are text until then. Instants are as the driver gives
them: a `datetime`, or on SQLite the text of `instants.format_instant`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from types import SimpleNamespace
from typing import Any, NoReturn, TypeAlias, TypeVar, cast

from sqlalchemy import Column, Dialect, Table
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from gateway.database.column_types import Instant, JsonText
from gateway.database.tables import Base
from gateway.domain import exact_json
from gateway.errors import ColumnNotFetched

ColumnNames: TypeAlias = frozenset[str] | None
"""Names of columns; None for all. Names that are no column of a table are ignored."""

E = TypeVar("E", bound=Base)

RowFactory: TypeAlias = Callable[[Iterable[Any]], list[Any]]
"""Makes rows of the records of a driver."""


class _JsonAttribute:
    """A JSON column of a row, decoded when it is first read."""

    def __init__(self, name: str, position: int) -> None:
        self._name, self._position = name, position

    def __get__(self, row: tuple[Any, ...], _owner: type) -> object:
        text = row[self._position]
        value = row.__dict__[self._name] = None if text is None else exact_json.decode(text)
        return value


class _MissingColumn:
    """A column that a row's statement did not fetch."""

    def __init__(self, entity: str, name: str) -> None:
        self._entity, self._name = entity, name

    def __get__(self, _row: object, _owner: type) -> NoReturn:
        raise ColumnNotFetched(self._entity, self._name)


def get_columns(entity: type[Base]) -> Sequence[Column[Any]]:
    """Return all columns of a table."""
    return [*cast(Table, entity.__table__).columns]


def select_columns(entity: type[Base], columns: ColumnNames, also: Sequence[str]) -> Sequence[Column[Any]]:
    """Return the columns to fetch: those of `columns` and `also`, and the primary key."""
    return [
        column
        for column in get_columns(entity)
        if columns is None or column.primary_key or column.name in columns or column.name in also
    ]


def create_row_factory(entity: type[Base], columns: Sequence[Column[Any]], dialect: Dialect) -> RowFactory:
    """Return a function that makes rows of a driver's records, which have these columns."""
    row_class = _create_row_class(entity, tuple(columns), dialect)
    new = tuple.__new__
    return lambda records: [new(row_class, record) for record in records]


def _create_row_class(
    entity: type[Base], columns: Sequence[Column[Any]], dialect: Dialect
) -> type[tuple[Any, ...]]:
    name = entity.__name__
    namespace: dict[str, object] = {}
    for column in get_columns(entity):
        namespace[column.name] = _MissingColumn(name, column.name)
        if isinstance(column.type, JsonText):
            namespace[f"{column.name}_json"] = _MissingColumn(name, column.name)
    for position, column in enumerate(columns):
        if isinstance(column.type, JsonText):
            namespace[column.name] = _JsonAttribute(column.name, position)
            # The text itself, which exports copy unchanged.
            namespace[f"{column.name}_json"] = property(itemgetter(position))
        else:
            namespace[column.name] = property(_create_getter(column, position, dialect))
    return type(name, (*entity.row_bases, tuple), namespace)


def _create_getter(column: Column[Any], position: int, dialect: Dialect) -> Callable[[Any], object]:
    process = None if isinstance(column.type, Instant) else _get_result_processor(column, dialect)
    if process is None:
        return itemgetter(position)
    return lambda row: process(row[position])


def _get_result_processor(column: Any, dialect: Dialect) -> Callable[[Any], Any] | None:  # noqa: ANN401 (any expression)
    return cast("Callable[[Any], Any] | None", column.type.dialect_impl(dialect).result_processor(dialect, None))


def get_values(row: Base, *names: str) -> dict[str, object]:
    """Return the values of a row by column."""
    return {name: getattr(row, name) for name in names}


@lru_cache
def _create_plain_class(entity: type[Base]) -> type:
    return type(entity.__name__, (*entity.row_bases, SimpleNamespace), {})


def new_row(entity: type[E], values: Mapping[str, object]) -> E:
    """Return a row with these values by column, as it reads after they are written."""
    missing = {column.name: None for column in get_columns(entity) if column.name not in values}
    return cast(E, _create_plain_class(entity)(**missing, **values))


def with_changes(entity: type[E], row: E, changes: Mapping[str, object]) -> E:
    """Return a copy of a row with other values in these columns. The row has all columns of its table."""
    values = {column.name: getattr(row, column.name) for column in get_columns(entity)}
    return new_row(entity, {**values, **changes})


def create_tuple_factory(columns: ReadOnlyColumnCollection[str, Any], dialect: Dialect) -> RowFactory:
    """Return a function that makes tuples of a driver's records, which have these columns."""
    processes = [_get_result_processor(column, dialect) for column in columns]
    if not any(processes):
        return lambda records: [*map(tuple, records)]
    return lambda records: [
        tuple(
            value if process is None else process(value) for value, process in zip(record, processes, strict=True)
        )
        for record in records
    ]
