"""Code that completes leaves: as they are where their serializer would leave them so, else by their serializer."""

from collections.abc import Mapping

from graphql import GraphQLEnumType, GraphQLList, GraphQLNonNull, GraphQLOutputType, GraphQLScalarType

from gateway.execution.compiler.selection import NotPlain
from gateway.execution.fields import Bind, Int32

_TEXT = "type({0}) is str"
_PLAIN = {
    "String": _TEXT,
    "ID": _TEXT,
    "Boolean": "type({0}) is bool",
    "Int": "type({0}) is int and -2147483648 <= {1} <= 2147483647",
}
"""When a leaf is left as it is, by the name of its type: code of its value, first and again."""

_DECODED = {"String": str, "ID": str, "Boolean": bool, "Int": Int32}


def decoded_type(type_: GraphQLOutputType) -> object:
    """What is left as it is for a leaf of this type or a list of leaves; None where nothing surely is."""
    named = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(named, GraphQLList):
        item = decoded_type(named.of_type)
        return None if item is None else list[item]  # type: ignore[valid-type]  # a type to decode
    if not isinstance(named, GraphQLScalarType):
        return None
    return str if named.serialize is str else _DECODED.get(named.name)


def leaf(type_: GraphQLOutputType, value: str, bind: Bind) -> str:
    """Code for the response data of a leaf, given code for its value; it raises for what is not sure."""
    is_promised = isinstance(type_, GraphQLNonNull)
    named = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    first, again = (value, value) if value.isidentifier() else (f"v := {value}", "v")
    if isinstance(named, GraphQLEnumType):
        word = f"{bind(_words(named))}[{again}]"
        return f"{bind(_words(named))}[{value}]" if is_promised else f"None if ({first}) is None else {word}"
    if not isinstance(named, GraphQLScalarType):
        raise NotPlain
    plain = _TEXT if named.serialize is str else _PLAIN.get(named.name)
    if plain is None:
        null = f"refuse({again})" if is_promised else "None"
        return f"{null} if ({first}) is None else {bind(named.serialize)}({again})"
    fits = plain.format(first, again)
    return f"{again} if {fits if is_promised else f'{fits} or {again} is None'} else refuse({again})"


def _words(type_: GraphQLEnumType) -> Mapping[object, str]:
    """Each member of an enum, and what documents say for it, to its GraphQL name."""
    wrapped = type_.wrapped_cls  # type: ignore[attr-defined]  # Strawberry's enums have the class they were made of
    stored = {value.value: name for name, value in type_.values.items()}
    return {**stored, **{wrapped(value): name for value, name in stored.items()}}
