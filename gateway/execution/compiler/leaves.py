"""Leaves: values that are response data unchanged, and code for the others, which calls their serializers."""

from collections.abc import Mapping

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLScalarType,
    get_nullable_type,
)

from gateway.execution._private import get_definition
from gateway.execution.fallbacks import FallbackNeeded
from gateway.execution.fields import Binder, Int32

_IS_TEXT = "type({0}) is str"
_TYPE_TESTS = {
    "String": _IS_TEXT,
    "ID": _IS_TEXT,
    "Boolean": "type({0}) is bool",
    "Int": "type({0}) is int and -2147483648 <= {1} <= 2147483647",
}
"""For each type of leaf, the test that its serializer would not change a value.

`{0}` stands for the value's code, `{1}` for the value once it has a name.
"""

_DECODED_TYPES = {"String": str, "ID": str, "Boolean": bool, "Int": Int32}


def get_decoded_type(type_: GraphQLOutputType) -> object:
    """Return the Python type whose values the serializer of a leaf, or of a list of leaves, leaves unchanged.

    None if it might change any value.
    """
    named = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(named, GraphQLList):
        item = get_decoded_type(named.of_type)
        return None if item is None else list[item]  # type: ignore[valid-type]  # a type to decode
    if not isinstance(named, GraphQLScalarType):
        return None
    return str if named.serialize is str else _DECODED_TYPES.get(named.name)


def write_leaf(type_: GraphQLOutputType, value: str, bind: Binder) -> str:
    """Return code for the response data of a leaf, given code for its value.

    The code uses the value itself if the serializer would return it unchanged, or else calls the serializer. It
    raises FallbackNeeded if the serializer might return something else or fail.
    """
    is_non_null = isinstance(type_, GraphQLNonNull)
    named = get_nullable_type(type_)
    first, again = (value, value) if value.isidentifier() else (f"v := {value}", "v")
    if isinstance(named, GraphQLEnumType):
        member_name = f"{bind(_map_enum_names(named))}[{again}]"
        return (
            f"{bind(_map_enum_names(named))}[{value}]"
            if is_non_null
            else f"None if ({first}) is None else {member_name}"
        )
    if not isinstance(named, GraphQLScalarType):
        raise FallbackNeeded
    type_test = _IS_TEXT if named.serialize is str else _TYPE_TESTS.get(named.name)
    if type_test is None:
        null = f"refuse({again})" if is_non_null else "None"
        return f"{null} if ({first}) is None else {bind(named.serialize)}({again})"
    condition = type_test.format(first, again)
    return f"{again} if {condition if is_non_null else f'{condition} or {again} is None'} else refuse({again})"


def _map_enum_names(type_: GraphQLEnumType) -> Mapping[object, str]:
    """Return the GraphQL name of each enum member, and of the value that documents have for it."""
    class_ = get_definition(type_).wrapped_cls
    stored = {value.value: name for name, value in type_.values.items()}
    return {**stored, **{class_(value): name for value, name in stored.items()}}
