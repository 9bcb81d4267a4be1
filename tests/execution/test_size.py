"""Documents with fragments have the size and cost of the same documents without fragments."""

from collections.abc import Sequence
from typing import Any, cast

from graphql import FieldNode, OperationDefinitionNode, VariableNode, Visitor, parse, visit
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.execution.limits.cost import BASE_COST, compute_operation_costs
from gateway.execution.limits.size import OperationSize, measure_operations
from gateway.schema import schema

PROPERTY = settings(max_examples=150, deadline=None)
FRAGMENTS = 4
_COUNT_COST = 100
"""The cost of `totalCount`."""

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
    """Generate selections on the root type or on integrations, which spread no fragment before the first one."""
    found: list[Selection] = []
    for _ in range(draw(st.integers(1, 3))):
        directives, kind = draw(_DIRECTIVES), draw(st.integers(0, 4))
        if kind == 0 and first < FRAGMENTS:
            # Fragments with even numbers are on the root type, those with odd numbers on integrations.
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


def _format_selections(selections: Sequence[Selection], fragments: Sequence[list[Selection]] | None) -> str:
    """Return the selections as text. If fragments are given, they replace their spreads."""
    parts = []
    for kind, what, *further in selections:
        directives = further[-1]
        if kind == "leaf":
            parts.append(what + directives)
        elif kind == "inline":
            parts.append(f"...{directives} {_format_selections(what, fragments)}")
        elif kind == "list":
            parts.append(
                f"l: {what}{directives} {{ nodes {_format_selections(further[0], fragments)} totalCount }}"
            )
        elif fragments is None:
            parts.append(f"...F{what}{directives}")
        else:
            parts.append(
                f"... on {_get_type_name(what)}{directives} {_format_selections(fragments[what], fragments)}"
            )
    return "{ " + " ".join(parts) + " }"


def _get_type_name(number: int) -> str:
    return "Query" if number % 2 == 0 else "Integration"


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, str]:
    """Generate a document with fragments, and the same document without fragments."""
    fragments = [draw(_selections(number + 1, 2, number % 2 == 0)) for number in range(FRAGMENTS)]
    operation = draw(_selections(0, 2, is_root=True))
    declared = "query ($yes: Boolean!, $no: Boolean!, $size: Int) "
    spread = declared + _format_selections(operation, None)
    defined = [
        f"fragment F{n} on {_get_type_name(n)} {_format_selections(each, None)}"
        for n, each in enumerate(fragments)
    ]
    return " ".join([spread, *draw(st.permutations(defined))]), declared + _format_selections(operation, fragments)


class _SizeVisitor(Visitor):
    """Measures an operation without fragments by visiting each node."""

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
def test_a_document_with_fragments_has_the_size_of_its_expansion(texts: tuple[str, str]) -> None:
    document, expanded = map(parse, texts)
    visitor = _SizeVisitor()
    visit(expanded, visitor)
    expected = OperationSize(visitor.depth, visitor.top, visitor.fields, visitor.aliases, visitor.directives, 3)
    assert [*measure_operations(document)] == [expected] == [*measure_operations(expanded)]


def _get_value(node: Any, values: dict[str, Any]) -> Any:
    return values[node.name.value] if isinstance(node, VariableNode) else node.value


def _compute_cost(selections: Any, values: dict[str, Any]) -> int:
    """Return the cost of selections for these values of variables."""
    total = 0
    for node in selections.selections:
        conditions = {
            each.name.value: _get_value(each.arguments[0].value, values) for each in node.directives or ()
        }
        if conditions.get("skip") or not conditions.get("include", True):
            continue
        if not isinstance(node, FieldNode):
            total += _compute_cost(node.selection_set, values)
        elif node.name.value == "integrations":
            sizes = [_get_value(each.value, values) for each in node.arguments or ()]
            size = next((min(max(int(each), 0), 100) for each in sizes if each is not None), 50)
            nodes = cast(FieldNode, node.selection_set.selections[0])  # type: ignore[union-attr]  # it has some
            total += 1 + 1 + size * _compute_cost(nodes.selection_set, values) + _COUNT_COST
        else:
            total += 1
    return total


@PROPERTY
@given(documents(), st.booleans(), st.booleans(), st.sampled_from([None, 0, 1, 99, 100, 101, -1]))
def test_a_document_with_fragments_has_the_cost_of_its_expansion(
    texts: tuple[str, str], yes: bool, no: bool, size: int | None
) -> None:
    values = {"yes": yes, "no": no, "size": size}
    document, expanded = map(parse, texts)
    operation = cast(OperationDefinitionNode, expanded.definitions[0])
    expected = BASE_COST + _compute_cost(operation.selection_set, values)
    for each in (document, expanded):
        assert [price.evaluate(values) for price in compute_operation_costs(schema._schema, each)] == [expected]
