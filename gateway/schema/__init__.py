"""The GraphQL layer: types, resolvers, and the translation of refusals into errors.

Resolvers call `gateway.services`, which check permissions and input. `gateway.execution` compiles and limits
operations. This package exports the executable schema, the context of an operation, and its limits.
"""

from gateway.schema.answer_budget import AnswerBudget
from gateway.schema.context import Context
from gateway.schema.operation_limits import OperationBudget, OperationLimits
from gateway.schema.root_types import schema

__all__ = ["AnswerBudget", "Context", "OperationBudget", "OperationLimits", "schema"]
