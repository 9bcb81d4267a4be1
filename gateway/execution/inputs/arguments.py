"""Coerces the variables of an operation and the arguments of its fields.

graphql-core and Strawberry inspect each value in each request, which takes longer than many resolvers. Here
arguments without variables are coerced once for each document. A variable that passes text to an argument of type
`String` or `ID` needs no coercion.
"""

from collections.abc import Sequence
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLNonNull,
    GraphQLSchema,
    VariableDefinitionNode,
    VariableNode,
    VariableValues,
    Visitor,
    get_argument_values,
    visit,
)
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from gateway.execution._private import (
    VariableSignature,
    VariableValueSource,
    coerce_default_value,
    get_strawberry_schema,
    get_variable_signature,
)
from gateway.execution.inputs.coercion import Coercer, NotCoercible, build_coercer, is_text_type


class OperationVariables:
    """The variables of an operation of a valid document."""

    def __init__(self, schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]) -> None:
        self._signatures: list[tuple[VariableSignature, Coercer]] = []
        for definition in definitions:
            signature = get_variable_signature(schema, definition)
            assert not isinstance(signature, GraphQLError)  # noqa: S101 (or the document would not be valid)
            self._signatures.append((signature, build_coercer(signature.type)))

    def coerce(self, raw_values: dict[str, Any]) -> VariableValues:
        """Return their values. Raises NotCoercible or GraphQLError if one is invalid."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for signature, coerce in self._signatures:
            name = signature.name
            if name in raw_values:
                sources[name] = VariableValueSource(signature, raw_values[name])
                coerced[name] = coerce(raw_values[name])
                continue
            sources[name] = VariableValueSource(signature)
            if signature.default is not None:
                coerced[name] = coerce_default_value(signature)
            elif isinstance(signature.type, GraphQLNonNull):
                raise NotCoercible
        return VariableValues(sources, coerced)


class _VariableCollector(Visitor):
    """Collects the names of the variables in a node."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.names.add(node.name.value)


class FieldArguments:
    """The arguments of a selected field, as its resolver takes them."""

    def __init__(
        self, schema: GraphQLSchema, definition: GraphQLField, field: StrawberryField, node: FieldNode
    ) -> None:
        self._definition, self._field, self._node = definition, field, node
        strawberry_schema = get_strawberry_schema(schema)
        self._config = strawberry_schema.config
        self._scalars = strawberry_schema.schema_converter.scalar_registry
        names = {self._config.name_converter.from_argument(each): each.python_name for each in field.arguments}
        self._text_variables: dict[str, str] = {}
        """For arguments that are a text variable, the variable's name by the argument's Python name."""
        used = _VariableCollector()
        for argument in node.arguments or ():
            name = argument.name.value
            if isinstance(argument.value, VariableNode) and is_text_type(definition.args[name].type):
                self._text_variables[names[name]] = argument.value.name.value
            else:
                visit(argument, used)
        self._are_others_constant = not used.names
        self._constant_values: dict[str, Any] | None = None

    def coerce(self, variables: VariableValues) -> dict[str, Any]:
        """Return their values by Python names. Raises GraphQLError if one is invalid."""
        if self._constant_values is not None:
            values = {**self._constant_values}
            for name, variable in self._text_variables.items():
                text = variables.coerced.get(variable)
                if type(text) is not str:
                    break
                values[name] = text
            else:
                return values
        converted = self._convert(variables)
        if self._are_others_constant:
            self._constant_values = {
                name: value for name, value in converted.items() if name not in self._text_variables
            }
        return converted

    def _convert(self, variables: VariableValues) -> dict[str, Any]:
        raw = get_argument_values(self._definition, self._node, variables)
        return convert_arguments(raw, self._field.arguments, self._scalars, self._config)
