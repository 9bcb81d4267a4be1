"""Where the values of an operation's input stand: their arguments, their types, and whether they are private."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    GraphQLArgument,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLSchema,
    ListValueNode,
    Node,
    ObjectValueNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    get_nullable_type,
    visit,
)

PRIVATE_INPUTS = frozenset(
    {
        *(
            f"ConnectedIntegration{end}.{key}"
            for end in ("Input", "Patch")
            for key in ("accessToken", "refreshToken")
        ),
        *(f"ConnectedIntegration{end}.authUser{key}" for end in ("Input", "Patch") for key in ("Email", "Name")),
        *(f"{way}Webhook{end}.script" for way in ("Incoming", "Outgoing") for end in ("Input", "Patch")),
        *(f"OutgoingWebhook{end}.{key}" for end in ("Input", "Patch") for key in ("token", "urls")),
        *(f"{name}.sheetLink" for name in ("UseCaseGroupInput", "UpdateUseCaseInput")),
        *("UseCaseActionPatch.reportEmails", "LocationConfigInput.phone"),
        # The URL of a webhook may contain a secret of the system that it calls.
        *("IntegrationFilter.url", "IntegrationFilter.urls"),
        *(
            "AppointmentConfigInput",
            "PatientConfigInput",
            "OtherConfigInput",
            "Mutation.importIntegration(document:)",
        ),
        *("ConnectedIntegration.resourceRecords(search:)", "ConnectedIntegration.appointmentStatistics(search:)"),
        *("ConnectedIntegration.patientStatistics(search:)", "Query.appointmentStatistics(search:)"),
        "Query.patientStatistics(search:)",
    }
)
"""Schema coordinates of secrets and of patients' values. Errors do not show values there, nor below."""


@dataclass(frozen=True, slots=True)
class InputLocation:
    """The place of a value in the input of a field."""

    argument: tuple[str, ...]
    """The name of the argument, then keys and positions."""

    type: GraphQLInputType
    is_private: bool = False

    @property
    def may_be_shown(self) -> bool:
        """Whether an error may show the value: it is not private, and holds nothing private."""
        return not self.is_private and not _holds_private(get_named_type(self.type))

    def enter(self, key: str | int) -> "InputLocation":
        """Return the location of an item of this list, or of a field of this input object."""
        argument = (*self.argument, str(key))
        if isinstance(key, int):
            type_ = get_nullable_type(self.type)
            item_type = type_.of_type if isinstance(type_, GraphQLList) else self.type
            return replace(self, argument=argument, type=item_type)
        parent = get_named_type(self.type)
        if not isinstance(parent, GraphQLInputObjectType) or key not in parent.fields:
            return self
        is_private = self.is_private or _is_private(f"{parent.name}.{key}", parent.fields[key].type)
        return InputLocation(argument, parent.fields[key].type, is_private)


def _is_private(coordinate: str, type_: GraphQLInputType) -> bool:
    return bool({coordinate, get_named_type(type_).name} & PRIVATE_INPUTS)


@cache
def _holds_private(type_: object) -> bool:
    """Return whether an input type has a private field at any depth."""
    pending, seen = [type_], set[object]()
    while pending:
        each = pending.pop()
        if isinstance(each, GraphQLInputObjectType) and each not in seen:
            seen.add(each)
            if any(_is_private(f"{each.name}.{key}", field.type) for key, field in each.fields.items()):
                return True
            pending += [get_named_type(field.type) for field in each.fields.values()]
    return False


class InputLocations:
    """The locations of all values in a document. The document may be invalid; unknown arguments have none."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        types = TypeInfo(schema)
        self._found = _LocationCollector(types)
        visit(document, TypeInfoVisitor(types, self._found))
        for node in self._found.variable_definitions:
            if node.default_value is not None and (type_ := self._found.variable_types[id(node)]) is not None:
                self._found.add(node.default_value, self.locate_variable(node.variable.name.value, type_))

    def locate(self, nodes: Iterable[Node] | None) -> InputLocation | None:
        """Return the location of the first of these nodes that is a value of an argument; None if none is."""
        return next(
            (self._found.locations[id(node)] for node in nodes or () if id(node) in self._found.locations), None
        )

    def locate_variable(self, name: str, type_: GraphQLInputType) -> InputLocation:
        """Return the location where a variable is first used. It is private if any of its uses is."""
        uses = self._found.uses.get(name, [])
        return InputLocation(
            uses[0].argument if uses else (), type_, is_private=not uses or any(use.is_private for use in uses)
        )


class _LocationCollector(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types
        self.locations: dict[int, InputLocation] = {}
        self.uses: dict[str, list[InputLocation]] = {}
        """The locations of each variable."""
        self.variable_definitions: list[VariableDefinitionNode] = []
        self.variable_types: dict[int, GraphQLInputType | None] = {}

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: object) -> None:
        self.variable_definitions.append(node)
        self.variable_types[id(node)] = self._types.get_input_type()

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent, definition = self._types.get_parent_type(), self._types.get_field_def()
        if parent is not None and definition is not None:
            self._add_arguments(node.arguments, definition.args, f"{parent.name}.{node.name.value}")

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        if (definition := self._types.get_directive()) is not None:
            self._add_arguments(node.arguments, definition.args, f"@{node.name.value}")

    def _add_arguments(
        self, nodes: Iterable[ArgumentNode] | None, definitions: Mapping[str, GraphQLArgument], owner: str
    ) -> None:
        for node in nodes or ():
            name = node.name.value
            if name in definitions:
                type_ = definitions[name].type
                is_private = _is_private(f"{owner}({name}:)", type_)
                self.add(node.value, InputLocation((name,), type_, is_private))

    def add(self, node: Node, location: InputLocation) -> None:
        """Add the location of a value, and of all values below it."""
        self.locations[id(node)] = location
        if isinstance(node, VariableNode):
            self.uses.setdefault(node.name.value, []).append(location)
        elif isinstance(node, ListValueNode):
            for index, item in enumerate(node.values):
                self.add(item, location.enter(index))
        elif isinstance(node, ObjectValueNode):
            for field in node.fields:
                self.locations[id(field)] = location
                self.add(field.value, location.enter(field.name.value))
