"""Constructors of fields: resolved, read from a document, computed from a row, batched, and mutations."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self, TypeVar, cast

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.fields.resolver import StrawberryResolver

from gateway.database import HasDocument
from gateway.domain.lenient_reading import LenientObject
from gateway.execution import (
    READ_COLUMNS,
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
"""Cost of a mutation: in the time of a mutation, a query resolves about this many fields."""

SHORT_LIST_SIZE = ListSize(assumed_size=5)
"""List size of short lists, which have no pages."""

_KEY_COLUMNS = ("team_id", "id")
_DOCUMENT_COLUMNS = ("document", "id")
"""Columns that a key is read from: the document, and the id for the log line of a faulty value."""


class KeyField(DocumentField):
    """Field that reads a key of its object in the document."""

    reader: KeyReader[object]

    @property
    def decoding(self) -> Decoding | None:
        return self.reader.decoding

    def read(self, source: HasDocument | LenientObject[object]) -> object:
        parent = source if isinstance(source, LenientObject) else source.read_document()
        return self.reader(parent, self.key)

    def __copy__(self) -> Self:
        copied = super().__copy__()
        copied.key, copied.reader = self.key, self.reader
        return copied


class ConfigRowField(RowField):
    """Field that a static method computes from the row, also below an object of the document."""

    def read(self, source: object) -> object:
        return self.row_resolver(get_row(source))


def get_row(source: object) -> Any:  # noqa: ANN401 (each field takes rows of its own)
    """Return the row of an object of the document; a source that is a row is returned itself."""
    return source.row if isinstance(source, LenientObject) else source


def _return_value(value: object, _source: object, _arguments: object) -> object:
    return value


def field(
    description: str,
    *,
    graphql_type: object = None,
    reads: Iterable[str] | None = None,
    directives: Sequence[object] = (),
    metadata: Mapping[str, object] | None = None,
) -> Callable[[T], T]:
    """Decorate a static method that resolves a field.

    `graphql_type` is the field's type where it differs from the annotation. `reads` are the columns of a row that
    the resolver uses: `gateway.execution` fetches no others.
    """
    decorator: Callable[[T], T] = strawberry.field(
        description=description,
        graphql_type=graphql_type,
        metadata={**(metadata or {}), **({} if reads is None else {READ_COLUMNS: (*reads,)})},
        directives=directives,
    )
    return decorator


def row_field(description: str, *, reads: Iterable[str], graphql_type: object = None) -> Callable[[T], T]:
    """Decorate a static method that computes a field from the row, also below an object of the document."""
    annotation = StrawberryAnnotation.from_annotation(graphql_type)
    new_field = ConfigRowField(
        description=description, type_annotation=annotation, metadata={READ_COLUMNS: (*reads,)}
    )
    return cast(Callable[[T], T], new_field)


def mutation(
    description: str, *, weight: int = MUTATION_COST, directives: Iterable[object] = ()
) -> Callable[[T], T]:
    """Decorate a static method that resolves a mutation with this cost."""
    decorator: Callable[[T], T] = strawberry.mutation(
        description=description, directives=[Cost(weight=weight), *directives]
    )
    return decorator


def key_field(
    name: str, description: str, reader: KeyReader[Any] = text, directives: Sequence[object] = ()
) -> Any:  # noqa: ANN401 (a dataclass field)
    """Return a field that reads the key `name` of its source, an object of the document or a row."""
    new_field = KeyField(
        description=description, metadata={READ_COLUMNS: _DOCUMENT_COLUMNS}, directives=directives
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
    field_class: type[BatchedField] = BatchedField,
    metadata: Mapping[str, object] | None = None,
) -> Any:  # noqa: ANN401 (a dataclass field)
    """Return a field that is loaded for all rows at once; see `gateway.execution.BatchedField`.

    `request` and `shape` take a row and the result of `arguments`, which takes the field's GraphQL arguments.
    `graphql_type` is the field's type where it differs from the annotation. `reads` are the columns of a row that
    `request` and `shape` use.
    """
    resolver: StrawberryResolver[object] | None = None if arguments is None else StrawberryResolver(arguments)
    annotation = StrawberryAnnotation.from_annotation(graphql_type)
    new_field = field_class(
        description=description,
        base_resolver=resolver,
        type_annotation=annotation,
        metadata={**(metadata or {}), READ_COLUMNS: (*reads,)},
        directives=directives,
    )
    new_field.build_request, new_field.build_value = request, shape
    return new_field
