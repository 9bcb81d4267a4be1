"""A cache of documents: each is parsed, validated and compiled once."""

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
"""Estimated bytes that all cached documents may take."""

_BYTES_PER_TOKEN = 2500
"""An estimate for a document's nodes and compiled functions, in bytes for each token."""

_MAX_PLANS = 64
"""Stored plans of one document: one for each root field and set of condition values."""


class _DocumentSource(Source):
    """The text of a document, with a weak reference to the document. All nodes refer to their source."""

    document: ReferenceType["ExecutableDocument"]


class ExecutableDocument:
    """A document with its validation errors, operations and plans.

    None of its parts refers back to it, so memory is freed without the garbage collector when the cache drops it.

    Raises LimitExceeded and GraphQLSyntaxError.
    """

    def __init__(self, text: str, limits: DocumentLimits) -> None:
        source = _DocumentSource(text)
        source.document = ref(self)
        self.node = limits.parse(source)
        _unlink_tokens(self.node)
        self.digest = sha256(text.encode()).hexdigest()
        self.errors: list[GraphQLError] | None = None
        """The validation errors; None before validation."""
        self.operations: dict[str | None, ExecutableOperation] = {}
        """Operations by name, after validation. A single operation also has the key None."""
        self.plans: dict[Hashable, Plan | None] = {}
        """Plans of root fields, by their nodes and condition values; None for one that does not compile."""
        self.fallbacks = FallbackLog()
        self._coordinates: Sequence[str] | None = None
        self.estimated_bytes = len(text) + _BYTES_PER_TOKEN * self.node.token_count

    @staticmethod
    def from_node(node: Node) -> "ExecutableDocument | None":
        """Return the document of a node; None if the node was not parsed by this class."""
        source = node.loc.source if node.loc else None
        return source.document() if isinstance(source, _DocumentSource) else None

    def copy_without_variables(self) -> DocumentNode:
        """Return a copy of the document whose operations declare no variables."""
        definitions = (
            replace(each, variable_definitions=()) if isinstance(each, OperationDefinitionNode) else each
            for each in self.node.definitions
        )
        return replace(self.node, definitions=tuple(definitions))

    def is_ambiguous(self, operation_name: str | None) -> bool:
        """Return whether a request must name one of several operations, and does not."""
        definitions = self._list_operation_definitions()
        return operation_name is None and len(definitions) > 1 and all(each.name for each in definitions)

    def list_coordinates(self, schema: GraphQLSchema) -> Sequence[str]:
        """Return the schema coordinates of its fields and arguments: `Type.field` and `Type.field(argument:)`."""
        if self._coordinates is None:
            self._coordinates = _list_coordinates(schema, self.node)
        return self._coordinates

    def prepare_operations(self, schema: GraphQLSchema) -> None:
        """Compute the costs of its operations. The document must be valid."""
        conditions = _ConditionVariableCollector()
        visit(self.node, conditions)
        names = sorted(conditions.names)
        for node, cost in zip(
            self._list_operation_definitions(), compute_operation_costs(schema, self.node), strict=True
        ):
            name = None if node.name is None else node.name.value
            record = RecordedOperation(node.operation.value, name, self.digest)
            variables = OperationVariables(schema, node.variable_definitions or ())
            self.operations[name] = ExecutableOperation(record, variables, names, cost)
        if len(self.operations) == 1:
            (self.operations[None],) = self.operations.values()

    def store_plan(self, key: Hashable, plan: Plan | None) -> None:
        """Store a plan; drop the oldest if there are too many."""
        self.plans[key] = plan
        if len(self.plans) > _MAX_PLANS:
            del self.plans[next(iter(self.plans))]

    def _list_operation_definitions(self) -> list[OperationDefinitionNode]:
        return [each for each in self.node.definitions if isinstance(each, OperationDefinitionNode)]


def _unlink_tokens(document: DocumentNode) -> None:
    """Unlink its tokens, which form reference cycles and are not used after parsing."""
    assert document.loc is not None  # noqa: S101 (documents are parsed with locations)
    token: Token | None = document.loc.start_token
    while token is not None:
        following, token.prev, token.next = token.next, None, None
        token = following


class DocumentCache:
    """The most recently used documents, by their text."""

    def __init__(self, limits: DocumentLimits) -> None:
        self._limits = limits
        self._documents: OrderedDict[str, ExecutableDocument] = OrderedDict()
        self._total_bytes = 0

    def get(self, text: str) -> ExecutableDocument | None:
        """Return the cached document of this text; None if there is none."""
        document = self._documents.get(text)
        if document is not None:
            self._documents.move_to_end(text)
        return document

    def add(self, text: str) -> ExecutableDocument:
        """Parse and store a document, which may be invalid. Raises LimitExceeded and GraphQLSyntaxError."""
        document = self._documents[text] = ExecutableDocument(text, self._limits)
        self._total_bytes += document.estimated_bytes
        while len(self._documents) > _MAX_DOCUMENTS or self._total_bytes > _MAX_BYTES:
            _, dropped = self._documents.popitem(last=False)
            self._total_bytes -= dropped.estimated_bytes
        return document


class _ConditionVariableCollector(Visitor):
    """Collects the names of variables that directives use."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        self.names |= {a.value.name.value for a in node.arguments or () if isinstance(a.value, VariableNode)}


def _list_coordinates(schema: GraphQLSchema, document: DocumentNode) -> Sequence[str]:
    """Return the coordinates of all fields and arguments in document order, without duplicates and `__typename`.

    The document may be invalid: selections below an unknown field are left out.
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
