"""Input objects are made quickly, and as Strawberry makes them."""

import pytest
from graphql import GraphQLInputObjectType, GraphQLNonNull, Undefined, parse_const_value
from graphql.utilities.coerce_input_value import coerce_input_literal
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.types.arguments import convert_argument
from strawberry.types.base import StrawberryObjectDefinition

from gateway.schema import schema
from tests.operations import literals

INPUTS = {
    name: definition
    for name, concrete in schema.schema_converter.type_map.items()
    if isinstance(definition := concrete.definition, StrawberryObjectDefinition) and definition.is_input
}


@pytest.mark.parametrize("name", INPUTS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_an_input_object_is_what_strawberry_makes_of_it(name: str, data: st.DataObject) -> None:
    type_ = schema._schema.type_map[name]
    assert isinstance(type_, GraphQLInputObjectType)
    literal = data.draw(literals("input", GraphQLNonNull(type_), lambda _name, _type: None, 0))
    try:
        value = coerce_input_literal(parse_const_value(literal), type_)
    except StrawberryInputCoercionError:
        value = Undefined
    assume(value is not Undefined)
    quick = _converted(name, value)
    with pytest.MonkeyPatch.context() as monkeypatch:
        for definition in INPUTS.values():
            assert definition.from_input is not None
            monkeypatch.setattr(definition, "from_input", None)
        assert quick == _converted(name, value)


def _converted(name: str, value: object) -> object:
    return convert_argument(value, INPUTS[name].origin, schema.schema_converter.scalar_registry, schema.config)
