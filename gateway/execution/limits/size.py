"""How large a document's operations are, in time that grows as the document does.

Whatever a fragment selects counts wherever it is spread. It is measured once, so a document in which each of
forty fragments spreads the next one twice takes no longer than any other of its length.
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
"""Fields below which depth does not count: graphql-core bounds it there by a rule of its own."""

MAX_INT32 = 2**31 - 1
"""The greatest number that GraphQL can say. It stands for all beyond, too."""


class OperationSize(NamedTuple):
    """How large an operation is, or may be at most."""

    depth: int
    """Fields within fields."""
    root_fields: int
    fields: int
    """All that are selected, each as often as its fragment is spread."""
    aliases: int
    directives: int
    variables: int
    """Those that it declares."""


_SelectingNode = FieldNode | FragmentDefinitionNode | InlineFragmentNode | OperationDefinitionNode


class _SelectionSize(NamedTuple):
    """How large a selection set is."""

    depth: int = 0
    own_level_fields: int = 0
    """The fields of its own level."""
    fields: int = 0
    aliases: int = 0
    directives: int = 0


_EMPTY = _SelectionSize()


def measure_operations(document: DocumentNode) -> Iterator[OperationSize]:
    """The measure of each operation. The document may be invalid: what cannot be followed counts nothing."""
    fragments: dict[str, _SelectionSize] = {}
    for fragment in sort_fragments(document):
        fragments[fragment.name.value] = _measure_selections(fragment, fragments)
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            found, variables = _measure_selections(operation, fragments), operation.variable_definitions or ()
            yield OperationSize(
                depth=found.depth,
                root_fields=min(found.own_level_fields, MAX_INT32),
                fields=min(found.fields, MAX_INT32),
                aliases=min(found.aliases, MAX_INT32),
                directives=min(
                    found.directives + sum(len(each.directives or ()) for each in variables), MAX_INT32
                ),
                variables=len(variables),
            )


def _measure_selections(node: _SelectingNode, fragments: Mapping[str, _SelectionSize]) -> _SelectionSize:
    """What is selected below a node, with the directives of the node itself."""
    depth = top = fields = aliases = 0
    directives = len(node.directives or ())
    # One call a level, and the parser has bounded the levels of one definition.
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
