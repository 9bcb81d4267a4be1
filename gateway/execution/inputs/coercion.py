"""Builds a coercer for each input type, once.

graphql-core inspects the type of each value of an input object in each request, which takes longer than writing
the value to the database. Coercers raise an exception without details; graphql-core then formats the error.
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
    GraphQLNonNull,
    GraphQLString,
    Undefined,
    is_required_input_field,
)

from gateway.execution._private import coerce_default_value

Coercer: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, eq=False)
class LeafFormat:
    """How the leaves of an input object are formatted, such as datetimes as JSON text."""

    format_leaf: Coercer
    """Takes a coerced leaf and returns the formatted one."""
    is_formatted: Mapping[str, Callable[[str], bool]] = field(default_factory=dict)
    """By the name of a scalar, a function that returns whether a text is formatted already, so that it stays."""


LEAF_FORMAT_KEY = "leaf_format"
"""The key of a type's extensions for the `LeafFormat` of the type and of all types below it."""


class FormattedInput(dict[str, Any]):
    """A value of an input type with a `LeafFormat`."""


class NotCoercible(Exception):
    """A value does not fit its type. Scalars and enums raise a GraphQLError instead."""


@cache
def build_coercer(type_: GraphQLInputType, leaf_format: LeafFormat | None = None) -> Coercer:
    """Return a function that coerces values as `graphql.coerce_input_value` does, and formats leaves.

    The function raises NotCoercible or GraphQLError for invalid values.
    """
    if isinstance(type_, GraphQLNonNull):
        return _build_non_null_coercer(type_.of_type, leaf_format)
    coerce_non_null = _build_non_null_coercer(type_, leaf_format)
    return lambda value: None if value is None else coerce_non_null(value)


@cache
def _build_non_null_coercer(type_: Any, leaf_format: LeafFormat | None) -> Coercer:  # noqa: ANN401 (an input type that may be null)
    """Return a coercer that refuses null."""
    if isinstance(type_, GraphQLList):
        return _build_list_coercer(build_coercer(type_.of_type, leaf_format))
    if isinstance(type_, GraphQLInputObjectType):
        return _ObjectCoercer(type_, type_.extensions.get(LEAF_FORMAT_KEY, leaf_format))
    return _build_leaf_coercer(type_, leaf_format or _UNCHANGED)


def _build_list_coercer(coerce_item: Coercer) -> Coercer:
    def coerce(value: Any) -> list[Any]:  # noqa: ANN401 (JSON)
        if type(value) is list:
            return [*map(coerce_item, value)]
        if value is None:
            raise NotCoercible
        return [coerce_item(value)]

    return coerce


def _build_leaf_coercer(type_: Any, leaf_format: LeafFormat) -> Coercer:  # noqa: ANN401 (a scalar or an enum)
    coerce_leaf: Coercer = type_.coerce_input_value
    if is_text_type(type_):
        return lambda value: value if type(value) is str else _coerce_non_null(coerce_leaf, value)
    if isinstance(type_, GraphQLEnumType):
        members = {name: leaf_format.format_leaf(coerce_leaf(name)) for name in type_.values}
        return lambda value: members[value] if type(value) is str and value in members else coerce_leaf(value)
    if leaf_format is _UNCHANGED:
        return partial(_coerce_non_null, coerce_leaf)
    is_formatted = leaf_format.is_formatted.get(type_.name, _is_never_formatted)
    return lambda value: (
        value
        if type(value) is str and is_formatted(value)
        else leaf_format.format_leaf(_coerce_non_null(coerce_leaf, value))
    )


def _return_unchanged(value: Any) -> Any:  # noqa: ANN401 (JSON or a coerced value)
    return value


def _is_never_formatted(_text: str) -> bool:
    return False


_UNCHANGED = LeafFormat(_return_unchanged)


def _coerce_non_null(coerce_leaf: Coercer, value: Any) -> Any:  # noqa: ANN401 (JSON or a coerced value)
    if value is None:
        raise NotCoercible
    return coerce_leaf(value)


class _ObjectCoercer:
    """Coerces values of an input object type."""

    def __init__(self, type_: GraphQLInputObjectType, leaf_format: LeafFormat | None) -> None:
        self._type, self._leaf_format = type_, leaf_format
        self._dict_type: type[dict[str, Any]] = FormattedInput if leaf_format else dict

    # Cached, not computed at once: a type may have fields of the same type.
    @cached_property
    def _fields(self) -> Mapping[str, tuple[bool, Coercer]]:
        """For each field, whether text needs no coercion, and the coercer of other values."""
        return {
            name: (is_text_type(field.type), build_coercer(field.type, self._leaf_format))
            for name, field in self._type.fields.items()
        }

    @cached_property
    def _required(self) -> AbstractSet[str]:
        return {name for name, field in self._type.fields.items() if is_required_input_field(field)}

    @cached_property
    def _defaults(self) -> Mapping[str, Any]:
        values = {name: coerce_default_value(field) for name, field in self._type.fields.items()}
        format_leaf = (self._leaf_format or _UNCHANGED).format_leaf
        return {name: format_leaf(value) for name, value in values.items() if value is not Undefined}

    def __call__(self, value: Any) -> Any:  # noqa: ANN401 (JSON or a coerced value)
        if type(value) is not dict or not self._required <= value.keys():
            raise NotCoercible
        fields, coerced = self._fields, self._dict_type(self._defaults)
        for name, item in value.items():
            if name not in fields:
                raise NotCoercible
            is_text, coerce = fields[name]
            coerced[name] = item if is_text and type(item) is str else coerce(item)
        if self._type.is_one_of and [item is None for item in coerced.values()] != [False]:
            raise NotCoercible
        return self._type.out_type(coerced)


def is_text_type(type_: object) -> bool:
    """Return whether the type is `String` or `ID`, nullable or not."""
    return (type_.of_type if isinstance(type_, GraphQLNonNull) else type_) in (GraphQLString, GraphQLID)
