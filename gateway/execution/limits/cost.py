"""The cost of an operation, computed before it runs.

The cost is `BASE_COST` plus the cost of each selected field, multiplied by the sizes of the lists above it.
Arguments give the size of a list; otherwise it is assumed. Fields on several possible types all count.
A field that `@skip` or `@include` leaves out costs nothing.

The selections are walked once for each document. The result is a number, or a function of the variables.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

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
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)
from graphql.utilities import value_from_ast_untyped

from gateway.execution.limits.directives import ListSize
from gateway.execution.limits.field_costs import ArgumentsCost, FieldCoordinate, FieldCost, get_field_costs
from gateway.execution.limits.fragments import sort_fragments
from gateway.execution.limits.size import INTROSPECTION_FIELDS, MAX_INT32
from gateway.execution.limits.units import (
    Units,
    VariableMapping,
    add_units,
    evaluate_units,
    multiply_units,
)

BASE_COST = 400
"""The cost of an operation without its fields: to read and answer a request takes as long as 400 fields."""

INTROSPECTION_COST = 50_000
"""The cost of `__schema` or `__type` with all fields below it, which are never compiled."""

_TOTAL_COUNT = "totalCount"
"""The field of a connection whose cost may depend on the connection's arguments."""


class OperationCost(NamedTuple):
    """The cost of an operation."""

    units: Units
    input_units: Units = 0
    """The part of it that is the cost of arguments, each once."""

    def evaluate(self, values: VariableMapping) -> int:
        """Return the cost with these coerced variables, at most `MAX_INT32`."""
        return min(evaluate_units(self.units, values), MAX_INT32)

    def evaluate_inputs(self, raw_values: VariableMapping) -> int:
        """Return the cost of arguments with these variables, which are not yet coerced; 0 if none costs."""
        units = self.input_units
        return 0 if isinstance(units, int) else min(BASE_COST + units(raw_values), MAX_INT32)


class _SelectionCost(NamedTuple):
    """The cost of a selection set."""

    once: Units = 0
    per_entry: Units = 0
    """The cost for each entry of lists whose size the parent field declares."""
    inputs: Units = 0
    """The cost of arguments, which is a part of the others, as if each field were selected once."""
    counts: Units = 0
    """The number of selected fields `totalCount`."""


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
            yield OperationCost(add_units([BASE_COST, found.once, found.per_entry]), found.inputs)


class _CostCalculator:
    def __init__(self, field_costs: Mapping[FieldCoordinate, FieldCost]) -> None:
        self._field_costs = field_costs
        self.fragments: dict[str, _SelectionCost] = {}

    def compute_selection_set(self, selection_set: SelectionSetNode, type_name: str) -> _SelectionCost:
        below = [
            _apply_conditions(self._compute_selection(selection, type_name), selection.directives or ())
            for selection in selection_set.selections
        ]
        return _SelectionCost(
            add_units([each.once for each in below]),
            add_units([each.per_entry for each in below]),
            add_units([each.inputs for each in below]),
            add_units([each.counts for each in below]),
        )

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
        inputs = add_units(
            [
                input_cost.build_units(argument_values[name])
                for name, input_cost in field_cost.arguments.items()
                if name in argument_values
            ]
        )
        further = _build_arguments_units(field_cost.arguments_cost, argument_values)
        own = add_units([field_cost.units, inputs, further])
        if node.selection_set is None:
            return _SelectionCost(own, 0, inputs, int(node.name.value == _TOTAL_COUNT))
        below = self.compute_selection_set(node.selection_set, field_cost.type_name)
        of_count = _build_arguments_units(field_cost.count_cost, argument_values)
        own = add_units([own, multiply_units(below.counts, of_count)])
        once, per_entry = below.once, below.per_entry
        inputs = add_units([inputs, below.inputs])
        if field_cost.is_sized_by_parent:
            return _SelectionCost(own, add_units([once, per_entry]), inputs)
        if field_cost.list_size is None:
            return _SelectionCost(add_units([own, once, per_entry]), 0, inputs)
        count = _count_list(field_cost.list_size, argument_values)
        if field_cost.list_size.sized_fields:
            return _SelectionCost(add_units([own, once, multiply_units(count, per_entry)]), 0, inputs)
        return _SelectionCost(add_units([own, multiply_units(count, add_units([once, per_entry]))]), 0, inputs)


def _build_arguments_units(cost: ArgumentsCost | None, arguments: Mapping[str, ValueNode]) -> Units:
    """Return the further cost of a field with these arguments."""
    if cost is None:
        return 0

    def evaluate(values: VariableMapping) -> int:
        return cost({name: value_from_ast_untyped(node, {**values}) for name, node in arguments.items()})

    return evaluate if any(map(_has_variables, arguments.values())) else evaluate({})


def _has_variables(value: ValueNode) -> bool:
    if isinstance(value, ListValueNode):
        return any(map(_has_variables, value.values))
    if isinstance(value, ObjectValueNode):
        return any(_has_variables(field.value) for field in value.fields)
    return isinstance(value, VariableNode)


def _count_list(list_size: ListSize, arguments: Mapping[str, ValueNode]) -> Units:
    """Return the size of a list with these arguments."""
    values = [arguments[name] for name in list_size.slicing_arguments or () if name in arguments]
    return _count_entries(values, list_size.assumed_size, list_size.maximum or MAX_INT32)


def _apply_conditions(selection_cost: _SelectionCost, directives: Sequence[DirectiveNode]) -> _SelectionCost:
    """Return the cost of a selection with `@skip` and `@include` applied."""
    for directive in directives:
        if directive.name.value not in ("skip", "include"):
            continue
        is_included = directive.name.value == "include"
        (value,) = [argument.value for argument in directive.arguments or ()]
        if isinstance(value, VariableNode):
            condition = _build_condition(value.name.value, expected=is_included)
            selection_cost = _SelectionCost(*[multiply_units(condition, units) for units in selection_cost])
        elif isinstance(value, BooleanValueNode) and value.value is not is_included:
            selection_cost = _SelectionCost()
    return selection_cost


def _build_condition(variable: str, *, expected: bool) -> Callable[[VariableMapping], int]:
    return lambda values: values.get(variable) is expected


def _count_entries(size_arguments: Sequence[ValueNode], assumed_size: int, maximum: int = MAX_INT32) -> Units:
    """Return the size that the first non-null argument gives; the assumed size if there is none."""
    sizes = [_read_size(value) for value in size_arguments]

    def count_entries(values: VariableMapping) -> int:
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
