"""The values that questions give to arguments."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, product

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_required_input_field,
)

from gateway.domain.lenient_reading import Json

CURSOR = "<cursor>"
"""Stands for a cursor in the middle of the question's own list."""


class MissingSample(LookupError):
    """The schema has an argument or input field without a sample value."""

    def __init__(self, coordinate: str) -> None:
        super().__init__(
            f"{coordinate} has no sample value; add one to tests/benchmarks/questions/samples.py, under this name."
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """A value of an argument."""

    value: Json
    label: str = ""
    """Its name in questions; the value itself when empty."""
    also: Mapping[str, Json] = field(default_factory=dict)
    """Values of other arguments of the field that go with it."""
    records: int = 0
    """The number of records that are part of the answer, or that the question asks to skip."""

    @property
    def text(self) -> str:
        return self.label or _describe(self.value)


def _describe(value: Json) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_describe(each)}' for key, each in value.items())}}}"
    return f"[{', '.join(map(_describe, value))}]" if isinstance(value, list) else str(value)


Samples = Mapping[str, Sequence[Sample]]
"""Sample values by coordinate, such as `Query.useCase(id:)` or `StringFilter.eq`, or by the name alone."""


def list_samples(samples: Samples, type_: GraphQLInputType, coordinate: str, name: str) -> list[Sample]:
    """Return values of an argument or input field: given ones, then each member of an enum.

    Raises MissingSample for a scalar without a given value.
    """
    return [*_list_samples(samples, type_, coordinate, name, ())]


def _list_samples(
    samples: Samples, type_: GraphQLInputType, coordinate: str, name: str, outer: tuple[str, ...]
) -> Iterator[Sample]:
    given = samples.get(coordinate, samples.get(name, ()))
    yield from given
    named = get_named_type(type_)
    unwrapped = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    wrap = isinstance(unwrapped, GraphQLList)
    found: Iterator[Sample]
    if isinstance(named, GraphQLEnumType):
        found = map(Sample, named.values)
    elif isinstance(named, GraphQLInputObjectType):
        # Inside itself, such as in `and`, one object is enough.
        found = islice(_list_objects(samples, named, outer), 1 if named.name in outer else None)
    elif named.name == "Boolean":
        found = map(Sample, (True, False))
    elif given:
        return
    else:
        raise MissingSample(coordinate)
    for sample in found:
        value: Json = [sample.value] if wrap else sample.value
        if all(value != each.value for each in given):
            yield replace(sample, value=value)


def _list_objects(samples: Samples, type_: GraphQLInputObjectType, outer: tuple[str, ...]) -> Iterator[Sample]:
    """Yield an object for each value of each field, with the required ones. `outer` are the types around it."""

    def list_values(name: str) -> list[Sample]:
        inner = type_.fields[name].type
        return [*_list_samples(samples, inner, f"{type_.name}.{name}", name, (*outer, type_.name))]

    fields = {name: each for name, each in type_.fields.items() if get_named_type(each.type).name not in outer}
    required = [name for name, each in fields.items() if is_required_input_field(each)]
    optional = [name for name in fields if name not in required]
    for base in product(*map(list_values, required)):
        values = {name: sample.value for name, sample in zip(required, base, strict=True)}
        if values:
            yield Sample(values)
        for name in optional:
            yield from (Sample({**values, name: sample.value}) for sample in list_values(name))
