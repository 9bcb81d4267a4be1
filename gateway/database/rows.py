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

from sqlalchemy import Column, Dialect, Label, Table
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from gateway.database.column_types import Instant, JsonText
from gateway.database.tables import Base, TextConversion
from gateway.domain import exact_json
from gateway.errors import ColumnNotFetched

ColumnNames: TypeAlias = frozenset[str] | None
"""Names of columns; None for all. Names that are no column of a table are ignored."""

E = TypeVar("E", bound=Base)

RowFactory: TypeAlias = Callable[[Iterable[Any]], list[Any]]
"""Makes rows of the records of a driver."""


class _JsonAttribute:
    """A JSON column of a row, decoded when it is first read."""

    def __init__(self, name: str, get_text: Callable[[Any], str | None]) -> None:
        self._name, self._get_text = name, get_text

    def __get__(self, row: tuple[Any, ...], _owner: type) -> object:
        text = self._get_text(row)
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


def get_readable_columns(entity: type[Base]) -> Sequence[Column[Any] | Label[Any]]:
    """Return all columns of a table's rows, computed ones included."""
    return [*get_columns(entity), *entity.computed_columns]


def select_columns(
    entity: type[Base], columns: ColumnNames, also: Sequence[str]
) -> Sequence[Column[Any] | Label[Any]]:
    """Return the columns to fetch: the primary key, `columns`, `also`, and those that their conversions read."""
    names = {*(columns or ()), *also}
    names.update(*(conversion.reads for name, conversion in entity.conversions.items() if name in names))
    return [
        column
        for column in get_readable_columns(entity)
        if columns is None or column.primary_key or column.name in names
    ]


def create_row_factory(
    entity: type[Base], columns: Sequence[Column[Any] | Label[Any]], dialect: Dialect
) -> RowFactory:
    """Return a function that makes rows of a driver's records, which have these columns."""
    row_class = _create_row_class(entity, tuple(columns), dialect)
    new = tuple.__new__
    return lambda records: [new(row_class, record) for record in records]


def _create_row_class(
    entity: type[Base], columns: Sequence[Column[Any] | Label[Any]], dialect: Dialect
) -> type[tuple[Any, ...]]:
    name = entity.__name__
    namespace: dict[str, object] = {}
    for column in get_readable_columns(entity):
        namespace[column.name] = _MissingColumn(name, column.name)
        if isinstance(column.type, JsonText):
            namespace[f"{column.name}_json"] = _MissingColumn(name, column.name)
    for position, column in enumerate(columns):
        if isinstance(column.type, JsonText):
            get_text = _create_text_getter(column.name, position, entity.conversions.get(column.name))
            namespace[column.name] = _JsonAttribute(column.name, get_text)
            # The text itself, which exports copy unchanged.
            namespace[f"{column.name}_json"] = property(get_text)
        else:
            namespace[column.name] = property(_create_getter(column, position, dialect))
    return type(name, (*entity.row_bases, tuple), namespace)


def _create_text_getter(
    name: str, position: int, conversion: TextConversion | None
) -> Callable[[Any], str | None]:
    if conversion is None:
        return itemgetter(position)
    key, convert = f"converted {name}", conversion.convert

    def get_text(row: Any) -> str | None:  # noqa: ANN401 (a row of a class created here)
        found: str | None = row.__dict__.get(key)
        if found is None and row[position] is not None:
            found = row.__dict__[key] = convert(row, row[position])
        return found

    return get_text


def _create_getter(column: Column[Any] | Label[Any], position: int, dialect: Dialect) -> Callable[[Any], object]:
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
