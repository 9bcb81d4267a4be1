"""Compiling what is selected below the one root field of a query, without a request."""

from functools import cache
from typing import Any

import orjson
from graphql import parse
from graphql.execution.collect_fields import collect_fields
from strawberry import Schema
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from gateway.execution import CompilingExecutor
from gateway.execution.compiler.functions import CompiledSelection, Compiler, ResponseFunction


def compiled(schema: Schema, query: str) -> tuple[Compiler, CompiledSelection]:
    """The compiler after its work, and what it made. Raises NotPlain where that cannot be compiled."""
    executor: Any = StrawberryGraphQLCoreExecutionContext.build(schema._schema, parse(query))
    root = executor.schema.query_type
    collected = collect_fields(
        executor.schema, executor.fragments, executor.variable_values, root, executor.operation, False
    )
    (details,) = collected.grouped_field_set.values()
    compiler = Compiler(executor, lambda _error: None)
    return compiler, compiler.compile_selection(root.fields[details[0].node.name.value].type, details)


@cache
def planned(schema: Schema, query: str) -> ResponseFunction:
    """What a plan makes of the root field's value."""
    return compiled(schema, query)[1].build_data


class _Root:
    """What has the same value for every root field."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __getattr__(self, _: str) -> object:
        return self.value


def ordinary(schema: Schema, query: str, value: object) -> Any:
    """The data of the one root field as the ordinary executor gives it, which must have no errors."""
    found = schema.execute_sync(query, root_value=_Root(value))
    assert found.errors is None
    assert found.data is not None
    return next(iter(found.data.values()))


class UncompiledExecutor(CompilingExecutor):
    """The normal executor, with costs charged and documents cached as in production."""

    def get_plan(self, *_: object) -> None:
        """Return no plan, so that every field is completed on its own."""


def timeless(answer: bytes) -> bytes:
    """An answer without what differs from one moment to the next, in its order of keys.

    Fields run at once, so errors come in any order; and where one takes a place away with it, which of the other
    fields below that place fail before they are stopped is a matter of time.
    """
    found = _without(orjson.loads(answer))
    if "errors" in found:
        errors = {orjson.dumps(_told(error, found.get("data"))) for error in found["errors"]}
        found["errors"] = sorted(error.decode() for error in errors)
    return orjson.dumps(found)


def _told(error: Any, data: Any) -> Any:
    """An error, or only the place that it took away when that is above its own."""
    path = error.get("path") or []
    for depth, key in enumerate(path):
        if data is None:
            return {"path": path[:depth]}
        data = data[key]
    return error


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        moving = ("asOf", "nextRunAt", "errorId", "rateLimit")
        return {k: _without(v) for k, v in value.items() if not any(word in k for word in moving)}
    return [_without(item) for item in value] if isinstance(value, list) else value
