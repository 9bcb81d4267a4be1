"""What stands in a document, by its schema coordinates: `Type.field` and `Type.field(argument:)`."""

from graphql import DocumentNode, FieldNode, GraphQLSchema, TypeInfo, TypeInfoVisitor, Visitor, visit


def coordinates(schema: GraphQLSchema, document: DocumentNode) -> frozenset[str]:
    """Those of all fields and arguments of a document, whichever operation has them, but for `__typename`.

    The document may be invalid: what stands below something that is not there is of no type and left out.
    """
    types = TypeInfo(schema)
    found = _Found(types)
    visit(document, TypeInfoVisitor(types, found))
    return frozenset(found.coordinates)


class _Found(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types
        self.coordinates: set[str] = set()

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent = self._types.get_parent_type()
        if parent is None or node.name.value == "__typename":
            return
        field = f"{parent.name}.{node.name.value}"
        self.coordinates.add(field)
        self.coordinates |= {f"{field}({argument.name.value}:)" for argument in node.arguments or ()}
