"""Code that completes leaves: as they are where their serializer would leave them so, else by their serializer."""

from collections.abc import Mapping

from graphql import GraphQLEnumType, GraphQLList, GraphQLNonNull, GraphQLOutputType, GraphQLScalarType

from gateway.execution.compiler.selection import FallbackNeeded
from gateway.execution.fields import Binder, Int32

_IS_TEXT = "type({0}) is str"
_TYPE_TESTS = {
    "String": _IS_TEXT,
    "ID": _IS_TEXT,
    "Boolean": "type({0}) is bool",
    "Int": "type({0}) is int and -2147483648 <= {1} <= 2147483647",
}
"""When a leaf is left as it is, by the name of its type: code of its value, first and again."""

_DECODED_TYPES = {"String": str, "ID": str, "Boolean": bool, "Int": Int32}


def get_decoded_type(type_: GraphQLOutputType) -> object:
    """What is left as it is for a leaf of this type or a list of leaves; None where nothing surely is."""
    named = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(named, GraphQLList):
        item = get_decoded_type(named.of_type)
        return None if item is None else list[item]  # type: ignore[valid-type]  # a type to decode
    if not isinstance(named, GraphQLScalarType):
        return None
    return str if named.serialize is str else _DECODED_TYPES.get(named.name)


def write_leaf(type_: GraphQLOutputType, value: str, bind: Binder) -> str:
    """Code for the response data of a leaf, given code for its value; it raises for what is not sure."""
    is_non_null = isinstance(type_, GraphQLNonNull)
    named = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
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
    """Each member of an enum, and what documents say for it, to its GraphQL name."""
    wrapped = type_.wrapped_cls  # type: ignore[attr-defined]  # Strawberry's enums have the class they were made of
    stored = {value.value: name for name, value in type_.values.items()}
    return {**stored, **{wrapped(value): name for value, name in stored.items()}}
