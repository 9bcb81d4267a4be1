"""The Python client gql as `docs/asking.md` shows it, and queries that its DSL builds from introspection."""

from runpy import run_path

import pytest
from gql import Client
from gql.dsl import DSLQuery, DSLSchema, dsl_gql
from gql.transport.httpx import HTTPXAsyncTransport
from graphql import GraphQLSchema, build_schema, lexicographic_sort_schema, print_schema

from tests.support.client_workspace import Server, Workspace
from tests.support.factories import connected, store
from tests.support.source_code import PROJECT

pytestmark = pytest.mark.slow

EVERYTHING = dict.fromkeys(["input_object_one_of", "input_value_deprecation", "specified_by_url"], True)
"""Parts of a schema that introspection omits by default."""


async def test_gql_reads_all_pages(workspace: Workspace) -> None:
    names = [f"Clinic {number:03}" for number in range(101)]
    await store(workspace.server.gateway.database, *(connected(name) for name in names))
    workspace.add("names.py")
    list_names = run_path(str(workspace.folder / "names.py"))["list_names"]
    assert sorted(await list_names(workspace.server.url, workspace.server.client.key)) == names


async def test_gql_introspects_the_printed_schema(server: Server) -> None:
    headers = {"Authorization": f"Bearer {server.client.key}"}
    transport = HTTPXAsyncTransport(server.url, headers=headers)
    client = Client(transport=transport, fetch_schema_from_transport=True, introspection_args=EVERYTHING)
    async with client as session:
        schema = session.client.schema
        assert schema is not None
        assert print_sorted(schema) == print_sorted(build_schema((PROJECT / "schema.graphql").read_text()))
        types = DSLSchema(schema)
        query = dsl_gql(DSLQuery(types.Query.viewer.select(types.Viewer.userId)))
        assert await session.execute(query) == {"viewer": {"userId": server.client.viewer.user_id}}


def print_sorted(schema: GraphQLSchema) -> str:
    return print_schema(lexicographic_sort_schema(schema))
