"""What stands in a document, by its schema coordinates: `Type.field` and `Type.field(argument:)`."""

from collections.abc import Sequence

from graphql import DocumentNode, FieldNode, GraphQLSchema, TypeInfo, TypeInfoVisitor, Visitor, visit


def list_coordinates(schema: GraphQLSchema, document: DocumentNode) -> Sequence[str]:
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
