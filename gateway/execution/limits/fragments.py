"""A document's fragments, in an order in which each can be understood by those before it."""

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
)


def in_order(document: DocumentNode) -> Iterator[FragmentDefinitionNode]:
    """Each fragment once, after those that it spreads.

    What is found out of each can so be kept for those that spread it, and the whole takes no longer than the
    document is long. Where fragments spread each other in a circle, which no valid document does, one of them
    comes before what it spreads. Of several with one name it is the last.
    """
    left = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    while left:
        _, fragment = left.popitem()
        # Without recursion: they may be a long chain.
        under_way = [(fragment, _spread(fragment))]
        while under_way:
            fragment, spread = under_way[-1]
            below = next((left.pop(name) for name in spread if name in left), None)
            if below is None:
                under_way.pop()
                yield fragment
            else:
                under_way.append((below, _spread(below)))


def _spread(fragment: FragmentDefinitionNode) -> Iterator[str]:
    """The names of the fragments that are spread somewhere in there."""
    left = [fragment.selection_set]
    while left:
        for selection in left.pop().selections:
            if isinstance(selection, FragmentSpreadNode):
                yield selection.name.value
            elif isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set is not None:
                left.append(selection.selection_set)
