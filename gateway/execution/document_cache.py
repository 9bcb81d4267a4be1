"""Documents that were asked, with all that is found out of each: it is parsed, validated and planned once."""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import replace
from hashlib import sha256
from weakref import ReferenceType, ref

from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    Source,
    Token,
    VariableNode,
    Visitor,
    visit,
)
from graphql.validation.rules import overlapping_fields_can_be_merged

from gateway.execution.compiler.plan import Plan
from gateway.execution.coordinates import coordinates
from gateway.execution.inputs.arguments import Variables
from gateway.execution.limits.cost import prices
from gateway.execution.limits.document_limits import Limits
from gateway.execution.operations import Operation
from gateway.telemetry import request_record

_MAX_KNOWN = 512
_MAX_BYTES = 64 * 2**20
"""Of all documents that are known, about."""

_BYTES_OF_A_TOKEN = 2500
"""Of its nodes, and of what is compiled of them."""

_MAX_PLANS = 64
"""Of one document: its root fields, by what their conditions read."""

# What graphql-core may spend on comparing fields that overlap. Its own bound is ten times this, a second.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 50_000


class _Text(Source):
    """The text of a document, to which its nodes lead; `document` is there as long as somebody has it."""

    document: ReferenceType["ExecutableDocument"]


class ExecutableDocument:
    """A document and what became of it.

    Nothing of it leads back to it, so that all of it is gone as soon as it is forgotten and nobody executes it.
    """

    def __init__(self, text: str, limits: Limits) -> None:
        source = _Text(text)
        source.document = ref(self)
        self.node = limits.parsed(source)
        _cut(self.node)
        self.digest = sha256(text.encode()).hexdigest()
        self.errors: list[GraphQLError] | None = None
        """What is not valid about it; None before it was validated."""
        self.operations: dict[str | None, Operation] = {}
        """By their names, once they are known to be valid. One that is alone also goes by none."""
        self.plans: dict[Hashable, Plan | None] = {}
        """Of root fields, by their nodes and what conditions read; None for one that has none."""
        self._coordinates: Sequence[str] | None = None
        self.size = len(text) + _BYTES_OF_A_TOKEN * self.node.token_count

    @staticmethod
    def of(node: Node) -> "ExecutableDocument | None":
        """What a node is of; None for what was not parsed for execution."""
        source = node.loc.source if node.loc else None
        return source.document() if isinstance(source, _Text) else None

    def without_variables(self) -> DocumentNode:
        """The same, with operations that declare none."""
        definitions = (
            replace(each, variable_definitions=()) if isinstance(each, OperationDefinitionNode) else each
            for each in self.node.definitions
        )
        return replace(self.node, definitions=tuple(definitions))

    def is_ambiguous(self, operation_name: str | None) -> bool:
        """Whether it has several operations, all with names, and none is asked for."""
        definitions = self._definitions()
        return operation_name is None and len(definitions) > 1 and all(each.name for each in definitions)

    def coordinates(self, schema: GraphQLSchema) -> Sequence[str]:
        """What stands in it, see `gateway.execution.coordinates`; found when somebody wants to know."""
        if self._coordinates is None:
            self._coordinates = coordinates(schema, self.node)
        return self._coordinates

    def prepare(self, schema: GraphQLSchema) -> None:
        """Price its operations, once it is known to be valid."""
        conditions = _Conditions()
        visit(self.node, conditions)
        names = sorted(conditions.names)
        for node, price in zip(self._definitions(), prices(schema, self.node), strict=True):
            name = None if node.name is None else node.name.value
            noted = request_record.Operation(node.operation.value, name, self.digest)
            variables = Variables(schema, node.variable_definitions or ())
            self.operations[name] = Operation(noted, variables, names, price)
        if len(self.operations) == 1:
            (self.operations[None],) = self.operations.values()

    def keep(self, key: Hashable, plan: Plan | None) -> None:
        """Keep a plan, and no more than so many."""
        self.plans[key] = plan
        if len(self.plans) > _MAX_PLANS:
            del self.plans[next(iter(self.plans))]

    def _definitions(self) -> list[OperationDefinitionNode]:
        return [each for each in self.node.definitions if isinstance(each, OperationDefinitionNode)]


def _cut(document: DocumentNode) -> None:
    """Forget its tokens, each of which leads to the next and back: nobody reads them any more."""
    assert document.loc is not None  # noqa: S101 (documents are parsed with locations)
    token: Token | None = document.loc.start_token
    while token is not None:
        following, token.prev, token.next = token.next, None, None
        token = following


class Documents:
    """The documents that were asked last."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: OrderedDict[str, ExecutableDocument] = OrderedDict()
        self._bytes = 0

    def known(self, text: str) -> ExecutableDocument | None:
        """The document of this text, if it was read before."""
        document = self._known.get(text)
        if document is not None:
            self._known.move_to_end(text)
        return document

    def read(self, text: str) -> ExecutableDocument:
        """The document of this text, which may be invalid. Raises LimitExceeded and GraphQLSyntaxError."""
        document = self._known[text] = ExecutableDocument(text, self._limits)
        self._bytes += document.size
        while len(self._known) > _MAX_KNOWN or self._bytes > _MAX_BYTES:
            _, forgotten = self._known.popitem(last=False)
            self._bytes -= forgotten.size
        return document


class _Conditions(Visitor):
    """Collects the variables that directives read."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        self.names |= {a.value.name.value for a in node.arguments or () if isinstance(a.value, VariableNode)}
