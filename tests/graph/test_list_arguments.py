"""Lists in arguments: all are bounded and priced, and refusing one takes steps linear in its entries."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from graphql import parse
from httpx import Response

from gateway.domain import strict_json
from gateway.domain.records.practitioners import WEEKDAYS
from gateway.domain.strict_json import MAX_VALUES
from gateway.execution import CompilingExecutor
from gateway.execution.limits.cost import compute_operation_costs
from gateway.execution.limits.size import MAX_INT32
from gateway.schema import schema
from tests.support.calls import count_calls
from tests.support.compiling import UncompiledExecutor
from tests.support.endpoints import Endpoint, open_endpoint
from tests.support.factories import connected, store, use_case, webhook
from tests.support.list_arguments import NESTED, ListArgument, list_arguments

pytestmark = pytest.mark.slow

ARGUMENTS = [*list_arguments(schema._schema)]
LISTS = [each for each in ARGUMENTS if each.keys[-1:] not in {(day,) for day in WEEKDAYS[1:]}]
"""Without those that differ from another in the day of the week only."""
BODY_LIMIT = 1_048_576
LITERAL_TOKENS = 2_000
FEW, MANY = 10, 1_000
IDS = {"connected": "i", "incomingWebhook": "in", "outgoingWebhook": "out"}
"""The ids of stored integrations, by the member of an input that changes one."""

CALLS_OF_ENTRY = 200
"""Python calls that an entry of a variable may take: to coerce it, to check it, and to report it."""
CALLS_OF_LITERAL = 900
"""Python calls that an entry of a literal may take: to parse and to validate it, too."""


@pytest.fixture(scope="module", params=[CompilingExecutor, UncompiledExecutor], ids=["compiled", "uncompiled"])
async def endpoint(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Endpoint]:
    """An endpoint with the integrations and the use case that the mutations change, without a rate limit."""
    limits = {"rate_limit": MAX_INT32, "rate_refill": MAX_INT32}
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(schema, "execution_context_class", request.param)
        async with open_endpoint(sqlite_template, tmp_path_factory.mktemp("lists"), **limits) as endpoint:
            rows = (
                connected("i"),
                webhook({"_id": "in", "type": "webhook-incoming", "name": "in"}),
                webhook({"_id": "out", "type": "webhook-outgoing", "name": "out", "event": "sendMessage"}),
            )
            await store(endpoint.app.state.database, *rows)
            await store(endpoint.app.state.database, use_case("u", "i"))
            yield endpoint


def build_query(argument: ListArgument, literal: Any = None) -> str:
    id = "u" if argument.field == "updateUseCase" else IDS.get((*argument.keys, "")[0], "i")
    others = {"id": id, "integrationId": "i"}
    known = argument.definition.args.keys() & others.keys()
    return argument.build_query({name: others[name] for name in known}, literal)


def count_fitting(argument: ListArgument) -> int:
    """Return the number of entries that a body holds."""
    body = json.dumps(argument.build_variable(101)), json.dumps(argument.build_variable(1))
    of_entry = (len(body[0]) - len(body[1])) / 100
    values = [sum(text.count(sign) for sign in "{[,") for text in body]
    by_values = (MAX_VALUES - 200) / ((values[0] - values[1]) / 100)
    return int(min((BODY_LIMIT - 2_000) / of_entry, by_values))


async def send(endpoint: Endpoint, query: str, value: Any = None) -> tuple[Response, int]:
    """Send an operation, and return the response with the number of Python calls that it took."""
    body = json.dumps({"query": query, "variables": {"value": value}})
    with count_calls() as counted:
        response = await endpoint.post(body)
    return response, counted.calls


def get_codes(response: Response) -> set[str]:
    """Return the codes of the errors, also those of a mutation's payload."""
    answer = response.json()
    payloads = [value for value in (answer.get("data") or {}).values() if isinstance(value, dict)]
    codes = {error["code"] for payload in payloads for error in payload.get("errors", ())}
    return codes | {error["extensions"]["code"] for error in answer.get("errors", ())}


@pytest.mark.parametrize("argument", LISTS, ids=str)
async def test_a_list_in_a_variable_takes_calls_linear_in_its_entries(
    endpoint: Endpoint, argument: ListArgument
) -> None:
    query, most = build_query(argument), count_fitting(argument)
    assert most > 5 * MANY
    codes = {"TOO_MANY", "BAD_USER_INPUT"}
    for _ in range(2):  # The second time, the operation may be compiled.
        await send(endpoint, query, argument.build_variable(1))
    _, of_few = await send(endpoint, query, argument.build_variable(FEW))
    for count in (MANY + 1, most):
        refused, of_many = await send(endpoint, query, argument.build_variable(count))
        assert of_many - of_few < CALLS_OF_ENTRY * min(count, MANY + 1)
        assert get_codes(refused) & codes, refused.text[:500]
        codes = {"LIMIT_EXCEEDED"}  # Such a list is not even coerced.


@pytest.mark.parametrize("argument", LISTS, ids=str)
async def test_a_list_in_a_literal_takes_calls_linear_in_its_entries(
    endpoint: Endpoint, argument: ListArgument
) -> None:
    def count_tokens(count: int) -> int:
        return parse(build_query(argument, argument.build_variable(count))).token_count

    few = count_tokens(FEW)
    most = int(LITERAL_TOKENS / ((count_tokens(2 * FEW) - few) / FEW))
    queries = [build_query(argument, argument.build_variable(count)) for count in (FEW, most // 2, most)]
    for _ in range(2):  # The second time, the document is cached.
        of_few, of_half, of_most = [(await send(endpoint, query))[1] for query in queries]
        assert of_most - of_few < CALLS_OF_LITERAL * most
        assert of_most < 2.5 * of_half + of_few


@pytest.mark.parametrize("argument", ARGUMENTS, ids=str)
def test_each_list_has_a_price(argument: ListArgument) -> None:
    def price(query: str, values: Mapping[str, Any]) -> int:
        (cost,) = compute_operation_costs(schema._schema, parse(query))
        return cost.evaluate(values)

    query = build_query(argument)
    one, eleven = (argument.build_variable(count) for count in (1, 11))
    of_one, of_eleven = (price(query, {"value": each}) for each in (one, eleven))
    assert of_eleven - of_one >= 10
    assert price(build_query(argument, one), {}) == of_one
    assert price(build_query(argument, eleven), {}) == of_eleven


def test_only_these_types_have_fields_that_take_lists() -> None:
    assert {argument.owner.name for argument in ARGUMENTS} == {"Query", "Mutation", NESTED}


def test_variables_in_a_literal_are_priced() -> None:
    query = """query ($a: IntegrationFilter!, $b: [String!], $c: [IntegrationFilter!], $skip: Boolean!) {
      integrations(filter: {and: [$a, {name: {in: $b}}], or: $c}) @skip(if: $skip) { __typename } }"""
    (cost,) = compute_operation_costs(schema._schema, parse(query))
    values = {"a": {"kind": ["CONNECTED"] * 3}, "b": ["x"] * 4, "c": [{"or": [{}]}, {}], "skip": False}
    lists = 2 * 100 + 3 * 10 + 4 * 10 + 3 * 100
    assert cost.evaluate(values) == 400 + 2 + lists
    assert cost.evaluate_inputs(values) == 400 + lists
    assert cost.evaluate({**values, "skip": True}) == 400
    assert cost.evaluate_inputs({**values, "skip": True}) == 400


def test_the_lists_of_an_imported_document_are_priced() -> None:
    (cost,) = compute_operation_costs(
        schema._schema, parse("mutation ($d: JSON!) { importIntegration(document: $d) { created } }")
    )
    document = {
        "integration": {"_id": "i"},
        "use_cases": [{"config": {"actions": [{}, {}]}}],
        "resource_records": [],
    }
    assert cost.evaluate({"d": document}) == 400 + 10_000 + 1 + 3 * 5


async def test_lists_of_one_document_are_priced_for_its_executed_operation_alone(endpoint: Endpoint) -> None:
    listing = "integrations(orderBy: $value) { __typename }"
    query = f"""query A($value: [IntegrationOrder!]) {{ {listing} }}
      query B($value: [IntegrationOrder!]) {{ {" ".join(f"f{n}: {listing}" for n in range(20))} }}"""
    body = {"query": query, "variables": {"value": [{"field": "NAME"}] * 400}, "operationName": "A"}
    codes = [get_codes(await endpoint.post(json.dumps({**body, "operationName": name}))) for name in "AB"]
    assert codes == [{"TOO_MANY"}, {"COST_LIMIT_EXCEEDED"}]


async def test_a_sort_order_has_at_most_as_many_keys_as_there_are_fields(endpoint: Endpoint) -> None:
    query = "query ($by: [IntegrationOrder!]) { integrations(orderBy: $by) { totalCount } }"
    body = {"query": query, "variables": {"by": [{"field": "NAME"}] * 11}}
    (error,) = (await endpoint.post(json.dumps(body))).json()["errors"]
    assert error["message"] == "`orderBy` may have at most 10 entries, not 11."
    assert (error["extensions"]["code"], error["extensions"]["argument"]) == ("TOO_MANY", ["orderBy"])


def test_a_key_that_repeats_after_many_others_is_found() -> None:
    members = ",".join(f'"k{number}":0' for number in range(10_000))
    with pytest.raises(ValueError, match="the key `k9999` twice"):
        strict_json.loads(f'{{{members},"k9999":1}}'.encode())
