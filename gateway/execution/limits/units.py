"""Units of cost: numbers, or functions that compute numbers from the variables."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

VariableMapping: TypeAlias = Mapping[str, Any]
"""The variables of an operation, coerced or as the client sent them."""

Units: TypeAlias = int | Callable[[VariableMapping], int]
"""A number, or a function that computes it from the variables."""


def add_units(units: Sequence[Units]) -> Units:
    """Return the sum."""
    constant = sum(each for each in units if isinstance(each, int))
    varying = [each for each in units if not isinstance(each, int)]
    if not varying:
        return constant
    if not constant and len(varying) == 1:
        return varying[0]
    return lambda values: constant + sum([each(values) for each in varying])


def multiply_units(count: Units, units: Units) -> Units:
    """Return the product."""
    if isinstance(count, int):
        if isinstance(units, int):
            return count * units
        return lambda values: count * units(values)
    if isinstance(units, int):
        return (lambda values: count(values) * units) if units else 0
    return lambda values: count(values) * units(values)


def evaluate_units(units: Units, values: VariableMapping) -> int:
    """Return the number with these variables."""
    return units if isinstance(units, int) else units(values)
