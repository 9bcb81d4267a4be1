"""Builds input objects by converters that know their fields.

Strawberry inspects the type of each value of an input object, in each request. Here each input type is inspected
once, and Strawberry's hook for such types, `from_input`, calls the result.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any, TypeAlias

from graphql import GraphQLInputObjectType, GraphQLList, GraphQLNonNull
from strawberry.schema import BaseSchema

from gateway.execution._private import InputContext, get_definition, get_graphql_schema, set_input_converter
from gateway.execution.inputs.coercion import LEAF_FORMAT_KEY, LeafFormat

InputConverter: TypeAlias = Callable[[Any, InputContext], Any]


def set_leaf_format(schema: BaseSchema, type_name: str, leaf_format: LeafFormat) -> None:
    """Have resolvers get values of an input type as mappings with formatted leaves, not as objects of its class.

    Values from variables are `FormattedInput`; graphql-core coerces those that stand in the document itself.
    Call it before `install_input_converters`.
    """
    type_ = get_graphql_schema(schema).type_map[type_name]
    type_.extensions[LEAF_FORMAT_KEY] = leaf_format
    set_input_converter(get_definition(type_), lambda _type, value, _context: value)


def install_input_converters(schema: BaseSchema) -> None:
    """Have all input types of a schema build their values faster."""
    for type_ in get_graphql_schema(schema).type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            set_input_converter(get_definition(type_), _InputObjectConverter(type_))


class _InputObjectConverter:
    """Builds the values of an input type as `strawberry.types.arguments.convert_argument` does."""

    def __init__(self, type_: GraphQLInputObjectType) -> None:
        self._type = type_
        self._defaults: dict[str, object] = {}
        self._fields: list[tuple[str, str, InputConverter | None]] | None = None

    def __call__(self, class_: type, value: Mapping[str, Any], context: InputContext) -> object:
        if self._fields is None:
            self._fields = self._list_fields()
        arguments = dict(self._defaults)
        for name, attribute, convert in self._fields:
            if name in value:
                item = value[name]
                arguments[attribute] = item if convert is None or item is None else convert(item, context)
        return class_(**arguments)

    # A type may have fields of its own type, so they are inspected when there is a value.
    def _list_fields(self) -> list[tuple[str, str, InputConverter | None]]:
        """Return each field's GraphQL name, its Python name, and its converter if it needs one."""
        definitions = {name: get_definition(field) for name, field in self._type.fields.items()}
        self._defaults = {
            definition.python_name: None
            for definition in definitions.values()
            if definition.default_value is MISSING and definition.default_factory is MISSING
        }
        return [
            (name, definitions[name].python_name, _build_converter(field.type))
            for name, field in self._type.fields.items()
        ]


def _build_converter(type_: object) -> InputConverter | None:
    """Return what converts non-null values of a type; None if they stay unchanged."""
    if isinstance(type_, GraphQLNonNull):
        return _build_converter(type_.of_type)
    if isinstance(type_, GraphQLList):
        convert = _build_converter(type_.of_type)
        if convert is None:
            return lambda items, _: list(items)
        return lambda items, context: [None if item is None else convert(item, context) for item in items]
    if not isinstance(type_, GraphQLInputObjectType):
        return None  # graphql-core has coerced scalars and enums.
    definition = get_definition(type_)
    class_, convert_object = definition.origin, definition.from_input
    return lambda value, context: convert_object(class_, value, context)
