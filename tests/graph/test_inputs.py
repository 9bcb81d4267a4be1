"""Coercion of input values: the same results as graphql-core and Strawberry."""

from contextlib import suppress
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLInputObjectType, GraphQLNonNull, Undefined, parse_const_value
from graphql.utilities.coerce_input_value import coerce_input_literal, coerce_input_value
from graphql.utilities.value_from_ast_untyped import value_from_ast_untyped
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.types.arguments import convert_argument
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.utils.str_converters import to_camel_case

from gateway.domain.calendar.instants import format_instant
from gateway.domain.records import KINDS_BY_MEMBER
from gateway.execution.inputs.coercion import NotCoercible, build_coercer
from gateway.schema import schema
from gateway.schema.inputs import get_provided_fields, to_document, to_document_value
from gateway.schema.resource_records import to_record_input
from gateway.services.resource_records import RecordInput
from tests.support.operations import literals

INPUTS = {
    name: definition
    for name, concrete in schema.schema_converter.type_map.items()
    if isinstance(definition := concrete.definition, StrawberryObjectDefinition) and definition.is_input
}


@pytest.mark.parametrize("name", INPUTS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_an_input_object_equals_the_one_of_strawberry(name: str, data: st.DataObject) -> None:
    type_ = schema._schema.type_map[name]
    assert isinstance(type_, GraphQLInputObjectType)
    literal = data.draw(literals("input", GraphQLNonNull(type_), lambda _name, _type: None, 0))
    try:
        value = coerce_input_literal(parse_const_value(literal), type_)
    except StrawberryInputCoercionError:
        value = Undefined
    assume(value is not Undefined)
    actual = convert(name, value)
    with pytest.MonkeyPatch.context() as monkeypatch:
        for definition in INPUTS.values():
            assert definition.from_input is not None
            monkeypatch.setattr(definition, "from_input", None)
        expected = convert(name, value)
    if name == "ResourceRecordInput":
        assert actual == value
        assert to_record_input(value) == build_record_input(expected)
    else:
        assert actual == expected


def build_record_input(expected: Any) -> RecordInput:
    """Return the input of the services for an input object of Strawberry."""
    ((member, config),) = get_provided_fields(expected.config).items()
    kind = KINDS_BY_MEMBER[to_camel_case(member)]
    return RecordInput(
        kind, to_document(config), expected.logical_id, expected.created_at and format_instant(expected.created_at)
    )


@pytest.mark.parametrize("name", INPUTS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_a_value_is_coerced_as_by_graphql_core(name: str, data: st.DataObject) -> None:
    type_ = schema._schema.type_map[name]
    assert isinstance(type_, GraphQLInputObjectType)
    literal = data.draw(literals("input", GraphQLNonNull(type_), lambda _name, _type: None, 0))
    value = value_from_ast_untyped(parse_const_value(literal))
    if data.draw(st.booleans()):
        spoil(value, data)
    expected = Undefined
    with suppress(GraphQLError):  # Strawberry raises it for oneOf input objects.
        expected = coerce_input_value(value, type_)
    coerced = Undefined
    with suppress(NotCoercible, GraphQLError):
        coerced = build_coercer(type_)(value)
    # A record is coerced into the spelling of the documents.
    assert coerced == (
        to_document_value(expected) if name == "ResourceRecordInput" and expected is not Undefined else expected
    )


def spoil(value: Any, data: st.DataObject) -> None:
    """Replace, remove or add a random key."""
    key = data.draw(st.sampled_from([*value, "unknown"]))
    child = value.get(key)
    if isinstance(child, dict) and child and data.draw(st.booleans()):
        spoil(child, data)
    elif key in value and data.draw(st.booleans()):
        del value[key]
    else:
        value[key] = data.draw(st.sampled_from([None, 1, 1.5, True, "x", [], [None], ["x"], {}]))


def convert(name: str, value: object) -> object:
    return convert_argument(value, INPUTS[name].origin, schema.schema_converter.scalar_registry, schema.config)
