"""Input objects, made by what is known of their types once.

Strawberry asks each value of an input object what it is, each time. Here a type is asked once, and makes its
values by Strawberry's own hook for types that do so.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING
from typing import Any, TypeAlias

from strawberry.annotation import StrawberryAnnotation
from strawberry.types import has_object_definition
from strawberry.types.arguments import InputContext, _is_leaf_type, convert_argument
from strawberry.types.base import StrawberryList, StrawberryObjectDefinition, StrawberryOptional

InputConverter: TypeAlias = Callable[[Any, InputContext], Any]


def install_input_converters(definitions: Iterable[object]) -> None:
    """Have the input types among these make their values quickly."""
    for definition in definitions:
        if (
            isinstance(definition, StrawberryObjectDefinition)
            and definition.is_input
            and not definition.from_input
        ):
            definition.from_input = _InputObjectConverter(definition)


def skip_argument_conversion(definition: object, field: str, argument: str, any_scalar: object) -> None:
    """Hand a resolver an argument as graphql-core coerces it: Strawberry asks each item of a list what it is.

    Their names are Python's, `anything` is a scalar that takes any value. graphql-core's schema stays as it is.
    """
    assert isinstance(definition, StrawberryObjectDefinition)  # noqa: S101 (it has fields)
    (matched_field,) = (each for each in definition.fields if each.python_name == field)
    (matched_argument,) = (each for each in matched_field.arguments if each.python_name == argument)
    matched_argument.type_annotation = StrawberryAnnotation(any_scalar)


class _InputObjectConverter:
    """Makes the values of an input type, as `strawberry.types.arguments.convert_argument` does."""

    def __init__(self, definition: StrawberryObjectDefinition) -> None:
        self._definition = definition
        self._defaults: dict[str, object] = {}
        self._fields: list[tuple[str, str, InputConverter | None]] | None = None

    def __call__(self, type_: type, value: Mapping[str, Any], context: InputContext) -> object:
        if self._fields is None:
            self._fields = self._list_fields(context)
        arguments = dict(self._defaults)
        for name, attribute, convert in self._fields:
            if name in value:
                item = value[name]
                arguments[attribute] = item if convert is None or item is None else convert(item, context)
        return type_(**arguments)

    def _list_fields(self, context: InputContext) -> list[tuple[str, str, InputConverter | None]]:
        """For each field what the graph and what Python calls it, and how its value is converted if it is."""
        fields = self._definition.fields
        self._defaults = {
            field.python_name: None
            for field in fields
            if field.default_value is MISSING and field.default_factory is MISSING
        }
        return [
            (
                context.config.name_converter.from_field(field),
                field.python_name,
                _build_converter(field.resolve_type(type_definition=self._definition), context),
            )
            for field in fields
        ]


def _build_converter(type_: Any, context: InputContext) -> InputConverter | None:  # noqa: ANN401 (a type, Strawberry's or not)
    """How a value of this type, which is not null, is converted; None for one that stays as it is."""
    if isinstance(type_, StrawberryOptional):
        return _build_converter(type_.of_type, context)
    if isinstance(type_, StrawberryList):
        convert = _build_converter(type_.of_type, context)
        if convert is None:
            return lambda items, _: list(items)
        return lambda items, context: [None if item is None else convert(item, context) for item in items]
    if has_object_definition(type_):
        convert_object = type_.__strawberry_definition__.from_input
        if convert_object is not None:
            return lambda value, context: convert_object(type_, value, context)
    if _is_leaf_type(type_, context.scalar_registry):
        return None
    return lambda value, context: convert_argument(
        value, type_, context.scalar_registry, context.config, context.info, path=context.path
    )
