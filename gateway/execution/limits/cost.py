"""The cost of an operation, computed before it runs.

The cost is `BASE_COST` plus the cost of each selected field, multiplied by the sizes of the lists above it.
Arguments give the size of a list; otherwise it is assumed. Fields on several possible types all count.
A field that `@skip` or `@include` leaves out costs nothing.

The selections are walked once for each document. The result is a number, or a function of the variables.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

from gateway.execution.limits.cost_directives import FieldCoordinate, FieldCost, get_field_costs
from gateway.execution.limits.fragments import sort_fragments
from gateway.execution.limits.size import INTROSPECTION_FIELDS, MAX_INT32

BASE_COST = 100
"""The cost of an operation without its fields: to read and answer a request takes as long as 100 fields."""

INTROSPECTION_COST = 50_000
"""The cost of `__schema` or `__type` with all fields below it, which are never compiled."""

CoercedVariables = Mapping[str, Any]
"""The coerced variables of an operation."""

Units = int | Callable[[CoercedVariables], int]
"""A number, or a function that computes it from the variables."""


class OperationCost(NamedTuple):
    """The cost of an operation."""

    units: Units

    def evaluate(self, values: CoercedVariables) -> int:
        """Return the cost with these variables, at most `MAX_INT32`."""
        units = self.units
        return min(units if isinstance(units, int) else units(values), MAX_INT32)


class _SelectionCost(NamedTuple):
    """The cost of a selection set."""

    once: Units = 0
    per_entry: Units = 0
    """The cost for each entry of lists whose size the parent field declares."""


def compute_operation_costs(schema: GraphQLSchema, document: DocumentNode) -> Iterator[OperationCost]:
    """Yield the cost of each operation of a valid document, in document order.

    Raises LookupError if the schema has a list of objects without a declared size.
    """
    calculator = _CostCalculator(get_field_costs(schema))
    for fragment in sort_fragments(document):
        on = fragment.type_condition.name.value
        calculator.fragments[fragment.name.value] = calculator.compute_selection_set(fragment.selection_set, on)
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            root = schema.get_root_type(operation.operation)
            found = (
                _SelectionCost()
                if root is None
                else calculator.compute_selection_set(operation.selection_set, root.name)
            )
            yield OperationCost(_add([BASE_COST, found.once, found.per_entry]))


class _CostCalculator:
    def __init__(self, field_costs: Mapping[FieldCoordinate, FieldCost]) -> None:
        self._field_costs = field_costs
        self.fragments: dict[str, _SelectionCost] = {}

    def compute_selection_set(self, selection_set: SelectionSetNode, type_name: str) -> _SelectionCost:
        below = [
            _apply_conditions(self._compute_selection(selection, type_name), selection.directives or ())
            for selection in selection_set.selections
        ]
        return _SelectionCost(_add([each.once for each in below]), _add([each.per_entry for each in below]))

    def _compute_selection(self, selection: SelectionNode, type_name: str) -> _SelectionCost:
        if isinstance(selection, FragmentSpreadNode):
            return self.fragments[selection.name.value]
        if isinstance(selection, InlineFragmentNode):
            on = selection.type_condition
            return self.compute_selection_set(selection.selection_set, type_name if on is None else on.name.value)
        assert isinstance(selection, FieldNode)  # noqa: S101 (there is no other kind)
        field_cost = self._field_costs.get((type_name, selection.name.value))
        if field_cost is None:
            # `__typename` or introspection.
            return _SelectionCost(INTROSPECTION_COST if selection.name.value in INTROSPECTION_FIELDS else 1)
        return self._compute_field(selection, field_cost)

    def _compute_field(self, node: FieldNode, field_cost: FieldCost) -> _SelectionCost:
        argument_values = {argument.name.value: argument.value for argument in node.arguments or ()}
        arguments = [
            _multiply(_count_entries([argument_values[name]], 0), units)
            for name, units in field_cost.argument_units.items()
            if name in argument_values
        ]
        own = _add([field_cost.units, *arguments])
        if node.selection_set is None:
            return _SelectionCost(own)
        once, for_each = self.compute_selection_set(node.selection_set, field_cost.type_name)
        if field_cost.is_sized_by_parent:
            return _SelectionCost(own, _add([once, for_each]))
        if field_cost.list_size is None:
            return _SelectionCost(_add([own, once, for_each]))
        slicing_values = [
            argument_values[name]
            for name in field_cost.list_size.slicing_arguments or ()
            if name in argument_values
        ]
        count = _count_entries(
            slicing_values, field_cost.list_size.assumed_size, field_cost.list_size.maximum or MAX_INT32
        )
        if field_cost.list_size.sized_fields:
            return _SelectionCost(_add([own, once, _multiply(count, for_each)]))
        return _SelectionCost(_add([own, _multiply(count, _add([once, for_each]))]))


def _add(units: Sequence[Units]) -> Units:
    constant = sum(each for each in units if isinstance(each, int))
    varying = [each for each in units if not isinstance(each, int)]
    if not varying:
        return constant
    if not constant and len(varying) == 1:
        return varying[0]
    return lambda values: constant + sum([each(values) for each in varying])


def _multiply(count: Units, units: Units) -> Units:
    if isinstance(count, int):
        if isinstance(units, int):
            return count * units
        return lambda values: count * units(values)
    if isinstance(units, int):
        return (lambda values: count(values) * units) if units else 0
    return lambda values: count(values) * units(values)


def _apply_conditions(selection_cost: _SelectionCost, directives: Sequence[DirectiveNode]) -> _SelectionCost:
    """Return the cost of a selection with `@skip` and `@include` applied."""
    for directive in directives:
        if directive.name.value not in ("skip", "include"):
            continue
        is_included = directive.name.value == "include"
        (value,) = [argument.value for argument in directive.arguments or ()]
        if isinstance(value, VariableNode):
            condition = _build_condition(value.name.value, expected=is_included)
            selection_cost = _SelectionCost(
                _multiply(condition, selection_cost.once), _multiply(condition, selection_cost.per_entry)
            )
        elif isinstance(value, BooleanValueNode) and value.value is not is_included:
            selection_cost = _SelectionCost()
    return selection_cost


def _build_condition(variable: str, *, expected: bool) -> Callable[[CoercedVariables], int]:
    return lambda values: values.get(variable) is expected


def _count_entries(size_arguments: Sequence[ValueNode], assumed_size: int, maximum: int = MAX_INT32) -> Units:
    """Return the size that the first non-null argument gives; the assumed size if there is none."""
    sizes = [_read_size(value) for value in size_arguments]

    def count_entries(values: CoercedVariables) -> int:
        for each in sizes:
            number = values.get(each) if isinstance(each, str) else each
            if number is not None:
                return max(0, min(len(number) if isinstance(number, list) else number, maximum))
        return assumed_size

    return count_entries if any(isinstance(each, str) for each in sizes) else count_entries({})


def _read_size(value: ValueNode) -> int | str | None:
    """Return the size that an argument gives, or the name of its variable; None for null."""
    if isinstance(value, IntValueNode):
        return int(value.value)
    if isinstance(value, VariableNode):
        return value.name.value
    if isinstance(value, ListValueNode):
        return len(value.values)
    # GraphQL coerces any other value to a list with one entry.
    return None if isinstance(value, NullValueNode) else 1
