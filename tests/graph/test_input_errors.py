"""Errors of input: each says what was wrong and where, and none shows a private value."""

import re
import shutil
from collections.abc import AsyncIterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, build_schema, get_named_type

from gateway.execution import CompilingExecutor
from gateway.execution.limits.size import MAX_INT32
from gateway.schema import schema
from gateway.schema.input_locations import PRIVATE_INPUTS
from tests.support.compiling import UncompiledExecutor
from tests.support.factories import connected, record, store, use_case, user
from tests.support.gateway import USER, Client, serve_gateway
from tests.support.input_positions import Position, is_non_null, list_openings, list_positions

SCHEMA = build_schema((Path(__file__).parents[2] / "schema.graphql").read_text())
POSITIONS = [*list_positions(SCHEMA)]
ID = "000000000000000000000001"
SECRET = "a-value-that-nobody-may-see"
DIRECTIVES = ("@include(if: $value)", "@skip(if: $value)")
PRIVATE_WORDS = re.compile(
    "token|script$|email|phone|search|^patient|firstName|lastName|birth|link|^urls?$|^raw$|^document$|authUser",
    re.IGNORECASE,
)


@pytest.fixture(
    params=[CompilingExecutor, pytest.param(UncompiledExecutor, marks=pytest.mark.slow)],
    ids=["compiled", "uncompiled"],
)
async def client(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Client]:
    """A client of a gateway with an integration, a use case and a record, without limits of cost."""
    monkeypatch.setattr(schema, "execution_context_class", request.param)
    url = f"sqlite+aiosqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'gateway.db')}"
    limits = dict.fromkeys(("cost_limit", "rate_limit", "rate_refill"), MAX_INT32)
    async with serve_gateway(url, **limits) as gateway:
        await store(gateway.database, user(USER, "ada"), connected(ID))
        await store(gateway.database, use_case("u", ID), record("r", ID, {"type": "patients"}))
        yield await gateway.client()


def get_errors(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [error["extensions"] for error in answer.get("errors", [])]


async def test_null_for_any_variable_with_a_default_is_an_error_of_input_or_gives_data(client: Client) -> None:
    faults, checked = [], 0
    for position in POSITIONS:
        query = position.query.replace(" ", f" Read({position.variable}) ", 1)
        with_default, with_null = await client(query), await client(query, value=None)
        assert "GRAPHQL_VALIDATION_FAILED" not in str(with_default), with_default
        found = [error.get("argument") for error in get_errors(with_null)]
        codes = {error["code"] for error in get_errors(with_null)}
        if "INTERNAL_SERVER_ERROR" in codes or "INTERNAL_SERVER_ERROR" in str(with_default):
            faults.append((str(position), with_null))
        elif is_non_null(position):
            checked += 1
            if codes != {"BAD_USER_INPUT"} or found != [[*position.keys]]:
                faults.append((str(position), with_null))
    assert faults == []
    assert checked > 50


async def test_null_for_a_condition_is_an_error_of_input(client: Client) -> None:
    reached = 0
    for (type_, opening), directive in zip(list_openings(SCHEMA), cycle(DIRECTIVES), strict=False):
        for selection in (
            f"__typename {directive}",
            f"... {directive} {{ __typename }}",
            f"... on {type_.name} {directive} {{ __typename }}",
            f"...Part {directive}",
        ):
            query = opening.replace(" ", " Read($value: Boolean = true) ", 1)
            query += f" {{ {selection}" + " }" * (opening.count("{") + 1)
            query += f" fragment Part on {type_.name} {{ __typename }}" if "Part" in selection else ""
            assert get_errors(await client(query)) == []
            errors = get_errors(await client(query, value=None))
            assert errors in ([], [{"code": "BAD_USER_INPUT", "argument": ["if"]}]), query
            reached += len(errors)
    assert reached > 40


async def test_an_error_of_a_variable_names_the_argument_and_the_wrong_value(client: Client) -> None:
    start = "Variable '$filter' has invalid value"
    unknown = "Expected value of type 'IntegrationFilter' not to include unknown"
    answer = await client(
        "query ($filter: IntegrationFilter!, $first: Int) {"
        " integrations(filter: {and: [$filter]}, first: $first) { totalCount } }",
        filter={"kind": ["FAX"], "enabled": 4, "hue": "red"},
        first="ten",
    )
    assert [(error["message"], error["extensions"]["argument"]) for error in answer["errors"]] == [
        (
            f"{start} at .kind[0]: Value 'FAX' does not exist in 'IntegrationKind' enum.",
            ["filter", "and", "0", "kind", "0"],
        ),
        (
            f"{start} at .enabled: Boolean cannot represent a non boolean value: 4",
            ["filter", "and", "0", "enabled"],
        ),
        (
            # The filter may contain a URL, so the error does not show it.
            f"{start}: {unknown} field 'hue'.",
            ["filter", "and", "0"],
        ),
        ("Variable '$first' has invalid value: Int cannot represent non-integer value: 'ten'", ["first"]),
    ]
    assert {error["code"] for error in get_errors(answer)} == {"BAD_USER_INPUT"}


@pytest.mark.parametrize(
    "config", [{}, {"patient": None}, {"location": {"name": "a", "status": "ACTIVE"}, "other": None}]
)
async def test_an_object_that_needs_exactly_one_field_is_named(client: Client, config: dict[str, Any]) -> None:
    answer = await client(
        "mutation ($records: [ResourceRecordInput!]!) {"
        f' upsertResourceRecords(integrationId: "{ID}", records: $records) {{ __typename }} }}',
        records=[{"config": {"organization": {"name": "a", "status": "ACTIVE"}}}, {"config": config}],
    )
    assert get_errors(answer) == [{"code": "BAD_USER_INPUT", "argument": ["records", "1", "config"]}]


async def test_the_first_errors_of_variables_are_reported_and_their_number_is_bounded(client: Client) -> None:
    query = "query ($ids: [ID!]!) { nodes(nodeIds: $ids) { nodeId } }"
    *first, last = get_errors(await client(query, ids=[{}] * 90))
    assert first == [{"code": "BAD_USER_INPUT", "argument": ["nodeIds", str(n)]} for n in range(19)]
    assert (last["code"], last["actual"]) == ("LIMIT_EXCEEDED", 51)


async def test_the_operation_that_runs_decides_which_argument_a_variable_is(client: Client) -> None:
    answer = await client.http.post(
        "/graphql",
        json={
            "query": "query A($v: Int) { integrations(offset: $v) { totalCount } }"
            " query B($v: Int) { integrations(first: $v) { totalCount } }",
            "operationName": "B",
            "variables": {"v": "x"},
        },
        headers={"Authorization": f"Bearer {client.key}"},
    )
    (error,) = answer.json()["errors"]
    assert error["extensions"]["argument"] == ["first"]


def is_private(position: Position) -> bool:
    """Return whether a position is private or below one, from the coordinates on the way."""
    type_name, field_name = position.coordinate.split("(")[0].split(".")
    owner = SCHEMA.type_map[type_name]
    assert isinstance(owner, GraphQLObjectType)
    type_ = owner.fields[field_name].args[position.keys[0]].type
    coordinates = [position.coordinate, get_named_type(type_).name]
    for key in position.keys[1:]:
        named = get_named_type(type_)
        if key != "0":
            assert isinstance(named, GraphQLInputObjectType)
            type_ = named.fields[key].type
            coordinates += [f"{named.name}.{key}", get_named_type(type_).name]
    return bool(PRIVATE_INPUTS & {*coordinates})


async def test_no_error_shows_a_private_value_of_a_variable(client: Client) -> None:
    checked = 0
    for position in filter(is_private, POSITIONS):
        query = position.query.replace(" ", f" Read($value: {position.type}) ", 1)
        for value in ({"secret": SECRET}, [[{SECRET: 1}, SECRET]], [SECRET], SECRET):
            text = (await client.send(query, {"value": value})).text
            checked += '"errors"' in text
            assert SECRET not in text, f"{position}: {text}"
    assert checked > 200


async def test_no_error_shows_a_private_value_of_a_literal(client: Client) -> None:
    checked = 0
    for position in filter(is_private, POSITIONS):
        for literal in (f'{{secret: "{SECRET}"}}', f'[[{{a: "{SECRET}"}}]]', SECRET.replace("-", "_"), "5550123"):
            query = position.query.replace("$value", literal)
            text = (await client.send(query, {})).text
            checked += "GRAPHQL_VALIDATION_FAILED" in text
            for secret in (SECRET, SECRET.replace("-", "_"), "5550123"):
                assert secret not in text.replace("'secret'", ""), f"{position}: {text}"
    assert checked > 200


async def test_no_problem_of_a_mutation_shows_a_private_value(client: Client) -> None:
    refused = set()
    for position in filter(is_private, POSITIONS):
        if get_named_type(position.type).name not in ("String", "ID", "JSON"):
            continue
        query = position.query.replace(" ", f" Change($value: {position.type}) ", 1)
        for text in (SECRET * 3000, f" {SECRET}\n\u202e{SECRET} ", f"https://{SECRET} /{SECRET}"):
            value: object = [text, text] if "[" in str(position.type) else text
            answer = (await client.send(query, {"value": value})).text
            assert SECRET not in answer, f"{position}: {answer}"
            if '"errors":[{' in answer:
                refused.add(position.coordinate)
    assert refused >= {"Mutation.upsertResourceRecords(records:)", "Mutation.importIntegration(document:)"}
    assert len(refused) > 10


@pytest.mark.parametrize(
    "query",
    [
        'mutation { createIntegration(input: {connected: {accessToken: "SECRET" "SECRET"}}) { __typename } }',
        'mutation { createIntegration(input: {connected: {accessToken: """SECRET""" """SECRET"""}}) { id } }',
        "query ($value: String = {a: 5550123}) { integrations { totalCount } } 5550123",
        'query ($v: [String] = [[{a: "SECRET"}]]) { patientStatistics(integrationId: "i", search: $v) { asOf } }',
    ],
)
async def test_no_error_shows_a_private_literal_where_it_should_not_stand(client: Client, query: str) -> None:
    text = (await client.send(query, {})).text
    assert '"errors"' in text
    assert "SECRET" not in text
    assert "5550123" not in text


@pytest.mark.parametrize(
    "input",
    [
        {"connected": {"accessToken": SECRET}},
        {"unknown": {"accessToken": SECRET}},
        {"outgoingWebhook": {"token": SECRET, "enabled": SECRET, "unknown": SECRET}},
    ],
)
async def test_an_object_with_private_fields_is_not_shown(client: Client, input: dict[str, Any]) -> None:
    query = "mutation ($input: CreateIntegrationInput!) { createIntegration(input: $input) { __typename } }"
    (first, *_) = (await client(query, input=input))["errors"]
    assert first["extensions"]["argument"][0] == "input"
    if "enabled" not in str(input):
        assert SECRET not in str(await client(query, input=input))
    assert "found" not in str(await client(query, input=input))


def test_each_private_coordinate_exists_and_each_private_word_is_listed() -> None:
    coordinates: dict[str, str] = {}
    for name, type_ in SCHEMA.type_map.items():
        if isinstance(type_, GraphQLInputObjectType):
            coordinates |= {name: ""}
            coordinates |= {
                f"{name}.{key}": key
                for key, field in type_.fields.items()
                if get_named_type(field.type).name not in PRIVATE_INPUTS
            }
        elif isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__"):
            for key, field in type_.fields.items():
                coordinates |= {f"{name}.{key}({argument}:)": argument for argument in field.args}
    assert coordinates.keys() >= PRIVATE_INPUTS
    unlisted = {
        coordinate
        for coordinate, word in coordinates.items()
        if PRIVATE_WORDS.search(word) and not {coordinate, coordinate.split(".")[0]} & PRIVATE_INPUTS
    }
    words = {
        *(f"ConnectedIntegration{end}.tokenType" for end in ("Input", "Patch")),
        "IntegrationFilter.tokenState",
    }
    assert unlisted == words
