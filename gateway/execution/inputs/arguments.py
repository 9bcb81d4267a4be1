"""Variables and arguments of an operation that is executed again and again.

graphql-core and Strawberry coerce them, which takes longer than many a resolver does. Arguments without variables
are coerced once. A text that a variable hands to an argument goes as it is, which is what they make of it.
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
    Visitor,
    visit,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_argument_values
from graphql.utilities.coerce_input_value import coerce_default_value
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from gateway.execution.inputs.coercion import Coerce, NotCoercible, coercer, is_text


class Variables:
    """The variables of an operation of a valid document."""

    def __init__(self, schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]) -> None:
        self._signatures: list[tuple[GraphQLVariableSignature, Coerce]] = []
        for definition in definitions:
            signature = get_variable_signature(schema, definition)
            assert not isinstance(signature, GraphQLError)  # noqa: S101 (or the document would not be valid)
            self._signatures.append((signature, coercer(signature.type)))

    def values(self, given: dict[str, Any]) -> VariableValues:
        """Their values. Raises NotCoercible or GraphQLError where they are not what they should be."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for signature, coerce in self._signatures:
            name = signature.name
            if name in given:
                sources[name] = VariableValueSource(signature, given[name])
                coerced[name] = coerce(given[name])
                continue
            sources[name] = VariableValueSource(signature)
            if signature.default is not None:
                coerced[name] = coerce_default_value(signature)
            elif isinstance(signature.type, GraphQLNonNull):
                raise NotCoercible
        return VariableValues(sources, coerced)


class _Used(Visitor):
    """Collects the variables that stand somewhere in a node."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.names.add(node.name.value)


class Arguments:
    """The arguments of a field in one place of an operation, as its resolver takes them."""

    def __init__(
        self, schema: GraphQLSchema, definition: GraphQLField, field: StrawberryField, node: FieldNode
    ) -> None:
        self._definition, self._field, self._node = definition, field, node
        strawberry_schema = schema._strawberry_schema  # type: ignore[attr-defined]  # noqa: SLF001 (their own link)
        self._config = strawberry_schema.config
        self._scalars = strawberry_schema.schema_converter.scalar_registry
        names = {self._config.name_converter.from_argument(each): each.python_name for each in field.arguments}
        self._texts: dict[str, str] = {}
        """The variables of texts by what the resolver calls the argument that each of them is."""
        used = _Used()
        for argument in node.arguments or ():
            name = argument.name.value
            if isinstance(argument.value, VariableNode) and is_text(definition.args[name].type):
                self._texts[names[name]] = argument.value.name.value
            else:
                visit(argument, used)
        self._others_are_constant = not used.names
        self._others: dict[str, Any] | None = None

    def values(self, variables: VariableValues) -> dict[str, Any]:
        """Their values in one execution. Raises GraphQLError for those that are not what they should be."""
        if self._others is not None:
            found = {**self._others}
            for name, variable in self._texts.items():
                text = variables.coerced.get(variable)
                if type(text) is not str:
                    break
                found[name] = text
            else:
                return found
        converted = self._converted(variables)
        if self._others_are_constant:
            self._others = {name: value for name, value in converted.items() if name not in self._texts}
        return converted

    def _converted(self, variables: VariableValues) -> dict[str, Any]:
        raw = get_argument_values(self._definition, self._node, variables)
        return convert_arguments(raw, self._field.arguments, self._scalars, self._config)
