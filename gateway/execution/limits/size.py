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

from gateway.execution.limits.fragments import in_order

INTROSPECTION = ("__schema", "__type")
"""Fields below which depth does not count: graphql-core bounds it there by a rule of its own."""

MOST = 2**31 - 1
"""The greatest number that GraphQL can say. It stands for all beyond, too."""


class Measure(NamedTuple):
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


_Selecting = FieldNode | FragmentDefinitionNode | InlineFragmentNode | OperationDefinitionNode


class _Selected(NamedTuple):
    """How large a selection set is."""

    depth: int = 0
    top: int = 0
    """The fields of its own level."""
    fields: int = 0
    aliases: int = 0
    directives: int = 0


_NOTHING = _Selected()


def measures(document: DocumentNode) -> Iterator[Measure]:
    """The measure of each operation. The document may be invalid: what cannot be followed counts nothing."""
    fragments: dict[str, _Selected] = {}
    for fragment in in_order(document):
        fragments[fragment.name.value] = _selected(fragment, fragments)
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            found, variables = _selected(operation, fragments), operation.variable_definitions or ()
            yield Measure(
                depth=found.depth,
                root_fields=min(found.top, MOST),
                fields=min(found.fields, MOST),
                aliases=min(found.aliases, MOST),
                directives=min(found.directives + sum(len(each.directives or ()) for each in variables), MOST),
                variables=len(variables),
            )


def _selected(node: _Selecting, fragments: Mapping[str, _Selected]) -> _Selected:
    """What is selected below a node, with the directives of the node itself."""
    depth = top = fields = aliases = 0
    directives = len(node.directives or ())
    # One call a level, and the parser has bounded the levels of one definition.
    for selection in node.selection_set.selections if node.selection_set else ():
        if isinstance(selection, FragmentSpreadNode):
            below = fragments.get(selection.name.value, _NOTHING)
            directives += len(selection.directives or ())
        else:
            below = _selected(cast(_Selecting, selection), fragments)
        if isinstance(selection, FieldNode):
            is_introspection = selection.name.value in INTROSPECTION
            depth = max(depth, 1 if is_introspection else below.depth + 1)
            top += 1
            fields += 1
            aliases += selection.alias is not None
        else:
            depth = max(depth, below.depth)
            top += below.top
        fields += below.fields
        aliases += below.aliases
        directives += below.directives
    return _Selected(depth, top, fields, aliases, directives)
