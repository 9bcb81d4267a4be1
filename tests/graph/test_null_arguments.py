"""Null in an argument that selects rows means the same as an absent argument, and the description says what."""

import re
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
)

from gateway.schema import schema
from tests.support.factories import connected, record, store, use_case, use_case_group
from tests.support.gateway import Gateway

PAGE_ARGUMENTS = {"first", "after", "last", "before", "offset"}
MEANING = re.compile(r"\bNull( or blank| or empty)?: [a-z]")
CLINIC = "clinic"
INTEGRATION_ID = f'integrationId: "{CLINIC}"'
REQUIRED = {
    "integration": f'id: "{CLINIC}"',
    "appointmentStatistics": INTEGRATION_ID,
    "patientStatistics": INTEGRATION_ID,
}
"""The required arguments of root fields."""


def _selects_rows(field: GraphQLField) -> bool:
    return get_named_type(field.type).name.endswith(("Connection", "Statistics", "Integration"))


NULLABLE: dict[str, GraphQLArgument] = {
    f"{type_.name}.{name}({argument_name}:)": argument
    for type_ in schema._schema.type_map.values()
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
    for name, field in type_.fields.items()
    if _selects_rows(field)
    for argument_name, argument in field.args.items()
    if argument_name not in PAGE_ARGUMENTS and not isinstance(argument.type, GraphQLNonNull)
}
"""The nullable arguments that choose what is listed or counted, by their coordinates."""


def _select(field: str) -> str:
    if field.endswith("Statistics"):
        return "{ overview { total } trends { day successful } source { value count } }"
    return "{ id }" if field == "integration" else "{ totalCount nodes { __typename id } }"


def _write_query(type_name: str, field: str, opening: str, arguments: str) -> str:
    """Return a query of a field at the root, or below an integration."""
    below = f"{field}{arguments and f'({arguments})'} {_select(field)}"
    if type_name == "Query":
        return f"{opening} {{ {below} }}"
    return f'{opening} {{ integration(id: "{CLINIC}") {{ ... on {type_name} {{ {below} }} }} }}'


def test_these_arguments_are_found() -> None:
    names = {coordinate.partition(".")[2] for coordinate in NULLABLE}
    assert names >= {
        "useCases(status:)",
        "resourceRecords(type:)",
        "integrations(filter:)",
        "integration(createdBy:)",
    }
    assert names >= {
        f"appointmentStatistics({name}:)" for name in ("appointmentType", "search", "days", "timezone")
    }


@pytest.mark.parametrize("coordinate", NULLABLE)
def test_the_description_says_what_null_means(coordinate: str) -> None:
    assert MEANING.search(NULLABLE[coordinate].description or "")


async def test_null_means_the_same_as_an_absent_argument(gateway: Gateway) -> None:
    await store(gateway.database, connected(CLINIC), connected("other"), use_case_group("g", CLINIC))
    await store(
        gateway.database,
        *(use_case(status, CLINIC, status=status) for status in ("active", "inactive")),
        *(record(type_, CLINIC, {"type": type_}) for type_ in ("appointments", "patients", "locations")),
    )
    client = await gateway.client()
    differences: list[tuple[str, Any]] = []
    for coordinate, argument in NULLABLE.items():
        type_name, field, name = re.split(r"[.(]", coordinate.removesuffix(":)"))
        required = REQUIRED.get(field, "") if type_name == "Query" else ""
        absent = await client.data(_write_query(type_name, field, "query", required))
        literal = _write_query(type_name, field, "query", f"{required} {name}: null")
        variable = f"query ($value: {get_nullable_type(argument.type)})"
        for query in (literal, _write_query(type_name, field, variable, f"{required} {name}: $value")):
            answer = await client(query, value=None)
            if answer != {"data": absent}:
                differences.append((coordinate, answer))
    assert differences == []
