"""Coerces variables and arguments faster than graphql-core and Strawberry, with the same values."""

from gateway.execution.inputs.arguments import FieldArguments, OperationVariables
from gateway.execution.inputs.coercion import FormattedInput, LeafFormat, NotCoercible
from gateway.execution.inputs.input_objects import install_input_converters, set_leaf_format

__all__ = [
    "FieldArguments",
    "FormattedInput",
    "LeafFormat",
    "NotCoercible",
    "OperationVariables",
    "install_input_converters",
    "set_leaf_format",
]
