"""Documents that were asked, with all that is found out of each: it is parsed, validated and planned once."""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import replace
from hashlib import sha256
from weakref import ReferenceType, ref

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    Source,
    Token,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    visit,
)

from gateway.execution.compiler import Plan
from gateway.execution.fallbacks import FallbackLog
from gateway.execution.inputs import OperationVariables
from gateway.execution.limits import DocumentLimits, compute_operation_costs
from gateway.execution.operations import ExecutableOperation
from gateway.telemetry import RecordedOperation

_MAX_DOCUMENTS = 512
_MAX_BYTES = 64 * 2**20
"""Of all documents that are known, about."""

_BYTES_PER_TOKEN = 2500
"""Of its nodes, and of what is compiled of them."""

_MAX_PLANS = 64
"""Of one document: its root fields, by what their conditions read."""


class _DocumentSource(Source):
    """The text of a document, to which its nodes lead; `document` is there as long as somebody has it."""

    document: ReferenceType["ExecutableDocument"]


class ExecutableDocument:
    """A document and what became of it.

    Nothing of it leads back to it, so that all of it is gone as soon as it is forgotten and nobody executes it.
    """

    def __init__(self, text: str, limits: DocumentLimits) -> None:
        source = _DocumentSource(text)
        source.document = ref(self)
        self.node = limits.parse(source)
        _unlink_tokens(self.node)
        self.digest = sha256(text.encode()).hexdigest()
        self.errors: list[GraphQLError] | None = None
        """What is not valid about it; None before it was validated."""
        self.operations: dict[str | None, ExecutableOperation] = {}
        """By their names, once they are known to be valid. One that is alone also goes by none."""
        self.plans: dict[Hashable, Plan | None] = {}
        """Of root fields, by their nodes and what conditions read; None for one that has none."""
        self.fallbacks = FallbackLog()
        self._coordinates: Sequence[str] | None = None
        self.estimated_bytes = len(text) + _BYTES_PER_TOKEN * self.node.token_count

    @staticmethod
    def from_node(node: Node) -> "ExecutableDocument | None":
        """What a node is of; None for what was not parsed for execution."""
        source = node.loc.source if node.loc else None
        return source.document() if isinstance(source, _DocumentSource) else None

    def copy_without_variables(self) -> DocumentNode:
        """The same, with operations that declare none."""
        definitions = (
            replace(each, variable_definitions=()) if isinstance(each, OperationDefinitionNode) else each
            for each in self.node.definitions
        )
        return replace(self.node, definitions=tuple(definitions))

    def is_ambiguous(self, operation_name: str | None) -> bool:
        """Whether it has several operations, all with names, and none is asked for."""
        definitions = self._list_operation_definitions()
        return operation_name is None and len(definitions) > 1 and all(each.name for each in definitions)

    def list_coordinates(self, schema: GraphQLSchema) -> Sequence[str]:
        """The schema coordinates of its fields and arguments: `Type.field` and `Type.field(argument:)`."""
        if self._coordinates is None:
            self._coordinates = _list_coordinates(schema, self.node)
        return self._coordinates

    def prepare_operations(self, schema: GraphQLSchema) -> None:
        """Price its operations, once it is known to be valid."""
        conditions = _ConditionVariableCollector()
        visit(self.node, conditions)
        names = sorted(conditions.names)
        for node, price in zip(
            self._list_operation_definitions(), compute_operation_costs(schema, self.node), strict=True
        ):
            name = None if node.name is None else node.name.value
            noted = RecordedOperation(node.operation.value, name, self.digest)
            variables = OperationVariables(schema, node.variable_definitions or ())
            self.operations[name] = ExecutableOperation(noted, variables, names, price)
        if len(self.operations) == 1:
            (self.operations[None],) = self.operations.values()

    def store_plan(self, key: Hashable, plan: Plan | None) -> None:
        """Keep a plan, and no more than so many."""
        self.plans[key] = plan
        if len(self.plans) > _MAX_PLANS:
            del self.plans[next(iter(self.plans))]

    def _list_operation_definitions(self) -> list[OperationDefinitionNode]:
        return [each for each in self.node.definitions if isinstance(each, OperationDefinitionNode)]


def _unlink_tokens(document: DocumentNode) -> None:
    """Forget its tokens, each of which leads to the next and back: nobody reads them any more."""
    assert document.loc is not None  # noqa: S101 (documents are parsed with locations)
    token: Token | None = document.loc.start_token
    while token is not None:
        following, token.prev, token.next = token.next, None, None
        token = following


class DocumentCache:
    """The documents that were asked last."""

    def __init__(self, limits: DocumentLimits) -> None:
        self._limits = limits
        self._documents: OrderedDict[str, ExecutableDocument] = OrderedDict()
        self._total_bytes = 0

    def get(self, text: str) -> ExecutableDocument | None:
        """The document of this text, if it was read before."""
        document = self._documents.get(text)
        if document is not None:
            self._documents.move_to_end(text)
        return document

    def add(self, text: str) -> ExecutableDocument:
        """The document of this text, which may be invalid. Raises LimitExceeded and GraphQLSyntaxError."""
        document = self._documents[text] = ExecutableDocument(text, self._limits)
        self._total_bytes += document.estimated_bytes
        while len(self._documents) > _MAX_DOCUMENTS or self._total_bytes > _MAX_BYTES:
            _, forgotten = self._documents.popitem(last=False)
            self._total_bytes -= forgotten.estimated_bytes
        return document


class _ConditionVariableCollector(Visitor):
    """Collects the variables that directives read."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        self.names |= {a.value.name.value for a in node.arguments or () if isinstance(a.value, VariableNode)}


def _list_coordinates(schema: GraphQLSchema, document: DocumentNode) -> Sequence[str]:
    """Those of all fields and arguments of a document in their order, each once, but for `__typename`.

    The document may be invalid: what stands below something that is not there is of no type and left out.
    """
    types = TypeInfo(schema)
    found = _CoordinateCollector(types)
    visit(document, TypeInfoVisitor(types, found))
    return tuple(found.coordinates)


class _CoordinateCollector(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types
        self.coordinates: dict[str, None] = {}

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent = self._types.get_parent_type()
        if parent is None or node.name.value == "__typename":
            return
        field = f"{parent.name}.{node.name.value}"
        arguments = [f"{field}({argument.name.value}:)" for argument in node.arguments or ()]
        self.coordinates |= dict.fromkeys([field, *arguments])
