"""A field that is refused becomes null, and the rest of the answer stays: connections and dashboards."""

from itertools import product
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLInterfaceType, GraphQLNonNull, GraphQLObjectType, get_named_type

from gateway.domain.enums import Permission
from gateway.execution import CompilingExecutor
from gateway.schema import schema
from tests.support.compiling import UncompiledExecutor
from tests.support.factories import connected, record, store, use_case, use_case_group
from tests.support.gateway import Client, Gateway

PARENT = "ConnectedIntegration"
DASHBOARDS = {f"{PARENT}.appointmentStatistics", f"{PARENT}.patientStatistics"}


def _is_nullable_field(definition: GraphQLField) -> bool:
    name = get_named_type(definition.type).name
    return name.endswith(("Connection", "Statistics"))


FIELDS = {
    f"{type_.name}.{name}": definition
    for type_ in schema._schema.type_map.values()
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
    for name, definition in type_.fields.items()
    if _is_nullable_field(definition)
}
"""The fields that return a connection or a dashboard, by their coordinates."""

NESTED = sorted(name.partition(".")[2] for name in FIELDS if name.startswith(PARENT))
SELECTIONS = {name: "{ overview { total } }" if "Statistics" in name else "{ totalCount }" for name in NESTED}
VALUES = {name: {"overview": {"total": 1}} if "Statistics" in name else {"totalCount": 1} for name in NESTED}
VALUES["resourceRecords"] = {"totalCount": 2}


@pytest.fixture(params=[CompilingExecutor, UncompiledExecutor], ids=["compiled", "uncompiled"], autouse=True)
def executor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "execution_context_class", request.param)


async def _create_client(gateway: Gateway, *permissions: Permission) -> Client:
    for id in ("a", "b"):
        await store(gateway.database, connected(id), use_case_group(f"g{id}", id), use_case(f"u{id}", id))
        types = ("appointments", "patients")
        await store(gateway.database, *(record(f"{type_}{id}", id, {"type": type_}) for type_ in types))
    return await gateway.client(permissions=permissions or (Permission.ADMIN,))


def _write_query(refused: str) -> str:
    """Return a query of all fields of two integrations, and below each of a use case, with one more field."""
    fields = " ".join(f"{name} {selection}" for name, selection in SELECTIONS.items())
    below = f"below: useCases(first: 2) {{ nodes {{ integration {{ id {refused} }} }} }}"
    nodes = f"nodes {{ id ... on {PARENT} {{ {fields} {refused} {below} }} }}"
    return f"{{ integrations(first: 2, orderBy: [{{ field: NAME }}]) {{ {nodes} }} viewer {{ teamId }} }}"


async def _send(client: Client, query: str) -> tuple[Any, set[tuple[str, str]]]:
    """Return the integrations of an answer, and the code and path of each error.

    The query is sent three times, because the second and third request can use a compiled selection.
    """
    first, second, third = [await client(query) for _ in range(3)]
    assert first["data"] == second["data"] == third["data"]
    assert first["data"]["viewer"] == {"teamId": client.viewer.team_id}
    found = [
        {(error["extensions"]["code"], ".".join(map(str, error["path"]))) for error in answer["errors"]}
        for answer in (first, second, third)
    ]
    assert found[0] == found[1] == found[2]
    return first["data"]["integrations"], found[0]


def test_each_of_these_fields_is_nullable() -> None:
    assert FIELDS.keys() == {
        "Query.auditLog",
        "Query.integrations",
        "Query.appointmentStatistics",
        "Query.patientStatistics",
        f"{PARENT}.useCaseGroups",
        f"{PARENT}.useCases",
        f"{PARENT}.resourceRecords",
        *DASHBOARDS,
    }
    assert [name for name, each in FIELDS.items() if isinstance(each.type, GraphQLNonNull)] == []


@pytest.mark.parametrize("name", NESTED)
async def test_an_argument_that_is_refused_blanks_only_its_field(gateway: Gateway, name: str) -> None:
    client = await _create_client(gateway)
    argument = "size: 0" if "Statistics" in name else "first: 0"
    found, errors = await _send(client, _write_query(f"refused: {name}({argument}) {SELECTIONS[name]}"))
    assert found["nodes"] == [
        {"id": id, **VALUES, "refused": None, "below": {"nodes": [{"integration": {"id": id, "refused": None}}]}}
        for id in ("a", "b")
    ]
    ends = ("refused", "below.nodes.0.integration.refused")
    assert errors == {
        ("BAD_USER_INPUT", f"integrations.nodes.{index}.{end}") for index, end in product((0, 1), ends)
    }


@pytest.mark.parametrize("name", sorted(SELECTIONS.keys() & {n for n in NESTED if "Statistics" not in n}))
async def test_a_cursor_that_is_refused_blanks_only_its_field(gateway: Gateway, name: str) -> None:
    client = await _create_client(gateway)
    found, errors = await _send(client, _write_query(f'refused: {name}(after: "no") {SELECTIONS[name]}'))
    assert [node["refused"] for node in found["nodes"]] == [None, None]
    assert [{key: node[key] for key in VALUES} for node in found["nodes"]] == [VALUES] * 2
    assert {code for code, _ in errors} == {"INVALID_CURSOR"}
    assert len(errors) == 4


async def test_a_permission_that_is_missing_blanks_only_the_fields_that_need_it(gateway: Gateway) -> None:
    client = await _create_client(gateway, Permission.READ_INTEGRATIONS)
    found, errors = await _send(client, _write_query("alias: resourceRecords { nodes { id } }"))
    forbidden = {"resourceRecords", "appointmentStatistics", "patientStatistics"}
    values = {name: None if name in forbidden else value for name, value in VALUES.items()}
    assert found["nodes"] == [
        {"id": id, **values, "alias": None, "below": {"nodes": [{"integration": {"id": id, "alias": None}}]}}
        for id in ("a", "b")
    ]
    ends = (*forbidden, "alias", "below.nodes.0.integration.alias")
    assert errors == {("FORBIDDEN", f"integrations.nodes.{index}.{end}") for index, end in product((0, 1), ends)}


@pytest.mark.parametrize(
    "arguments", ["(first: 0)", '(after: "no")', "(orderBy: [{ field: NAME }, { field: NAME }])", ""]
)
async def test_a_refused_list_of_integrations_leaves_the_other_root_fields(
    gateway: Gateway, arguments: str
) -> None:
    client = await _create_client(gateway, Permission.READ_INTEGRATIONS if arguments else Permission.READ_RECORDS)
    found, errors = await _send(client, f"{{ integrations{arguments} {{ nodes {{ id }} }} viewer {{ teamId }} }}")
    assert found is None
    code = "INVALID_CURSOR" if "after" in arguments else "BAD_USER_INPUT" if arguments else "FORBIDDEN"
    assert errors == {(code, "integrations")}
