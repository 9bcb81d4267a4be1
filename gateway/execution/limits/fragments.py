"""A document's fragments, in an order in which each can be understood by those before it."""

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
)


def sort_fragments(document: DocumentNode) -> Iterator[FragmentDefinitionNode]:
    """Each fragment once, after those that it spreads.

    What is found out of each can so be kept for those that spread it, and the whole takes no longer than the
    document is long. Where fragments spread each other in a circle, which no valid document does, one of them
    comes before what it spreads. Of several with one name it is the last.
    """
    remaining = {
        each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
    }
    while remaining:
        _, fragment = remaining.popitem()
        # Without recursion: they may be a long chain.
        under_way = [(fragment, _find_spread_names(fragment))]
        while under_way:
            fragment, spread = under_way[-1]
            below = next((remaining.pop(name) for name in spread if name in remaining), None)
            if below is None:
                under_way.pop()
                yield fragment
            else:
                under_way.append((below, _find_spread_names(below)))


def _find_spread_names(fragment: FragmentDefinitionNode) -> Iterator[str]:
    """The names of the fragments that are spread somewhere in there."""
    remaining = [fragment.selection_set]
    while remaining:
        for selection in remaining.pop().selections:
            if isinstance(selection, FragmentSpreadNode):
                yield selection.name.value
            elif isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set is not None:
                remaining.append(selection.selection_set)
