"""How a field of the graph is read: plain fields by the attribute of a row, keys out of its document."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self, TypeVar, cast

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.fields.resolver import StrawberryResolver

from gateway.database import HasDocument
from gateway.domain.lenient_reading import LenientObject
from gateway.execution import (
    READ_ATTRIBUTES,
    BatchedField,
    BatchRequest,
    Cost,
    Decoding,
    DocumentField,
    ListSize,
    RowField,
)
from gateway.schema.json_readers import KeyReader, text

T = TypeVar("T")

MUTATION_COST = 1000
"""What a mutation costs: about as long as one takes, a query could have answered so many fields."""

SHORT_LIST_SIZE = ListSize(assumed_size=5)
"""For a list that nobody pages, since it hardly ever is longer."""

_KEY_COLUMNS = ("team_id", "id")
_DOCUMENT_COLUMNS = ("document", "id")
"""What keys are read from, and what a faulty one is logged with."""


class KeyField(DocumentField):
    """A field that is a key of its object in the document."""

    reader: KeyReader[object]

    @property
    def decoding(self) -> Decoding | None:
        return self.reader.decoding

    def read(self, source: HasDocument | LenientObject[object]) -> object:
        section = source if isinstance(source, LenientObject) else source.read_document()
        return self.reader(section, self.key)

    def __copy__(self) -> Self:
        copied = super().__copy__()
        copied.key, copied.reader = self.key, self.reader
        return copied


class ConfigRowField(RowField):
    """A field that a static method makes of the row, whichever part of the document its type stands for."""

    def read(self, source: object) -> object:
        return self.row_resolver(get_row(source))


def get_row(source: object) -> Any:  # noqa: ANN401 (each field takes rows of its own)
    """The row of which a section is a part, or which the source is itself."""
    return source.row if isinstance(source, LenientObject) else source


def _return_value(found: object, _source: object, _arguments: object) -> object:
    return found


def field(
    description: str,
    *,
    graphql_type: object = None,
    reads: Iterable[str] | None = None,
    directives: Sequence[object] = (),
) -> Callable[[T], T]:
    """A field that a static method resolves; `graphql_type` where the graph shows what it gives as a type.

    `reads` are the attributes of rows that it is made of, where it has to say so: see `gateway.execution`.
    """
    decorator: Callable[[T], T] = strawberry.field(
        description=description,
        graphql_type=graphql_type,
        metadata=None if reads is None else {READ_ATTRIBUTES: (*reads,)},
        directives=directives,
    )
    return decorator


def row_field(description: str, *, reads: Iterable[str], graphql_type: object = None) -> Callable[[T], T]:
    """A field that a static method makes of the row, whichever part of the document its type stands for."""
    annotation = StrawberryAnnotation.from_annotation(graphql_type)
    new_field = ConfigRowField(
        description=description, type_annotation=annotation, metadata={READ_ATTRIBUTES: (*reads,)}
    )
    return cast(Callable[[T], T], new_field)


def mutation(
    description: str, *, weight: int = MUTATION_COST, directives: Iterable[object] = ()
) -> Callable[[T], T]:
    """A mutation that a static method does, which costs what it weighs."""
    decorator: Callable[[T], T] = strawberry.mutation(
        description=description, directives=[Cost(weight=weight), *directives]
    )
    return decorator


def key_field(
    name: str, description: str, reader: KeyReader[Any] = text, directives: Sequence[object] = ()
) -> Any:  # noqa: ANN401 (a dataclass field)
    """A field that is the key `name` of its object in the document.

    The source of such a field is a `Section`, or a row whose document it stands in at the top.
    """
    new_field = KeyField(
        description=description, metadata={READ_ATTRIBUTES: _DOCUMENT_COLUMNS}, directives=directives
    )
    new_field.key, new_field.reader = name, reader
    return new_field


def batched_field(
    description: str,
    request: Callable[[Any, Any], BatchRequest | None],
    shape: Callable[[Any, Any, Any], object] = _return_value,
    *,
    arguments: Callable[..., object] | None = None,
    graphql_type: object = None,
    reads: Iterable[str] = _KEY_COLUMNS,
    directives: Sequence[object] = (),
) -> Any:  # noqa: ANN401 (a dataclass field)
    """A field that is found for all rows at once; see `gateway.execution.BatchedField`.

    `arguments` takes the field's GraphQL arguments, and gives what `request` and `shape` are told of them;
    `graphql_type` is the field's type where the class's annotation says what Python holds; `reads` are the
    attributes that `request` and `shape` take of a row.
    """
    resolver: StrawberryResolver[object] | None = None if arguments is None else StrawberryResolver(arguments)
    annotation = StrawberryAnnotation.from_annotation(graphql_type)
    new_field = BatchedField(
        description=description,
        base_resolver=resolver,
        type_annotation=annotation,
        metadata={READ_ATTRIBUTES: (*reads,)},
        directives=directives,
    )
    new_field.build_request, new_field.build_value = request, shape
    return new_field
