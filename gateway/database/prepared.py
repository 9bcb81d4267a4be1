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

from gateway.database.column_types import Texts
from gateway.database.rows import Columns, Make, chosen, entity_maker, tuple_maker
from gateway.database.tables import Base
from gateway.domain.statement_arguments import Criteria

P = ParamSpec("P")
Ts = TypeVarTuple("Ts")

_MAX_SHAPES = 4096

_SCALARS = frozenset({str, int, datetime, date})


class Prepared:
    """A statement compiled for a dialect: its text, its parameters, and how its rows are made."""

    __slots__ = ("_parameters", "is_plain", "left_alone", "make", "text")

    def __init__(
        self, statement: ClauseElement, places: Mapping[str, int], dialect: Dialect, make: Make = list
    ) -> None:
        compiled = cast(Any, statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))
        self.text = str(compiled)
        self.make = make
        self.left_alone = 0
        """How often it is not to be glanced at (`gateway.database.inline_reads`)."""
        self._parameters = [_parameter(compiled, name, places, dialect) for name in compiled.positiontup or ()]
        self.is_plain = self._parameters == [(place, None, None) for place in range(len(places))]
        """Whether its parameters are its values as they are given."""

    def parameters(self, values: Sequence[object]) -> list[object]:
        """The parameters in their order, given the values of the arguments in theirs."""
        return [
            constant if place is None else values[place] if process is None else process(values[place])
            for place, process, constant in self._parameters
        ]

    def each(self, columns: Sequence[Sequence[object]]) -> list[tuple[object, ...]]:
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


def _parameter(
    compiled: Any,  # noqa: ANN401 (a compiler of SQL; `Compiled` does not say so)
    name: str,
    places: Mapping[str, int],
    dialect: Dialect,
) -> tuple[int | None, Callable[[Any], object] | None, object]:
    """Which value a parameter is and how it is spelled for the driver, or what it always is."""
    # Each item of an IN is called after it.
    bind: BindParameter[Any] = compiled.binds[name if name in compiled.binds else name.rpartition("_")[0]]
    process = bind.type.dialect_impl(dialect).bind_processor(dialect)
    if name in places:
        return places[name], process, None
    value = compiled.params[name]
    return None, None, value if process is None else process(value)


class Query(Generic[*Ts]):
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

    def prepared(
        self, dialect: Dialect, columns: Columns = None, needed: Sequence[str] = ()
    ) -> tuple[Prepared, Sequence[object]]:
        """It prepared for a dialect, and its values. Of an entity, `columns` and those `needed` are read."""
        values: list[object] = []
        shape = (self._build, dialect.name, columns, needed, _shapes(self._arguments, values))
        found = _PREPARED.get(shape)
        if found is None:
            found = _PREPARED[shape] = self._prepare(dialect, columns, needed)
            if len(_PREPARED) > _MAX_SHAPES:
                _PREPARED.popitem(last=False)
        else:
            _PREPARED.move_to_end(shape)
        return found, values

    def _prepare(self, dialect: Dialect, columns: Columns, needed: Sequence[str]) -> Prepared:
        places: dict[str, int] = {}
        arguments = [_placeholder(argument, places) for argument in self._arguments]
        statement: Select[*tuple[Any, ...]] = self._build(
            *(dialect.name, *arguments) if self._by_dialect else arguments
        )
        entity = statement.column_descriptions[0]["expr"]
        if not (isinstance(entity, type) and issubclass(entity, Base)):
            return Prepared(statement, places, dialect, tuple_maker(statement, dialect))
        wanted = chosen(entity, columns, needed)
        attributes = [getattr(entity, column.name) for column in wanted]
        narrowed = statement.with_only_columns(*attributes, maintain_column_froms=True)
        return Prepared(narrowed, places, dialect, entity_maker(entity, wanted, dialect))


_PREPARED: OrderedDict[Hashable, Prepared] = OrderedDict()


def query(build: Callable[P, Select[*Ts]]) -> Callable[P, Query[*Ts]]:
    """`build`, called once for each shape of its arguments; all of them are positional."""

    @wraps(build)
    def queried(*arguments: P.args, **keywords: P.kwargs) -> Query[*Ts]:
        if keywords:
            raise TypeError(f"{build.__name__} takes its arguments by their places")
        return Query(build, arguments)

    return queried


def query_by_dialect(build: Callable[Concatenate[str, P], Select[*Ts]]) -> Callable[P, Query[*Ts]]:
    """As `query`, of a function that is told first for which dialect, by its name."""

    @wraps(build)
    def queried(*arguments: P.args, **keywords: P.kwargs) -> Query[*Ts]:
        if keywords:
            raise TypeError(f"{build.__name__} takes its arguments by their places")
        return Query(build, arguments, by_dialect=True)

    return queried


@lru_cache
def _parts(criteria: type[Criteria]) -> tuple[list[str], Callable[[Any], tuple[Any, ...]]]:
    """The names of the fields of criteria, and what gives their values."""
    names = [field.name for field in fields(cast(Any, criteria))]
    return names, attrgetter(*names)


def _shapes(arguments: Iterable[Any], values: list[object]) -> tuple[Hashable, ...]:
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
            shapes.append(_shapes(argument, values))
        elif isinstance(argument, Criteria):
            shapes.append((kind, _shapes(_parts(kind)[1](argument), values)))
        else:
            shapes.append(argument)
    return tuple(shapes)


def _placeholder(argument: Any, places: dict[str, int]) -> Any:  # noqa: ANN401 (the same with placeholders in it)
    """The argument with a placeholder instead of each value, in the order of `_shapes`."""
    kind: Any = type(argument)
    if kind in _SCALARS:
        return _bind(places, Integer if kind is int else None)
    if isinstance(argument, list):
        return [_bind(places, None)] if len(argument) == 1 else _bind(places, Texts)
    if isinstance(argument, tuple):
        return tuple(_placeholder(item, places) for item in argument)
    if isinstance(argument, Criteria):
        names, parts = _parts(kind)
        return kind(
            **{name: _placeholder(part, places) for name, part in zip(names, parts(argument), strict=True)}
        )
    return argument


def _bind(places: dict[str, int], type_: Any) -> BindParameter[Any]:  # noqa: ANN401 (a type of a column)
    name = f"value_{len(places)}"
    places[name] = len(places)
    return bindparam(name, required=False, type_=type_)
