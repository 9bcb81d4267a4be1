"""Compiling what is selected below the one root field of a query, without a request."""

from typing import Any

from graphql import parse
from graphql.execution.collect_fields import collect_fields
from strawberry import Schema
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from gateway.execution.projection import Compiler, Completer


def compiled(schema: Schema, query: str) -> tuple[Compiler, Completer]:
    """The compiler after its work, and what it made. Raises NotPlain where that cannot be compiled."""
    executor: Any = StrawberryGraphQLCoreExecutionContext.build(schema._schema, parse(query))
    root = executor.schema.query_type
    collected = collect_fields(
        executor.schema, executor.fragments, executor.variable_values, root, executor.operation, False
    )
    (details,) = collected.grouped_field_set.values()
    compiler = Compiler(executor)
    return compiler, compiler.completer(root.fields[details[0].node.name.value].type, details)
