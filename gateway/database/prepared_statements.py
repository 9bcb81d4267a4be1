"""Statements that are built and compiled once, and run many times with other values.

SQLAlchemy needs more time to build and compile a small statement than a database needs to run it. `prepared`
turns a function that builds a statement into one that returns a `PreparedStatement`: the function and its
arguments. The function itself is called once for each shape of arguments, with placeholders for the values.
Later calls of the same shape only bind their values to the `CompiledStatement` in the cache.

Values are `str`, `int`, `datetime`, `date`, lists of texts, `TextTuple`, and those that stand in other tuples and
in `StatementArguments`. All other arguments (None, booleans, enums, orders) belong to the shape and must be
hashable. So a function may test whether a value is there, but never look at it.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from functools import lru_cache, wraps
from itertools import repeat
from operator import attrgetter
from typing import Any, Concatenate, Generic, ParamSpec, TypeVarTuple, cast, overload

from sqlalchemy import BindParameter, ClauseElement, Delete, Dialect, Integer, Label, Select, bindparam, inspect
from sqlalchemy.orm.util import AliasedClass
from sqlalchemy.sql.selectable import TypedReturnsRows

from gateway.database.column_types import TextList
from gateway.database.rows import (
    ColumnNames,
    RowFactory,
    create_row_factory,
    create_tuple_factory,
    select_columns,
)
from gateway.database.tables import Base
from gateway.domain.statement_arguments import StatementArguments, TextTuple

P = ParamSpec("P")
Ts = TypeVarTuple("Ts")

_MAX_COMPILED = 4096

_VALUE_TYPES = frozenset({str, int, datetime, date})


class CompiledStatement:
    """A statement compiled for a dialect: its text, how its parameters are bound, and how its rows are made."""

    __slots__ = ("_parameters", "inline_skips", "is_small", "make_rows", "text")

    def __init__(
        self,
        statement: ClauseElement,
        positions: Mapping[str, int],
        dialect: Dialect,
        make_rows: RowFactory = list,
    ) -> None:
        """`positions` has the name of each placeholder, and the position of its value."""
        compiled = cast(Any, statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))
        self.text = str(compiled)
        self.make_rows = make_rows
        self.is_small: bool | None = None
        """Whether all its runs fetched few bytes; None before the first one."""
        self.inline_skips = 0
        """How many runs are not tried on the event loop; see `gateway.database.inline_reads`."""
        self._parameters = [
            _describe_parameter(compiled, name, positions, dialect) for name in compiled.positiontup or ()
        ]

    def bind(self, values: Sequence[object]) -> list[object]:
        """Return the parameters of one run, of the values by position."""
        return [
            constant if position is None else values[position] if process is None else process(values[position])
            for position, process, constant in self._parameters
        ]

    def bind_rows(self, columns: Sequence[Sequence[object]]) -> list[tuple[object, ...]]:
        """Return the parameters of each row, of values column by column."""
        bound = [
            repeat(constant, len(columns[0]))
            if position is None
            else columns[position]
            if process is None
            else map(process, columns[position])
            for position, process, constant in self._parameters
        ]
        return [*zip(*bound, strict=True)]


def _describe_parameter(
    compiled: Any,  # noqa: ANN401 (a compiler of SQL; `Compiled` does not say so)
    name: str,
    positions: Mapping[str, int],
    dialect: Dialect,
) -> tuple[int | None, Callable[[Any], object] | None, object]:
    """Return the position of a parameter's value and how it is bound, or None, None and a constant."""
    # Each item of an IN is called after its parameter.
    bind: BindParameter[Any] = compiled.binds[name if name in compiled.binds else name.rpartition("_")[0]]
    process = bind.type.dialect_impl(dialect).bind_processor(dialect)
    if name in positions:
        return positions[name], process, None
    value = compiled.params[name]
    return None, None, value if process is None else process(value)


class PreparedStatement(Generic[*Ts]):
    """A function that builds a statement, and its arguments."""

    __slots__ = ("_arguments", "_build", "_by_dialect")

    def __init__(
        self,
        build: Callable[..., TypedReturnsRows[*Ts] | Delete],
        arguments: Sequence[object],
        *,
        by_dialect: bool = False,
    ) -> None:
        self._build, self._arguments, self._by_dialect = build, arguments, by_dialect

    def compile(
        self, dialect: Dialect, columns: ColumnNames = None, also: Sequence[str] = ()
    ) -> tuple[CompiledStatement, Sequence[object]]:
        """Return it compiled for a dialect, and its values.

        Where it selects a table's class, `columns` and `also` are fetched, and the primary key.
        """
        values: list[object] = []
        key = (self._build, dialect.name, columns, also, _extract_shape(self._arguments, values))
        found = _CACHE.get(key)
        if found is None:
            found = _CACHE[key] = self._compile(dialect, columns, also)
            if len(_CACHE) > _MAX_COMPILED:
                _CACHE.popitem(last=False)
        else:
            _CACHE.move_to_end(key)
        return found, values

    def _compile(self, dialect: Dialect, columns: ColumnNames, also: Sequence[str]) -> CompiledStatement:
        positions: dict[str, int] = {}
        arguments = [_replace_values(argument, positions) for argument in self._arguments]
        statement: Any = self._build(*(dialect.name, *arguments) if self._by_dialect else arguments)
        rows = statement.column_descriptions[0]["expr"] if isinstance(statement, Select) else None
        mapper = inspect(rows, raiseerr=False) if isinstance(rows, type | AliasedClass) else None
        if mapper is None:
            make_tuples = create_tuple_factory(statement.exported_columns, dialect)
            return CompiledStatement(statement, positions, dialect, make_tuples)
        entity: type[Base] = mapper.mapper.class_
        selected = select_columns(entity, columns, also)
        attributes = [getattr(rows, column.name, column) for column in selected]
        narrowed = statement.with_only_columns(*attributes, maintain_column_froms=True)
        if any(isinstance(column, Label) for column in selected):
            narrowed = narrowed.outerjoin(*entity.get_computed_join(rows))
        return CompiledStatement(narrowed, positions, dialect, create_row_factory(entity, selected, dialect))


_CACHE: OrderedDict[Hashable, CompiledStatement] = OrderedDict()


@overload
def prepared(build: Callable[P, TypedReturnsRows[*Ts]]) -> Callable[P, PreparedStatement[*Ts]]: ...
@overload
def prepared(build: Callable[P, Delete]) -> Callable[P, PreparedStatement[()]]: ...
def prepared(build: Callable[P, Any]) -> Callable[P, Any]:
    """Decorate a function that builds a statement; its arguments are positional."""
    return _decorate(build, by_dialect=False)


def prepared_by_dialect(
    build: Callable[Concatenate[str, P], TypedReturnsRows[*Ts]],
) -> Callable[P, PreparedStatement[*Ts]]:
    """Decorate like `prepared` a function whose first argument is the name of the dialect."""
    return _decorate(build, by_dialect=True)


def _decorate(
    build: Callable[..., Any], *, by_dialect: bool
) -> Callable[..., PreparedStatement[*tuple[Any, ...]]]:
    @wraps(build)
    def create_statement(*arguments: object) -> PreparedStatement[*tuple[Any, ...]]:
        return PreparedStatement(build, arguments, by_dialect=by_dialect)

    return create_statement


@lru_cache
def _get_fields(type_: type[StatementArguments]) -> tuple[list[str], Callable[[Any], tuple[Any, ...]]]:
    """Return the names of the fields of a class of arguments, and a function that returns their values."""
    names = [field.name for field in fields(cast(Any, type_))]
    return names, attrgetter(*names)


def _extract_shape(arguments: Iterable[Any], values: list[object]) -> tuple[Hashable, ...]:
    """Return the shape of arguments, which is the same for other values, and append their values to `values`."""
    shapes: list[Hashable] = []
    for argument in arguments:
        type_: Any = type(argument)
        if type_ in _VALUE_TYPES:
            values.append(argument)
            shapes.append(type_)
        elif type_ is list or type_ is TextTuple:
            # One text is compared with `=`, for which databases plan much better than for a list of one.
            values.append(argument[0] if len(argument) == 1 else [*argument])
            shapes.append("one" if len(argument) == 1 else "many")
        elif type_ is tuple:
            shapes.append(_extract_shape(argument, values))
        elif isinstance(argument, StatementArguments):
            shapes.append((type_, _extract_shape(_get_fields(type_)[1](argument), values)))
        else:
            shapes.append(argument)
    return tuple(shapes)


def _replace_values(argument: Any, positions: dict[str, int]) -> Any:  # noqa: ANN401 (of the argument's type)
    """Return the argument with a placeholder instead of each value, in the order of `_extract_shape`."""
    type_: Any = type(argument)
    if type_ in _VALUE_TYPES:
        return _add_placeholder(positions, Integer if type_ is int else None)
    if isinstance(argument, list | TextTuple):
        return [_add_placeholder(positions, None)] if len(argument) == 1 else _add_placeholder(positions, TextList)
    if isinstance(argument, tuple):
        return tuple(_replace_values(item, positions) for item in argument)
    if isinstance(argument, StatementArguments):
        names, get_parts = _get_fields(type_)
        return type_(
            **{
                name: _replace_values(part, positions)
                for name, part in zip(names, get_parts(argument), strict=True)
            }
        )
    return argument


def _add_placeholder(positions: dict[str, int], type_: Any) -> BindParameter[Any]:  # noqa: ANN401 (a type of a column)
    name = f"value_{len(positions)}"
    positions[name] = len(positions)
    return bindparam(name, required=False, type_=type_)
