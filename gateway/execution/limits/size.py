"""Measures the operations of a document in time linear in its length.

A fragment counts each time it is spread, but is measured once. So a document in which each of forty fragments
spreads the next one twice takes no longer than others of its length.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
)

from gateway.execution.limits.fragments import sort_fragments

INTROSPECTION_FIELDS = ("__schema", "__type")
"""Fields below which depth does not count: a validation rule of graphql-core limits it there."""

MAX_INT32 = 2**31 - 1
"""The largest `Int` of GraphQL; larger numbers become this one."""


class OperationSize(NamedTuple):
    """The size of an operation, or its limits."""

    depth: int
    """Levels of nested fields."""
    root_fields: int
    fields: int
    """Selected fields; those of a fragment count each time it is spread."""
    aliases: int
    directives: int
    variables: int
    """Declared variables."""


_SelectingNode = FieldNode | FragmentDefinitionNode | InlineFragmentNode | OperationDefinitionNode


class _SelectionSize(NamedTuple):
    """The size of a selection set."""

    depth: int = 0
    own_level_fields: int = 0
    """Fields that are not nested in others."""
    fields: int = 0
    aliases: int = 0
    directives: int = 0


_EMPTY = _SelectionSize()


def measure_operations(document: DocumentNode) -> Iterator[OperationSize]:
    """Yield the size of each operation. In an invalid document, unknown fragments count nothing."""
    fragments: dict[str, _SelectionSize] = {}
    for fragment in sort_fragments(document):
        fragments[fragment.name.value] = _measure_selections(fragment, fragments)
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            size, variables = _measure_selections(operation, fragments), operation.variable_definitions or ()
            yield OperationSize(
                depth=size.depth,
                root_fields=min(size.own_level_fields, MAX_INT32),
                fields=min(size.fields, MAX_INT32),
                aliases=min(size.aliases, MAX_INT32),
                directives=min(size.directives + sum(len(each.directives or ()) for each in variables), MAX_INT32),
                variables=len(variables),
            )


def _measure_selections(node: _SelectingNode, fragments: Mapping[str, _SelectionSize]) -> _SelectionSize:
    """Return the size of the selections below a node, with the directives of the node itself."""
    depth = top = fields = aliases = 0
    directives = len(node.directives or ())
    # Recursive for each level; the parser limits the levels.
    for selection in node.selection_set.selections if node.selection_set else ():
        if isinstance(selection, FragmentSpreadNode):
            below = fragments.get(selection.name.value, _EMPTY)
            directives += len(selection.directives or ())
        else:
            below = _measure_selections(cast(_SelectingNode, selection), fragments)
        if isinstance(selection, FieldNode):
            is_introspection = selection.name.value in INTROSPECTION_FIELDS
            depth = max(depth, 1 if is_introspection else below.depth + 1)
            top += 1
            fields += 1
            aliases += selection.alias is not None
        else:
            depth = max(depth, below.depth)
            top += below.own_level_fields
        fields += below.fields
        aliases += below.aliases
        directives += below.directives
    return _SelectionSize(depth, top, fields, aliases, directives)
