"""Rows that are read and not changed: tuples with the attributes of their entity.

They hold only the columns that were asked for, and take nothing apart before somebody looks at it: JSON stays text
until its attribute is read, and so do words of closed sets. Instants are as the driver gives them: a `datetime`,
or on SQLite the text that `gateway.domain.calendar.instants.isoformat` makes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from types import SimpleNamespace
from typing import Any, TypeAlias, TypeVar, cast

import orjson
from sqlalchemy import Column, Dialect, Select, Table

from gateway.database.column_types import Instant, JsonText
from gateway.database.tables import Base

ColumnNames: TypeAlias = frozenset[str] | None
"""The names of the columns that are wanted, and maybe names of other things; None for all columns."""

E = TypeVar("E", bound=Base)

RowFactory: TypeAlias = Callable[[Iterable[Any]], list[Any]]


class JsonAttribute:
    """A JSON column of a row, decoded when it is first looked at."""

    def __init__(self, name: str, position: int) -> None:
        self._name, self._position = name, position

    def __get__(self, row: tuple[Any, ...], _owner: type) -> object:
        text = row[self._position]
        found = row.__dict__[self._name] = None if text is None else orjson.loads(text)
        return found


def pick_columns(entity: type[Base], columns: ColumnNames, needed: Sequence[str] = ()) -> list[Column[Any]]:
    """The columns of an entity that are wanted; its primary key always is."""
    return [
        column
        for column in cast(Table, entity.__table__).columns
        if columns is None or column.primary_key or column.name in columns or column.name in needed
    ]


def create_entity_factory(entity: type[Base], columns: Sequence[Column[Any]], dialect: Dialect) -> RowFactory:
    """How rows of an entity are made of what the driver gives for these columns."""
    row = _create_row_class(entity, tuple(columns), dialect)
    new = tuple.__new__
    return lambda records: [new(row, record) for record in records]


def _create_row_class(
    entity: type[Base], columns: Sequence[Column[Any]], dialect: Dialect
) -> type[tuple[Any, ...]]:
    namespace: dict[str, object] = {}
    for place, column in enumerate(columns):
        if isinstance(column.type, JsonText):
            namespace[column.name] = JsonAttribute(column.name, place)
            # As text, for what takes it to the answer as it is.
            namespace[f"{column.name}_json"] = property(itemgetter(place))
        else:
            namespace[column.name] = property(_create_getter(column, place, dialect))
    return type(entity.__name__, (*entity.row_bases, tuple), namespace)


def _create_getter(column: Column[Any], position: int, dialect: Dialect) -> Callable[[Any], object]:
    process = None if isinstance(column.type, Instant) else _get_result_processor(column, dialect)
    if process is None:
        return itemgetter(position)
    return lambda row: process(row[position])


def _get_result_processor(column: Any, dialect: Dialect) -> Callable[[Any], Any] | None:  # noqa: ANN401 (any expression)
    return cast("Callable[[Any], Any] | None", column.type.dialect_impl(dialect).result_processor(dialect, None))


def get_values(row: Base, *names: str) -> dict[str, object]:
    """What a row holds in these columns, or in all."""
    return {
        name: getattr(row, name) for name in names or [column.name for column in pick_columns(type(row), None)]
    }


@lru_cache
def _create_plain_class(entity: type[Base]) -> type:
    return type(entity.__name__, (*entity.row_bases, SimpleNamespace), {})


def new_row(entity: type[E], columns: Mapping[str, object]) -> E:
    """What reads as a row with these columns does."""
    return cast(E, _create_plain_class(entity)(**columns))


def with_changes(entity: type[E], row: E, changes: Mapping[str, object]) -> E:
    """What reads as a row does, but for these changes."""
    names = [column.name for column in pick_columns(entity, None)]
    return new_row(entity, {**get_values(row, *names), **changes})


def create_tuple_factory(statement: Select[*tuple[Any, ...]], dialect: Dialect) -> RowFactory:
    """How tuples are made of what the driver gives for a statement's columns."""
    processes = [_get_result_processor(column, dialect) for column in statement.selected_columns]
    if not any(processes):
        return lambda records: [*map(tuple, records)]
    return lambda records: [
        tuple(
            value if process is None else process(value) for value, process in zip(record, processes, strict=True)
        )
        for record in records
    ]
