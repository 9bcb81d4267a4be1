"""Every list that a client can send: each list in an argument of a field, and operations that fill it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_required_argument,
    is_required_input_field,
)

NESTED = "ConnectedIntegration"
"""The type whose fields take lists, too; all other fields that do are root fields."""

_LEAVES: dict[str, Any] = {
    "Int": 1,
    "Boolean": True,
    "JSON": {},
    "TimeZone": "UTC",
    "Time": "08:00:00",
    "Date": "2026-01-31",
    "DateTime": "2026-01-31T08:00:00Z",
}
_TEXTS = {"channel": "#a", "urls": "https://a.example", "sheetLink": "https://a.example", "reportEmails": "a@b"}
"""Valid texts for fields that do not take any."""


@dataclass(frozen=True)
class ListArgument:
    """A list in an argument of a root field or of a connected integration, and the keys that lead to it."""

    schema: GraphQLSchema
    owner: GraphQLObjectType
    field: str
    argument: str
    keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        owner = (self.owner.name,) if self.is_nested else ()
        return ".".join((*owner, self.field, self.argument, *self.keys))

    @property
    def is_nested(self) -> bool:
        """Whether the field is below an integration."""
        return self.owner.name == NESTED

    @property
    def operation(self) -> str:
        return "mutation" if self.owner is self.schema.mutation_type else "query"

    @property
    def definition(self) -> GraphQLField:
        definition: GraphQLField = self.owner.fields[self.field]
        return definition

    def build_variable(self, count: int) -> Any:
        """Return a value of the argument whose list has this many entries."""
        return self._build(self.definition.args[self.argument].type, [self.argument, *self.keys], count)

    def _build(self, type_: GraphQLInputType, keys: list[str], count: int) -> Any:
        key, *rest = keys
        nullable, named = get_nullable_type(type_), get_named_type(type_)
        if isinstance(nullable, GraphQLList) and not rest:
            return [build_value(nullable.of_type, key) for _ in range(count)]
        assert isinstance(named, GraphQLInputObjectType)
        fields = {} if named.is_one_of else _build_required(named)
        fields[rest[0]] = self._build(named.fields[rest[0]].type, rest, count)
        return [fields] if isinstance(nullable, GraphQLList) else fields

    def build_query(self, others: dict[str, Any], literal: Any = None) -> str:
        """Return an operation with the argument as the variable `$value`, or as a literal."""
        definition = self.definition
        given = {
            name: others.get(name, build_value(argument.type, name))
            for name, argument in definition.args.items()
            if name != self.argument and (is_required_argument(argument) or name in others)
        }
        type_ = definition.args[self.argument].type
        head = f"{self.operation} " + (f"($value: {_name_required(type_)}) " if literal is None else "")
        value = "$value" if literal is None else write_literal(literal, type_)
        arguments = [f"{name}: {write_literal(each, definition.args[name].type)}" for name, each in given.items()]
        selection = "__typename errors { code message path }" if self.operation == "mutation" else "__typename"
        field = f"{self.field}({self.argument}: {value} {' '.join(arguments)}) {{ {selection} }}"
        if self.is_nested:
            field = f'integration(id: "i") {{ ... on {NESTED} {{ {field} }} }}'
        return f"{head}{{ {field} }}"


def _name_required(type_: GraphQLInputType) -> str:
    return str(type_ if isinstance(type_, GraphQLNonNull) else GraphQLNonNull(type_))


def list_arguments(schema: GraphQLSchema) -> Iterator[ListArgument]:
    """Yield every list in an argument of a field. A type is entered once on each way to it."""
    owners = (type_ for type_ in schema.type_map.values() if isinstance(type_, GraphQLObjectType))
    for owner in owners:
        for name, field in owner.fields.items():
            for argument_name, argument in field.args.items():
                for keys in _list_keys(argument, ()) if not owner.name.startswith("__") else ():
                    yield ListArgument(schema, owner, name, argument_name, keys)


def _list_keys(element: GraphQLArgument | GraphQLInputField, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(get_nullable_type(element.type), GraphQLList):
        yield ()
    named = get_named_type(element.type)
    if isinstance(named, GraphQLInputObjectType) and named.name not in above:
        for name, field in named.fields.items():
            yield from ((name, *keys) for keys in _list_keys(field, (*above, named.name)))


def _build_required(type_: GraphQLInputObjectType) -> dict[str, Any]:
    return {
        name: build_value(field.type, name)
        for name, field in type_.fields.items()
        if is_required_input_field(field)
    }


def build_value(type_: Any, name: str) -> Any:
    """Return a small value of a type."""
    named = get_named_type(type_)
    if isinstance(get_nullable_type(type_), GraphQLList):
        return [build_value(named, name)]
    if isinstance(named, GraphQLInputObjectType):
        if named.is_one_of:
            member, field = next(iter(named.fields.items()))
            return {member: build_value(field.type, member)}
        return _build_required(named)
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values))
    return _LEAVES.get(named.name, _TEXTS.get(name, "a"))


def write_literal(value: Any, type_: Any) -> str:
    """Return the literal of a value of a type."""
    named = get_named_type(type_)
    if isinstance(value, list):
        return f"[{' '.join(write_literal(each, named) for each in value)}]"
    if isinstance(value, dict):
        fields = named.fields if isinstance(named, GraphQLInputObjectType) else {}
        return f"{{{' '.join(f'{key}: {write_literal(each, fields[key].type)}' for key, each in value.items())}}}"
    return str(value) if isinstance(named, GraphQLEnumType) else json.dumps(value)
