"""Sorts the fragments of a document so that each follows the fragments that it spreads."""

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
)


def sort_fragments(document: DocumentNode) -> Iterator[FragmentDefinitionNode]:
    """Yield each fragment once, after those that it spreads, in time linear in the document's length.

    In a cycle of fragments, which makes a document invalid, one fragment precedes those that it spreads. Of
    fragments with the same name, only the last counts.
    """
    remaining = {
        each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
    }
    while remaining:
        _, fragment = remaining.popitem()
        # Without recursion, since a chain of fragments may be long.
        stack = [(fragment, _find_spread_names(fragment))]
        while stack:
            fragment, spread = stack[-1]
            below = next((remaining.pop(name) for name in spread if name in remaining), None)
            if below is None:
                stack.pop()
                yield fragment
            else:
                stack.append((below, _find_spread_names(below)))


def _find_spread_names(fragment: FragmentDefinitionNode) -> Iterator[str]:
    """Yield the names of the fragments that a fragment spreads at any depth."""
    remaining = [fragment.selection_set]
    while remaining:
        for selection in remaining.pop().selections:
            if isinstance(selection, FragmentSpreadNode):
                yield selection.name.value
            elif isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set is not None:
                remaining.append(selection.selection_set)
