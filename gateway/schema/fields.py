"""How a field of the graph is read: plain fields by the attribute of a row, keys out of its document."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self, TypeVar, cast

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.fields.resolver import StrawberryResolver

from gateway.database.mixins import Documented
from gateway.domain.lenient_reading import Section
from gateway.execution import (
    READS,
    BatchedField,
    Cost,
    Decoding,
    DocumentField,
    ListSize,
    Request,
    RowField,
)
from gateway.schema.json_readers import Reader, text

T = TypeVar("T")

WRITING = 1000
"""What a mutation costs: about as long as one takes, a query could have answered so many fields."""

FEW = ListSize(assumed_size=5)
"""For a list that nobody pages, since it hardly ever is longer."""

_KEYS = ("team_id", "id")
_DOCUMENT = ("document", "id")
"""What keys are read from, and what a faulty one is logged with."""


class KeyField(DocumentField):
    """A field that is a key of its object in the document."""

    reader: Reader[object]

    @property
    def decoding(self) -> Decoding | None:
        return self.reader.decoding

    def read(self, source: Documented | Section[object]) -> object:
        section = source if isinstance(source, Section) else source.section()
        return self.reader(section, self.key)

    def __copy__(self) -> Self:
        copied = super().__copy__()
        copied.key, copied.reader = self.key, self.reader
        return copied


class OwnField(RowField):
    """A field that a static method makes of the row, whichever part of the document its type stands for."""

    def read(self, source: object) -> object:
        return self.of_row(row_of(source))


def row_of(source: object) -> Any:  # noqa: ANN401 (each field takes rows of its own)
    """The row of which a section is a part, or which the source is itself."""
    return source.row if isinstance(source, Section) else source


def _found(found: object, _source: object, _arguments: object) -> object:
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
        metadata=None if reads is None else {READS: (*reads,)},
        directives=directives,
    )
    return decorator


def own(description: str, *, reads: Iterable[str], graphql_type: object = None) -> Callable[[T], T]:
    """A field that a static method makes of the row, whichever part of the document its type stands for."""
    annotation = StrawberryAnnotation.from_annotation(graphql_type)
    found = OwnField(description=description, type_annotation=annotation, metadata={READS: (*reads,)})
    return cast(Callable[[T], T], found)


def mutation(description: str, *, weight: int = WRITING, directives: Iterable[object] = ()) -> Callable[[T], T]:
    """A mutation that a static method does, which costs what it weighs."""
    decorator: Callable[[T], T] = strawberry.mutation(
        description=description, directives=[Cost(weight=weight), *directives]
    )
    return decorator


def key(name: str, description: str, reader: Reader[Any] = text, directives: Sequence[object] = ()) -> Any:  # noqa: ANN401 (a dataclass field)
    """A field that is the key `name` of its object in the document.

    The source of such a field is a `Section`, or a row whose document it stands in at the top.
    """
    found = KeyField(description=description, metadata={READS: _DOCUMENT}, directives=directives)
    found.key, found.reader = name, reader
    return found


def batched(
    description: str,
    request: Callable[[Any, Any], Request | None],
    shape: Callable[[Any, Any, Any], object] = _found,
    *,
    arguments: Callable[..., object] | None = None,
    graphql_type: object = None,
    reads: Iterable[str] = _KEYS,
    directives: Sequence[object] = (),
) -> Any:  # noqa: ANN401 (a dataclass field)
    """A field that is found for all rows at once; see `gateway.execution.BatchedField`.

    `arguments` takes the field's GraphQL arguments, and gives what `request` and `shape` are told of them;
    `graphql_type` is the field's type where the class's annotation says what Python holds; `reads` are the
    attributes that `request` and `shape` take of a row.
    """
    resolver: StrawberryResolver[object] | None = None if arguments is None else StrawberryResolver(arguments)
    annotation = StrawberryAnnotation.from_annotation(graphql_type)
    found = BatchedField(
        description=description,
        base_resolver=resolver,
        type_annotation=annotation,
        metadata={READS: (*reads,)},
        directives=directives,
    )
    found.request, found.shape = request, shape
    return found
