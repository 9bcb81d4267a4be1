"""GraphQL words in, GraphQL words out; no business."""

from gateway.schema.allowances import OperationBudget, OperationLimits
from gateway.schema.context import Context
from gateway.schema.root_types import schema

__all__ = ["Context", "OperationBudget", "OperationLimits", "schema"]
