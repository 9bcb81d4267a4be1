"""Measures and costs of documents with fragments are those of the same documents written out."""

from collections.abc import Sequence
from typing import Any, cast

from graphql import FieldNode, OperationDefinitionNode, VariableNode, Visitor, parse, visit
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.execution.limits.cost import compute_operation_costs
from gateway.execution.limits.size import OperationSize, measure_operations
from gateway.schema import schema

PROPERTY = settings(max_examples=150, deadline=None)
FRAGMENTS = 4

Selection = tuple[Any, ...]
"""A field, an inline fragment, or the number of a fragment that is spread, each with its directives."""

_DIRECTIVES = st.sampled_from(
    ["", "", "", " @include(if: $yes)", " @skip(if: $no)", " @skip(if: $yes) @include(if: true)"]
)
_LISTS = [
    "integrations(first: 7)",
    "integrations(last: $size)",
    "integrations(first: $size, last: 3)",
    "integrations",
]


@st.composite
def _selections(draw: st.DrawFn, first: int, depth: int, is_root: bool) -> list[Selection]:
    """Selections on the root type, or on integrations, that spread no fragment before the first one."""
    found: list[Selection] = []
    for _ in range(draw(st.integers(1, 3))):
        directives, kind = draw(_DIRECTIVES), draw(st.integers(0, 4))
        if kind == 0 and first < FRAGMENTS:
            # Those with even numbers are on the root type, those with odd ones on integrations.
            numbers = [number for number in range(first, FRAGMENTS) if (number % 2 == 0) is is_root]
            if numbers:
                found.append(("spread", draw(st.sampled_from(numbers)), directives))
                continue
        if kind == 1 and depth:
            found.append(("inline", draw(_selections(first, depth - 1, is_root)), directives))
        elif is_root and kind == 2 and depth:
            inner = draw(_selections(first, depth - 1, is_root=False))
            found.append(("list", draw(st.sampled_from(_LISTS)), inner, directives))
        else:
            found.append(("leaf", draw(st.sampled_from(["__typename", "a: __typename"])), directives))
    return found


def _written(selections: Sequence[Selection], fragments: Sequence[list[Selection]] | None) -> str:
    """The selections as text; with the fragments, these are written out where they are spread."""
    parts = []
    for kind, what, *further in selections:
        directives = further[-1]
        if kind == "leaf":
            parts.append(what + directives)
        elif kind == "inline":
            parts.append(f"...{directives} {_written(what, fragments)}")
        elif kind == "list":
            parts.append(f"l: {what}{directives} {{ nodes {_written(further[0], fragments)} totalCount }}")
        elif fragments is None:
            parts.append(f"...F{what}{directives}")
        else:
            parts.append(f"... on {_on(what)}{directives} {_written(fragments[what], fragments)}")
    return "{ " + " ".join(parts) + " }"


def _on(number: int) -> str:
    return "Query" if number % 2 == 0 else "Integration"


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, str]:
    """A document with fragments, and the same written out."""
    fragments = [draw(_selections(number + 1, 2, number % 2 == 0)) for number in range(FRAGMENTS)]
    operation = draw(_selections(0, 2, is_root=True))
    declared = "query ($yes: Boolean!, $no: Boolean!, $size: Int) "
    spread = declared + _written(operation, None)
    defined = [f"fragment F{n} on {_on(n)} {_written(each, None)}" for n, each in enumerate(fragments)]
    return " ".join([spread, *draw(st.permutations(defined))]), declared + _written(operation, fragments)


class _Count(Visitor):
    """Measures an operation without fragments, one node after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.level = self.depth = self.top = self.fields = self.aliases = self.directives = 0

    def enter_field(self, node: FieldNode, *_: object) -> None:
        self.level += 1
        self.depth = max(self.depth, self.level)
        self.top += self.level == 1
        self.fields += 1
        self.aliases += node.alias is not None

    def leave_field(self, *_: object) -> None:
        self.level -= 1

    def enter_directive(self, *_: object) -> None:
        self.directives += 1


@PROPERTY
@given(documents())
def test_a_document_with_fragments_measures_what_it_does_written_out(texts: tuple[str, str]) -> None:
    document, written_out = map(parse, texts)
    counted = _Count()
    visit(written_out, counted)
    expected = OperationSize(counted.depth, counted.top, counted.fields, counted.aliases, counted.directives, 3)
    assert [*measure_operations(document)] == [expected] == [*measure_operations(written_out)]


def _value(node: Any, values: dict[str, Any]) -> Any:
    return values[node.name.value] if isinstance(node, VariableNode) else node.value


def _cost(selections: Any, values: dict[str, Any]) -> int:
    """What selections cost, walked anew for these values."""
    total = 0
    for node in selections.selections:
        conditions = {each.name.value: _value(each.arguments[0].value, values) for each in node.directives or ()}
        if conditions.get("skip") or not conditions.get("include", True):
            continue
        if not isinstance(node, FieldNode):
            total += _cost(node.selection_set, values)
        elif node.name.value == "integrations":
            sizes = [_value(each.value, values) for each in node.arguments or ()]
            size = next((min(max(int(each), 0), 100) for each in sizes if each is not None), 50)
            nodes = cast(FieldNode, node.selection_set.selections[0])  # type: ignore[union-attr]  # it has some
            total += 1 + 1 + size * _cost(nodes.selection_set, values) + 1
        else:
            total += 1
    return total


@PROPERTY
@given(documents(), st.booleans(), st.booleans(), st.sampled_from([None, 0, 1, 99, 100, 101, -1]))
def test_a_document_with_fragments_costs_what_it_does_written_out(
    texts: tuple[str, str], yes: bool, no: bool, size: int | None
) -> None:
    values = {"yes": yes, "no": no, "size": size}
    document, written_out = map(parse, texts)
    operation = cast(OperationDefinitionNode, written_out.definitions[0])
    expected = 100 + _cost(operation.selection_set, values)
    for each in (document, written_out):
        assert [price.evaluate(values) for price in compute_operation_costs(schema._schema, each)] == [expected]
