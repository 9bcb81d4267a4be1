"""The printed schema: equal to `schema.graphql`, with a description for everything."""

from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
)

from gateway.schema import schema

PRINTED = Path(__file__).parents[2] / "schema.graphql"


@pytest.fixture(scope="module")
def built() -> GraphQLSchema:
    return build_schema(PRINTED.read_text())


def test_schema_graphql_is_what_the_gateway_serves() -> None:
    assert PRINTED.read_text() == schema.as_str() + "\n", "run `gateway schema --output schema.graphql`"


def test_every_type_field_argument_and_value_has_a_description(built: GraphQLSchema) -> None:
    undescribed = []
    for name, type_ in built.type_map.items():
        if name.startswith("__") or name in {"String", "Int", "Float", "Boolean", "ID"}:
            continue
        described: list[tuple[str, str | None]] = [(name, type_.description)]
        if isinstance(type_, GraphQLEnumType):
            described += [(f"{name}.{word}", value.description) for word, value in type_.values.items()]
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            described += [(f"{name}.{key}", field.description) for key, field in type_.fields.items()]
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            described += [
                (f"{name}.{key}({argument_name})", argument.description)
                for key, field in type_.fields.items()
                for argument_name, argument in field.args.items()
            ]
        undescribed += [where for where, description in described if not description]
    assert undescribed == []


def test_the_one_of_inputs_are_these(built: GraphQLSchema) -> None:
    one_of = {
        name
        for name, type_ in built.type_map.items()
        if isinstance(type_, GraphQLInputObjectType) and type_.is_one_of
    }
    assert one_of == {"CreateIntegrationInput", "UpdateIntegrationInput", "ResourceConfigInput"}
