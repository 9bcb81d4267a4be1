"""The root fields of an operation with their arguments."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import Executor, GraphQLError, GraphQLObjectType, get_argument_values

from gateway.execution._private import collect_fields


class RootFieldCall(NamedTuple):
    """A root field of an operation."""

    name: str
    arguments: Mapping[str, Any] | None
    """The coerced arguments by GraphQL names, defaults included; None if one cannot be coerced."""


def list_root_fields(executor: Executor[Any], root_type: GraphQLObjectType) -> Mapping[str, RootFieldCall]:
    """Return the root fields of an operation by response key, in their order, without `__typename`."""
    schema, variables = executor.schema, executor.variable_values
    collected = collect_fields(schema, executor.fragments, variables, root_type, executor.operation)
    calls: dict[str, RootFieldCall] = {}
    for response_key, details in collected.grouped_field_set.items():
        node = details[0].node
        definition = root_type.fields.get(node.name.value)
        if definition is None:
            continue
        try:
            arguments = get_argument_values(definition, node, variables)
        except GraphQLError:
            arguments = None  # The field will report it.
        calls[response_key] = RootFieldCall(node.name.value, arguments)
    return calls
