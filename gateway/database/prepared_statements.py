"""Statements that are built and compiled once, and run many times with other values.

SQLAlchemy builds a statement in less time than a database takes for a large one, and in more than it takes for a
small one. `query` makes of a function that builds a statement one that is called with placeholders, once for each
shape of its arguments; after that only values are bound.

The arguments of such a function are told apart by their types. Values are `str`, `int`, `datetime`, `date`, lists
of texts, and those that stand in tuples and in `Criteria`. Everything else (None, booleans, enums, orders) is
shape and must be hashable. So the function may look at whether a value is there, and at no value.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from functools import lru_cache, wraps
from itertools import repeat
from operator import attrgetter
from typing import Any, Concatenate, Generic, ParamSpec, TypeVarTuple, cast

from sqlalchemy import (
    BindParameter,
    ClauseElement,
    Dialect,
    Integer,
    Select,
    bindparam,
)

from gateway.database.column_types import TextList
from gateway.database.rows import (
    ColumnNames,
    RowFactory,
    create_entity_factory,
    create_tuple_factory,
    pick_columns,
)
from gateway.database.tables import Base
from gateway.domain.statement_arguments import StatementArguments

P = ParamSpec("P")
Ts = TypeVarTuple("Ts")

_MAX_SHAPES = 4096

_SCALARS = frozenset({str, int, datetime, date})


class CompiledStatement:
    """A statement compiled for a dialect: its text, its parameters, and how its rows are made."""

    __slots__ = ("_parameters", "inline_skips", "is_bound_in_order", "make_rows", "text")

    def __init__(
        self,
        statement: ClauseElement,
        positions: Mapping[str, int],
        dialect: Dialect,
        make_rows: RowFactory = list,
    ) -> None:
        compiled = cast(Any, statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))
        self.text = str(compiled)
        self.make_rows = make_rows
        self.inline_skips = 0
        """How often it is not to be glanced at (`gateway.database.inline_reads`)."""
        self._parameters = [
            _describe_parameter(compiled, name, positions, dialect) for name in compiled.positiontup or ()
        ]
        self.is_bound_in_order = self._parameters == [(place, None, None) for place in range(len(positions))]
        """Whether its parameters are its values as they are given."""

    def bind(self, values: Sequence[object]) -> list[object]:
        """The parameters in their order, given the values of the arguments in theirs."""
        return [
            constant if place is None else values[place] if process is None else process(values[place])
            for place, process, constant in self._parameters
        ]

    def bind_rows(self, columns: Sequence[Sequence[object]]) -> list[tuple[object, ...]]:
        """The parameters in their order for each row of values that are given column by column."""
        spelled = [
            repeat(constant, len(columns[0]))
            if place is None
            else columns[place]
            if process is None
            else map(process, columns[place])
            for place, process, constant in self._parameters
        ]
        return [*zip(*spelled, strict=True)]


def _describe_parameter(
    compiled: Any,  # noqa: ANN401 (a compiler of SQL; `Compiled` does not say so)
    name: str,
    positions: Mapping[str, int],
    dialect: Dialect,
) -> tuple[int | None, Callable[[Any], object] | None, object]:
    """Which value a parameter is and how it is spelled for the driver, or what it always is."""
    # Each item of an IN is called after it.
    bind: BindParameter[Any] = compiled.binds[name if name in compiled.binds else name.rpartition("_")[0]]
    process = bind.type.dialect_impl(dialect).bind_processor(dialect)
    if name in positions:
        return positions[name], process, None
    value = compiled.params[name]
    return None, None, value if process is None else process(value)


class PreparedQuery(Generic[*Ts]):
    """A statement with its values."""

    __slots__ = ("_arguments", "_build", "_by_dialect")

    def __init__(
        self, build: Callable[..., Select[*Ts]], arguments: Sequence[object], *, by_dialect: bool = False
    ) -> None:
        self._build, self._arguments, self._by_dialect = build, arguments, by_dialect

    @property
    def statement(self) -> Select[*Ts]:
        """It with its values in it, as SQLAlchemy runs it."""
        return self._build(*self._arguments)

    def compile(
        self, dialect: Dialect, columns: ColumnNames = None, needed: Sequence[str] = ()
    ) -> tuple[CompiledStatement, Sequence[object]]:
        """It prepared for a dialect, and its values. Of an entity, `columns` and those `needed` are read."""
        values: list[object] = []
        shape = (self._build, dialect.name, columns, needed, _extract_shape(self._arguments, values))
        found = _CACHE.get(shape)
        if found is None:
            found = _CACHE[shape] = self._compile(dialect, columns, needed)
            if len(_CACHE) > _MAX_SHAPES:
                _CACHE.popitem(last=False)
        else:
            _CACHE.move_to_end(shape)
        return found, values

    def _compile(self, dialect: Dialect, columns: ColumnNames, needed: Sequence[str]) -> CompiledStatement:
        places: dict[str, int] = {}
        arguments = [_replace_values(argument, places) for argument in self._arguments]
        statement: Select[*tuple[Any, ...]] = self._build(
            *(dialect.name, *arguments) if self._by_dialect else arguments
        )
        entity = statement.column_descriptions[0]["expr"]
        if not (isinstance(entity, type) and issubclass(entity, Base)):
            return CompiledStatement(statement, places, dialect, create_tuple_factory(statement, dialect))
        wanted = pick_columns(entity, columns, needed)
        attributes = [getattr(entity, column.name) for column in wanted]
        narrowed = statement.with_only_columns(*attributes, maintain_column_froms=True)
        return CompiledStatement(narrowed, places, dialect, create_entity_factory(entity, wanted, dialect))


_CACHE: OrderedDict[Hashable, CompiledStatement] = OrderedDict()


def prepared(build: Callable[P, Select[*Ts]]) -> Callable[P, PreparedQuery[*Ts]]:
    """`build`, called once for each shape of its arguments; all of them are positional."""

    @wraps(build)
    def build_query(*arguments: P.args, **keywords: P.kwargs) -> PreparedQuery[*Ts]:
        if keywords:
            raise TypeError(f"{build.__name__} takes its arguments by their places")
        return PreparedQuery(build, arguments)

    return build_query


def prepared_by_dialect(build: Callable[Concatenate[str, P], Select[*Ts]]) -> Callable[P, PreparedQuery[*Ts]]:
    """As `query`, of a function that is told first for which dialect, by its name."""

    @wraps(build)
    def build_query(*arguments: P.args, **keywords: P.kwargs) -> PreparedQuery[*Ts]:
        if keywords:
            raise TypeError(f"{build.__name__} takes its arguments by their places")
        return PreparedQuery(build, arguments, by_dialect=True)

    return build_query


@lru_cache
def _get_fields(criteria: type[StatementArguments]) -> tuple[list[str], Callable[[Any], tuple[Any, ...]]]:
    """The names of the fields of criteria, and what gives their values."""
    names = [field.name for field in fields(cast(Any, criteria))]
    return names, attrgetter(*names)


def _extract_shape(arguments: Iterable[Any], values: list[object]) -> tuple[Hashable, ...]:
    """What arguments have in common with others that differ in values alone, which are added to `values`."""
    shapes: list[Hashable] = []
    for argument in arguments:
        kind: Any = type(argument)
        if kind in _SCALARS:
            values.append(argument)
            shapes.append(kind)
        elif kind is list:
            # One text is compared with rather than searched for: databases plan for that much better.
            values.append(argument[0] if len(argument) == 1 else argument)
            shapes.append("one" if len(argument) == 1 else "many")
        elif kind is tuple:
            shapes.append(_extract_shape(argument, values))
        elif isinstance(argument, StatementArguments):
            shapes.append((kind, _extract_shape(_get_fields(kind)[1](argument), values)))
        else:
            shapes.append(argument)
    return tuple(shapes)


def _replace_values(argument: Any, positions: dict[str, int]) -> Any:  # noqa: ANN401 (the same with placeholders in it)
    """The argument with a placeholder instead of each value, in the order of `_shapes`."""
    kind: Any = type(argument)
    if kind in _SCALARS:
        return _add_placeholder(positions, Integer if kind is int else None)
    if isinstance(argument, list):
        return [_add_placeholder(positions, None)] if len(argument) == 1 else _add_placeholder(positions, TextList)
    if isinstance(argument, tuple):
        return tuple(_replace_values(item, positions) for item in argument)
    if isinstance(argument, StatementArguments):
        names, parts = _get_fields(kind)
        return kind(
            **{name: _replace_values(part, positions) for name, part in zip(names, parts(argument), strict=True)}
        )
    return argument


def _add_placeholder(positions: dict[str, int], type_: Any) -> BindParameter[Any]:  # noqa: ANN401 (a type of a column)
    name = f"value_{len(positions)}"
    positions[name] = len(positions)
    return bindparam(name, required=False, type_=type_)
