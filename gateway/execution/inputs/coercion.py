"""What coerces values of input types, made by what is known of a type once.

graphql-core asks each value of an input object what it is, each time, which takes longer than to write it down.
What is wrong with a value is not said here: graphql-core then says it.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from typing import Any, TypeAlias

from graphql import (
    GraphQLEnumType,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLString,
    Undefined,
    is_required_input_field,
)
from graphql.utilities.coerce_input_value import coerce_default_value

Coerce: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Spelling:
    """How leaves are spelled: what is made of each, and by the names of scalars, which texts are that already."""

    leaf: Coerce
    is_spelled: Mapping[str, Callable[[str], bool]] = field(default_factory=dict)


_SPELLING = "spelling"


class Spelled(dict[str, Any]):
    """A value of an input object type whose leaves are spelled as `spell` was told."""


def spell(type_: GraphQLNamedType, spelling: Spelling) -> None:
    """Have values of this type, and of those below it, coerced to `Spelled` ones.

    Values that a document itself holds are graphql-core's.
    """
    type_.extensions[_SPELLING] = spelling


class NotCoercible(Exception):
    """A value is not what its type needs. Scalars and enums raise a GraphQLError."""


@cache
def coercer(type_: GraphQLInputType, spelling: Spelling | None = None) -> Coerce:
    """What makes of a value what `graphql.utilities.coerce_input_value` does, or raises.

    Leaves are spelled, if it is said how.
    """
    if isinstance(type_, GraphQLNonNull):
        return _of_one(type_.of_type, spelling)
    of_one = _of_one(type_, spelling)
    return lambda value: None if value is None else of_one(value)


@cache
def _of_one(type_: Any, spelling: Spelling | None) -> Coerce:  # noqa: ANN401 (an input type that may be null)
    """What coerces a value of a type, which refuses null."""
    if isinstance(type_, GraphQLList):
        return _of_list(coercer(type_.of_type, spelling))
    if isinstance(type_, GraphQLInputObjectType):
        return _OfObject(type_, type_.extensions.get(_SPELLING, spelling))
    return _of_leaf(type_, spelling or _AS_THEY_ARE)


def _of_list(item: Coerce) -> Coerce:
    def coerce(value: Any) -> list[Any]:  # noqa: ANN401 (JSON)
        if type(value) is list:
            return [*map(item, value)]
        if value is None:
            raise NotCoercible
        return [item(value)]

    return coerce


def _of_leaf(type_: Any, spelling: Spelling) -> Coerce:  # noqa: ANN401 (a scalar or an enum)
    of_leaf: Coerce = type_.coerce_input_value
    if is_text(type_):
        return lambda value: value if type(value) is str else _no_null(of_leaf, value)
    if isinstance(type_, GraphQLEnumType):
        members = {name: spelling.leaf(of_leaf(name)) for name in type_.values}
        return lambda value: members[value] if type(value) is str and value in members else of_leaf(value)
    if spelling is _AS_THEY_ARE:
        return partial(_no_null, of_leaf)
    is_spelled = spelling.is_spelled.get(type_.name, _never)
    return lambda value: (
        value if type(value) is str and is_spelled(value) else spelling.leaf(_no_null(of_leaf, value))
    )


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 (JSON, and whatever it stands for)
    return value


def _never(_text: str) -> bool:
    return False


_AS_THEY_ARE = Spelling(_as_it_is)


def _no_null(of_leaf: Coerce, value: Any) -> Any:  # noqa: ANN401 (JSON, and whatever it stands for)
    if value is None:
        raise NotCoercible
    return of_leaf(value)


class _OfObject:
    """Coerces values of an input object type."""

    def __init__(self, type_: GraphQLInputObjectType, spelling: Spelling | None) -> None:
        self._type, self._spelling = type_, spelling
        self._make: type[dict[str, Any]] = Spelled if spelling else dict

    # A type may have fields of its own type, so they are looked at when there is a value.
    @cached_property
    def _fields(self) -> Mapping[str, tuple[bool, Coerce]]:
        """By their names: whether text goes as it is, and what coerces the rest."""
        return {
            name: (is_text(field.type), coercer(field.type, self._spelling))
            for name, field in self._type.fields.items()
        }

    @cached_property
    def _required(self) -> AbstractSet[str]:
        return {name for name, field in self._type.fields.items() if is_required_input_field(field)}

    @cached_property
    def _defaults(self) -> Mapping[str, Any]:
        values = {name: coerce_default_value(field) for name, field in self._type.fields.items()}
        spell = (self._spelling or _AS_THEY_ARE).leaf
        return {name: spell(value) for name, value in values.items() if value is not Undefined}

    def __call__(self, value: Any) -> Any:  # noqa: ANN401 (JSON, and whatever it stands for)
        if type(value) is not dict or not self._required <= value.keys():
            raise NotCoercible
        fields, coerced = self._fields, self._make(self._defaults)
        for name, item in value.items():
            if name not in fields:
                raise NotCoercible
            goes, coerce = fields[name]
            coerced[name] = item if goes and type(item) is str else coerce(item)
        if self._type.is_one_of and [item is None for item in coerced.values()] != [False]:
            raise NotCoercible
        return self._type.out_type(coerced)


def is_text(type_: object) -> bool:
    """Whether text is a value of it, and goes as it is."""
    return (type_.of_type if isinstance(type_, GraphQLNonNull) else type_) in (GraphQLString, GraphQLID)
