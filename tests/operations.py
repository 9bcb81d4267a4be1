"""Random operations over a schema: any field, any argument, fragments on any type, to a bounded depth."""

from collections.abc import Callable, Sequence

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

Literals = Callable[[str, str], SearchStrategy[str] | None]
"""Argument or input field name and type name, to literals of it; None where any will do."""

_SCALARS: dict[str, SearchStrategy[str]] = {
    "Int": st.integers(-1, 101).map(str),
    "Float": st.floats(allow_nan=False, allow_infinity=False).map(str),
    "Boolean": st.sampled_from(["true", "false"]),
    "String": st.sampled_from(['""', '"a"', '"%"', '"north"']),
    "ID": st.sampled_from(['"000000000000000000000000"', '"x"']),
    "DateTime": st.sampled_from(['"2025-03-09T08:00:00Z"', '"2026-06-01T00:00:00.500+02:00"']),
    "Date": st.just('"2025-03-09"'),
    "Time": st.sampled_from(['"08:00:00"', '"24:00:00"']),
    "TimeZone": st.sampled_from(['"UTC"', '"America/Chicago"', '"Mars/Base"']),
    "JSON": st.sampled_from(["{}", "1", '{a: [null, "b"]}']),
}
_MAX_DEPTH = 5


@st.composite
def literals(draw: DrawFn, name: str, type_: GraphQLInputType, chosen: Literals, depth: int) -> str:
    """A literal of an input type."""
    if isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    elif draw(st.integers(0, 9)) == 0:
        return "null"
    if isinstance(type_, GraphQLList):
        items = draw(st.lists(literals(name, type_.of_type, chosen, depth + 1), max_size=2))
        return f"[{', '.join(items)}]"
    if isinstance(type_, GraphQLInputObjectType):
        fields = {
            key: field
            for key, field in type_.fields.items()
            if is_required_input_field(field) or (depth < _MAX_DEPTH and draw(st.integers(0, 2)) == 0)
        }
        if type_.is_one_of:
            key = draw(st.sampled_from(sorted(type_.fields)))
            inner = draw(literals(key, GraphQLNonNull(type_.fields[key].type), chosen, depth + 1))
            return f"{{{key}: {inner}}}"
        parts = [f"{key}: {draw(literals(key, field.type, chosen, depth + 1))}" for key, field in fields.items()]
        return f"{{{', '.join(parts)}}}"
    if isinstance(type_, GraphQLEnumType):
        word: str = draw(st.sampled_from(sorted(type_.values)))
        return word
    assert isinstance(type_, GraphQLNamedType)
    special = chosen(name, type_.name)
    return draw(_SCALARS[type_.name] if special is None else special)


@st.composite
def _arguments(draw: DrawFn, arguments: dict[str, GraphQLArgument], chosen: Literals) -> str:
    given = [
        f"{name}: {draw(literals(name, argument.type, chosen, 0))}"
        for name, argument in arguments.items()
        if is_required_argument(argument) or draw(st.integers(0, 3)) == 0
    ]
    return f"({', '.join(given)})" if given else ""


@st.composite
def _field(
    draw: DrawFn, schema: GraphQLSchema, name: str, field: GraphQLField, chosen: Literals, depth: int, alias: str
) -> str:
    type_ = get_named_type(field.type)
    text = f"{alias}: {name}" + draw(_arguments(field.args, chosen))
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
        text += " " + draw(selections(schema, type_, chosen, depth + 1))
    return text


def _is_composite(field: GraphQLField) -> bool:
    return isinstance(get_named_type(field.type), GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)


@st.composite
def selections(
    draw: DrawFn,
    schema: GraphQLSchema,
    type_: GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType,
    chosen: Literals,
    depth: int = 0,
) -> str:
    """A selection set on a type, each field under an alias that no other field of the same level has."""
    parts = ["__typename"]
    if not isinstance(type_, GraphQLUnionType):
        names = [name for name, field in type_.fields.items() if depth < _MAX_DEPTH or not _is_composite(field)]
        if names:
            picked: Sequence[str] = draw(st.lists(st.sampled_from(sorted(names)), min_size=1, max_size=4))
            parts += [
                draw(_field(schema, name, type_.fields[name], chosen, depth, f"{type_.name}_{name}_{place}"))
                for place, name in enumerate(picked)
            ]
    if not isinstance(type_, GraphQLObjectType):
        for possible in draw(st.lists(st.sampled_from(schema.get_possible_types(type_)), unique=True, max_size=2)):
            parts.append(f"... on {possible.name} " + draw(selections(schema, possible, chosen, depth + 1)))
    return "{ " + " ".join(parts) + " }"


def queries(schema: GraphQLSchema, chosen: Literals) -> SearchStrategy[str]:
    """Random queries."""
    assert schema.query_type is not None
    return selections(schema, schema.query_type, chosen)


def mutations(schema: GraphQLSchema, chosen: Literals) -> SearchStrategy[str]:
    """Random mutations."""
    assert schema.mutation_type is not None
    return selections(schema, schema.mutation_type, chosen).map(lambda text: "mutation " + text)
