"""The costs of fields: 1, unless `@cost` declares more, multiplied by the list sizes that `@listSize` declares."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from graphql import (
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

from gateway.execution._private import get_definition
from gateway.execution.limits.directives import Cost, ListSize, find_directive
from gateway.execution.limits.input_costs import InputCost, build_input_cost

ARGUMENTS_COST = "arguments_cost"
"""The key of a field's metadata for an `ArgumentsCost`, where `@cost` cannot express what an argument costs."""

COUNT_COST = "count_cost"
"""The key of a connection's metadata for an `ArgumentsCost` of each `totalCount` that is selected of it."""

ArgumentsCost: TypeAlias = Callable[[Mapping[str, object]], int]
"""Takes the given arguments by name: coerced variables, and literals as they stand in the document."""

FieldCoordinate = tuple[str, str]
"""The names of a type and of a field of it."""


@dataclass(frozen=True, slots=True)
class FieldCost:
    """The cost of one field."""

    units: int
    arguments: Mapping[str, InputCost]
    """The cost of arguments, for those that cost something."""
    arguments_cost: ArgumentsCost | None
    """Computes a further cost."""
    count_cost: ArgumentsCost | None
    """Computes a further cost of each selected `totalCount`."""
    type_name: str
    """The type of the fields below."""
    list_size: ListSize | None
    is_sized_by_parent: bool
    """Whether it is a list whose size its parent field declares."""


@cache
def get_field_costs(schema: GraphQLSchema) -> Mapping[FieldCoordinate, FieldCost]:
    """Return the cost of each field. Raises LookupError for a list of objects without a declared size."""
    fields = {
        (type_.name, name): field
        for type_ in _list_composite_types(schema)
        for name, field in type_.fields.items()
    }
    sizes = {coordinate: find_directive(field, ListSize) for coordinate, field in fields.items()}
    sized_by_parent = {
        (get_named_type(fields[coordinate].type).name, name)
        for coordinate, size in sizes.items()
        if size is not None
        for name in size.sized_fields or ()
    }
    field_costs = {}
    for coordinate, field in fields.items():
        size, cost, type_ = sizes[coordinate], find_directive(field, Cost), get_named_type(field.type)
        is_list = _is_list(field.type) and not is_leaf_type(type_)
        if is_list and size is None and coordinate not in sized_by_parent:
            raise LookupError(f"{'.'.join(coordinate)} is a list; declare its size by `ListSize`.")
        units = 1 if cost is None else cost.weight
        input_costs = {name: build_input_cost(name, argument) for name, argument in field.args.items()}
        arguments = {name: each for name, each in input_costs.items() if each is not None}
        metadata: Mapping[str, ArgumentsCost] = getattr(get_definition(field), "metadata", {})
        field_costs[coordinate] = FieldCost(
            units,
            arguments,
            metadata.get(ARGUMENTS_COST),
            metadata.get(COUNT_COST),
            type_.name,
            size,
            is_sized_by_parent=coordinate in sized_by_parent,
        )
    return field_costs


def _list_composite_types(schema: GraphQLSchema) -> Iterator[GraphQLObjectType | GraphQLInterfaceType]:
    for name, type_ in schema.type_map.items():
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__"):
            yield type_


def _is_list(type_: GraphQLOutputType) -> bool:
    nullable = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    return isinstance(nullable, GraphQLList)
