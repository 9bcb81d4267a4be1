"""The cost of arguments: that of each entry of lists, at any depth, and of other values with `@cost`.

It is computed of the variables as the client sent them, before anything else looks at their entries. So an
operation with too many entries is refused early, and the cost of the refusal grows linearly with the entries.
"""

from collections.abc import Mapping
from functools import cached_property, partial
from typing import Any, TypeAlias

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
)
from graphql.utilities import value_from_ast_untyped

from gateway.errors import LimitExceeded
from gateway.execution.limits.directives import Cost, find_directive
from gateway.execution.limits.units import Units, VariableMapping, add_units

_InputElement: TypeAlias = GraphQLArgument | GraphQLInputField

MAX_ENTRIES = 2_000
"""The maximum number of entries of a list in a variable. Each list has a lower bound, which its field checks."""

ENTRY_COST = 10
"""The cost of each entry of a list without `@cost`."""


def build_input_cost(name: str, element: _InputElement) -> "InputCost | None":
    """Return the cost of an argument or input field of this name; None if it costs nothing.

    Lists cost, and scalars with `@cost`: each as much as one entry, and JSON as much as the lists in it.
    """
    cost = find_directive(element, Cost)
    if cost is None and not _has_lists(element.type, set()):
        return None
    return InputCost(name, element.type, ENTRY_COST if cost is None else cost.weight)


def _has_lists(type_: GraphQLInputType, seen: set[str]) -> bool:
    if isinstance(get_nullable_type(type_), GraphQLList):
        return True
    named = get_named_type(type_)
    if not isinstance(named, GraphQLInputObjectType) or named.name in seen:
        return False
    seen.add(named.name)
    return any(_has_lists(field.type, seen) for field in named.fields.values())


class InputCost:
    """The cost of the value of an argument or input field."""

    def __init__(self, name: str, type_: GraphQLInputType, entry_cost: int) -> None:
        self._name = name
        self._is_list = isinstance(get_nullable_type(type_), GraphQLList)
        self._named_type = get_named_type(type_)
        self._entry_cost = entry_cost

    # Cached, not computed at once: a type may have fields of the same type.
    @cached_property
    def _fields(self) -> Mapping[str, "InputCost"]:
        """The lists of an input object, by field."""
        if not isinstance(self._named_type, GraphQLInputObjectType):
            return {}
        costs = {name: build_input_cost(name, field) for name, field in self._named_type.fields.items()}
        return {name: cost for name, cost in costs.items() if cost is not None}

    @cached_property
    def _is_scalar(self) -> bool:
        return not self._is_list and not isinstance(self._named_type, GraphQLInputObjectType)

    def evaluate(self, value: Any) -> int:  # noqa: ANN401 (raw or coerced)
        """Return the cost of a value, raw or coerced. Raises LimitExceeded above `MAX_ENTRIES`."""
        if self._is_scalar:
            return self._entry_cost * _count_entries(value)
        if not self._is_list or value is None:
            return self._evaluate_object(value)
        if not isinstance(value, list):
            # GraphQL coerces any other value to a list with one entry.
            return self._entry_cost + self._evaluate_object(value)
        if len(value) > MAX_ENTRIES:
            message = f"The list `{self._name}` has {len(value)} entries; at most {MAX_ENTRIES} are allowed."
            raise LimitExceeded(message, "entries", MAX_ENTRIES, len(value))
        below = sum(map(self._evaluate_object, value)) if self._fields else 0
        return len(value) * self._entry_cost + below

    def _evaluate_object(self, value: Any) -> int:  # noqa: ANN401 (raw or coerced)
        if not isinstance(value, dict):
            return 0
        return sum([cost.evaluate(value[name]) for name, cost in self._fields.items() if name in value])

    def build_units(self, node: ValueNode) -> Units:
        """Return the cost of a value in a document. It is a number unless the value has variables."""
        if isinstance(node, VariableNode):
            return partial(self._evaluate_variable, node.name.value)
        if self._is_scalar:
            return self.evaluate(value_from_ast_untyped(node))
        if isinstance(node, ListValueNode):
            entries = [self._build_object_units(entry) for entry in node.values]
            return add_units([len(node.values) * self._entry_cost, *entries])
        own = self._entry_cost if self._is_list and not isinstance(node, NullValueNode) else 0
        return add_units([own, self._build_object_units(node)])

    def _build_object_units(self, node: ValueNode) -> Units:
        if isinstance(node, VariableNode):
            name = node.name.value
            return lambda values: self._evaluate_object(values.get(name))
        if not isinstance(node, ObjectValueNode):
            return 0
        fields = self._fields
        return add_units(
            [fields[each.name.value].build_units(each.value) for each in node.fields if each.name.value in fields]
        )

    def _evaluate_variable(self, name: str, values: VariableMapping) -> int:
        return self.evaluate(values.get(name))


def _count_entries(value: object) -> int:
    """Return the number of entries that a scalar costs: those of all lists in JSON, none for null, or else one."""
    if not isinstance(value, list | dict):
        return int(value is not None)
    count, pending = 0, [value]
    while pending:
        each = pending.pop()
        if isinstance(each, list):
            count += len(each)
            pending += [entry for entry in each if isinstance(entry, list | dict)]
        elif isinstance(each, dict):
            pending += [entry for entry in each.values() if isinstance(entry, list | dict)]
    return count
