"""Parts of graphql-core and Strawberry that their documentation does not cover.

The other modules use them through this one only. A new release may change them without notice: pins in
`pyproject.toml` hold both libraries to one minor release. A test lists the names below.

`BaseExecutor` is Strawberry's executor: only it takes the arguments that `strawberry.Schema.execute` passes.
Of its methods, `CompilingExecutor` overrides `complete_value`, and calls `collect_subfields` and
`build_resolve_info`; graphql-core documents none of these three.
`collect_fields` groups root fields as the executor does, with fragments, `@skip` and `@include`.
`VariableSignature`, `VariableValueSource` and `get_variable_signature` build `graphql.VariableValues` without
`get_variable_values`, which walks input objects slowly.
`coerce_default_value` returns the default of a variable or an input field as the executor does.
"""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLResolveInfo, GraphQLSchema
from graphql.execution.collect_fields import FieldDetailsList, collect_fields
from graphql.execution.get_variable_signature import GraphQLVariableSignature as VariableSignature
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.schema import BaseSchema
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext as BaseExecutor
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

__all__ = [
    "BaseExecutor",
    "FieldDetailsList",
    "InputContext",
    "VariableSignature",
    "VariableValueSource",
    "build_info",
    "coerce_default_value",
    "collect_fields",
    "get_definition",
    "get_graphql_schema",
    "get_strawberry_schema",
    "get_variable_signature",
    "set_input_converter",
]

# Comparing overlapping fields takes quadratic time; the default, ten times as high, allows about a second.
# graphql-core reads the budget from its module only, so this holds for the whole process.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 50_000


def get_graphql_schema(schema: BaseSchema) -> GraphQLSchema:
    """Return the graphql-core schema that Strawberry built. Strawberry has no public attribute for it."""
    graphql_schema: GraphQLSchema = schema._schema  # type: ignore[attr-defined]  # noqa: SLF001
    return graphql_schema


def get_strawberry_schema(schema: GraphQLSchema) -> Any:  # noqa: ANN401 (strawberry.Schema, without its type parameters)
    """Return the Strawberry schema from which a graphql-core schema was built."""
    return schema._strawberry_schema  # type: ignore[attr-defined]  # noqa: SLF001


def get_definition(element: Any) -> Any:  # noqa: ANN401 (each kind of element has its own kind of definition)
    """Return Strawberry's definition of a type, field or argument of the graphql-core schema; None without one."""
    return element.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)


def set_input_converter(
    definition: StrawberryObjectDefinition, convert: Callable[[type, Mapping[str, Any], InputContext], object]
) -> None:
    """Have an input type build its values by a function, unless it already does.

    Strawberry documents `from_input` for code that creates definitions, not for ones that exist.
    """
    if definition.from_input is None:
        definition.from_input = convert


def build_info(raw_info: GraphQLResolveInfo[Any], field: StrawberryField) -> Info[Any, Any]:
    """Return the `strawberry.Info` of a resolver call. Only the executor creates them otherwise."""
    return Info(_raw_info=raw_info, _field=field)
