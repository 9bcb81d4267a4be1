"""Compile and execute queries with one root field, without a request."""

from functools import cache
from typing import Any

import orjson
from graphql import parse
from graphql.execution.collect_fields import collect_fields
from strawberry import Schema
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from gateway.execution import CompilingExecutor
from gateway.execution.compiler.functions import CompiledSelection, Compiler, ResponseFunction


def compile_query(schema: Schema, query: str) -> tuple[Compiler, CompiledSelection]:
    """Compile the selection of the root field. Raises NotPlain if it cannot be compiled."""
    executor: Any = StrawberryGraphQLCoreExecutionContext.build(schema._schema, parse(query))
    root = executor.schema.query_type
    collected = collect_fields(
        executor.schema, executor.fragments, executor.variable_values, root, executor.operation, False
    )
    (details,) = collected.grouped_field_set.values()
    compiler = Compiler(executor, lambda _error: None)
    return compiler, compiler.compile_selection(root.fields[details[0].node.name.value].type, details)


@cache
def compile_response(schema: Schema, query: str) -> ResponseFunction:
    """Return the function that builds response data from the value of the root field."""
    return compile_query(schema, query)[1].build_data


class _Root:
    """A root object with the same value for each field."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __getattr__(self, _: str) -> object:
        return self.value


def execute_uncompiled(schema: Schema, query: str, value: object) -> Any:
    """Execute a query on the normal executor, and return the data of its root field. It must have no errors."""
    found = schema.execute_sync(query, root_value=_Root(value))
    assert found.errors is None
    assert found.data is not None
    return next(iter(found.data.values()))


class UncompiledExecutor(CompilingExecutor):
    """The normal executor, with costs charged and documents cached as in production."""

    def get_plan(self, *_: object) -> None:
        """Return no plan, so that every field is completed on its own."""


def normalize_response(answer: bytes) -> bytes:
    """Return a response without values that depend on the time, in the order of its keys.

    Fields run concurrently, so errors come in any order. An error that makes a parent null cancels other fields
    below it; which of these fail first depends on timing.
    """
    found = _remove_changing_values(orjson.loads(answer))
    if "errors" in found:
        errors = {orjson.dumps(_normalize_error(error, found.get("data"))) for error in found["errors"]}
        found["errors"] = sorted(error.decode() for error in errors)
    return orjson.dumps(found)


def _normalize_error(error: Any, data: Any) -> Any:
    """Return an error, or only the path of the null that it caused above its own path."""
    path = error.get("path") or []
    for depth, key in enumerate(path):
        if data is None:
            return {"path": path[:depth]}
        data = data[key]
    return error


def _remove_changing_values(value: Any) -> Any:
    if isinstance(value, dict):
        changing = ("asOf", "nextRunAt", "errorId", "rateLimit")
        return {k: _remove_changing_values(v) for k, v in value.items() if not any(word in k for word in changing)}
    return [_remove_changing_values(item) for item in value] if isinstance(value, list) else value
