"""Limits of documents and costs of operations, known before an operation runs."""

from gateway.execution.limits.cost import OperationCost, compute_operation_costs
from gateway.execution.limits.directives import Cost, ListSize
from gateway.execution.limits.document_limits import DocumentLimits
from gateway.execution.limits.field_costs import ARGUMENTS_COST, COUNT_COST, ArgumentsCost

__all__ = [
    "ARGUMENTS_COST",
    "COUNT_COST",
    "ArgumentsCost",
    "Cost",
    "DocumentLimits",
    "ListSize",
    "OperationCost",
    "compute_operation_costs",
]
