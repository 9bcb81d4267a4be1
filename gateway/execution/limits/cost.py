"""What an operation costs, known before it is executed.

It costs `TAKING_IN`, and what each field weighs that is selected, as often as the lists above it have entries: so
many as their arguments say, or as are assumed. Fields on types of which only one can be there all count. A field
that `@skip` or `@include` leaves out costs nothing.

The selections are walked once for each document. What is left is a number, or a function of the variables that
do arithmetic alone.
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

from gateway.execution.limits.cost_directives import Place, Weight, weights
from gateway.execution.limits.fragments import in_order
from gateway.execution.limits.size import INTROSPECTION, MOST

TAKING_IN = 100
"""What each operation costs besides its fields: to take it in and answer it takes as long as so many of them."""

INTROSPECTING = 50_000
"""What `__schema` or `__type` costs with all below it, which is never compiled."""

Values = Mapping[str, Any]
"""The values of an operation's variables, coerced."""

Units = int | Callable[[Values], int]
"""How many units, whatever the variables are, or by them."""


class Price(NamedTuple):
    """What an operation costs."""

    units: Units

    def of(self, values: Values) -> int:
        """In one execution; `MOST` stands for all beyond."""
        units = self.units
        return min(units if isinstance(units, int) else units(values), MOST)


class _Selected(NamedTuple):
    """What a selection set costs."""

    once: Units = 0
    for_each: Units = 0
    """In lists of which the field that holds the selection set says how many entries they have."""


def prices(schema: GraphQLSchema, document: DocumentNode) -> Iterator[Price]:
    """The price of each operation of a valid document."""
    pricing = _Pricing(weights(schema))
    for fragment in in_order(document):
        on = fragment.type_condition.name.value
        pricing.fragments[fragment.name.value] = pricing.selections(fragment.selection_set, on)
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            root = schema.get_root_type(operation.operation)
            found = _Selected() if root is None else pricing.selections(operation.selection_set, root.name)
            yield Price(_sum([TAKING_IN, found.once, found.for_each]))


class _Pricing:
    def __init__(self, weights: Mapping[Place, Weight]) -> None:
        self._weights = weights
        self.fragments: dict[str, _Selected] = {}

    def selections(self, selection_set: SelectionSetNode, type_name: str) -> _Selected:
        below = [
            _conditioned(self._selected(selection, type_name), selection.directives or ())
            for selection in selection_set.selections
        ]
        return _Selected(_sum([each.once for each in below]), _sum([each.for_each for each in below]))

    def _selected(self, selection: SelectionNode, type_name: str) -> _Selected:
        if isinstance(selection, FragmentSpreadNode):
            return self.fragments[selection.name.value]
        if isinstance(selection, InlineFragmentNode):
            on = selection.type_condition
            return self.selections(selection.selection_set, type_name if on is None else on.name.value)
        assert isinstance(selection, FieldNode)  # noqa: S101 (there is nothing else)
        weight = self._weights.get((type_name, selection.name.value))
        if weight is None:
            # A field of the language itself.
            return _Selected(INTROSPECTING if selection.name.value in INTROSPECTION else 1)
        return self._field(selection, weight)

    def _field(self, node: FieldNode, weight: Weight) -> _Selected:
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        arguments = [
            _product(_entries([given[name]], 0), units)
            for name, units in weight.arguments.items()
            if name in given
        ]
        own = _sum([weight.units, *arguments])
        if node.selection_set is None:
            return _Selected(own)
        once, for_each = self.selections(node.selection_set, weight.type_name)
        if weight.is_sized_above:
            return _Selected(own, _sum([once, for_each]))
        if weight.size is None:
            return _Selected(_sum([own, once, for_each]))
        asked = [given[name] for name in weight.size.slicing_arguments or () if name in given]
        count = _entries(asked, weight.size.assumed_size, weight.size.maximum or MOST)
        if weight.size.sized_fields:
            return _Selected(_sum([own, once, _product(count, for_each)]))
        return _Selected(_sum([own, _product(count, _sum([once, for_each]))]))


def _sum(units: Sequence[Units]) -> Units:
    constant = sum(each for each in units if isinstance(each, int))
    varying = [each for each in units if not isinstance(each, int)]
    if not varying:
        return constant
    if not constant and len(varying) == 1:
        return varying[0]
    return lambda values: constant + sum([each(values) for each in varying])


def _product(count: Units, units: Units) -> Units:
    if isinstance(count, int):
        if isinstance(units, int):
            return count * units
        return lambda values: count * units(values)
    if isinstance(units, int):
        return (lambda values: count(values) * units) if units else 0
    return lambda values: count(values) * units(values)


def _conditioned(selected: _Selected, directives: Sequence[DirectiveNode]) -> _Selected:
    """What a selection costs that may be left out."""
    for directive in directives:
        if directive.name.value not in ("skip", "include"):
            continue
        wanted = directive.name.value == "include"
        (value,) = [argument.value for argument in directive.arguments or ()]
        if isinstance(value, VariableNode):
            counts = _counts_if(value.name.value, wanted=wanted)
            selected = _Selected(_product(counts, selected.once), _product(counts, selected.for_each))
        elif isinstance(value, BooleanValueNode) and value.value is not wanted:
            selected = _Selected()
    return selected


def _counts_if(variable: str, *, wanted: bool) -> Callable[[Values], int]:
    return lambda values: values.get(variable) is wanted


def _entries(asked: Sequence[ValueNode], assumed: int, most: int = MOST) -> Units:
    """How many entries the first of these arguments asks for or has that is not null; if none, as is assumed."""
    said = [_said(value) for value in asked]

    def count(values: Values) -> int:
        for each in said:
            number = values.get(each) if isinstance(each, str) else each
            if number is not None:
                return max(0, min(len(number) if isinstance(number, list) else number, most))
        return assumed

    return count if any(isinstance(each, str) for each in said) else count({})


def _said(value: ValueNode) -> int | str | None:
    """How many entries an argument asks for or has, or the variable that tells; None for null."""
    if isinstance(value, IntValueNode):
        return int(value.value)
    if isinstance(value, VariableNode):
        return value.name.value
    if isinstance(value, ListValueNode):
        return len(value.values)
    # What is no list where one is wanted is read as a list of it.
    return None if isinstance(value, NullValueNode) else 1
