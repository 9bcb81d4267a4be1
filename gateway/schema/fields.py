"""How a field of the graph is read: plain fields by the attribute of a row, keys out of its document."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Self, TypeVar

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from gateway.domain.section import Section
from gateway.execution import READS, BatchedField, Code, Local, PlainField, Request, Value
from gateway.schema.readers import Reader, text
from gateway.tables import Documented

T = TypeVar("T")

_KEYS = ("team_id", "id")
_DOCUMENT = ("document", "id")
"""What keys are read from, and what a faulty one is logged with."""


@dataclass(frozen=True, slots=True)
class Inside(Local):
    """A variable that holds an object of a row's document."""

    row: str
    section: str
    """The name by which the code has `Section`."""
    meets: Callable[[str, Collection[str]], str]
    """What must be true of it; see `Reader.objects`."""

    @property
    def whole(self) -> str:
        return f"{self.section}({self.name}, {self.row})"

    @property
    def variables(self) -> tuple[str, ...]:
        return (self.name, self.row)

    def check(self, promised: Iterable[StrawberryField]) -> str:
        texts = [field.key for field in promised if isinstance(field, KeyField) and field.reader is text]
        return self.meets(self.name, texts)


class KeyField(PlainField):
    """A field that is a key of its object in the document."""

    key: str
    reader: Reader[object]

    def read(self, source: Documented | Section[object]) -> object:
        section = source if isinstance(source, Section) else source.section()
        return self.reader(section, self.key)

    def straight(self, local: Local, code: Code) -> Value:
        if isinstance(local, Inside):
            values, row = local.name, local.row
        else:
            values, row = code.once(f"{local.name}.document"), local.name
        found = self.reader.straight(f"{values}.get({self.key!r})", code.bind)
        meets = self.reader.objects
        return Value(found, meets and partial(Inside, row=row, section=code.bind(Section), meets=meets))

    def __copy__(self) -> Self:
        copied = super().__copy__()
        copied.key, copied.reader = self.key, self.reader
        return copied


def _found(found: object, _source: object, _arguments: object) -> object:
    return found


def field(
    description: str, *, graphql_type: object = None, reads: Iterable[str] | None = None
) -> Callable[[T], T]:
    """A field that a static method resolves; `graphql_type` where the graph shows what it gives as a type.

    `reads` are the attributes of rows that it is made of, where it has to say so: see `gateway.execution`.
    """
    decorator: Callable[[T], T] = strawberry.field(
        description=description, graphql_type=graphql_type, metadata=None if reads is None else {READS: (*reads,)}
    )
    return decorator


def mutation(description: str, *, graphql_type: object = None) -> Callable[[T], T]:
    """A mutation that a static method does."""
    decorator: Callable[[T], T] = strawberry.mutation(description=description, graphql_type=graphql_type)
    return decorator


def key(name: str, description: str, reader: Reader[Any] = text) -> Any:  # noqa: ANN401 (a dataclass field)
    """A field that is the key `name` of its object in the document.

    The source of such a field is a `Section`, or a row whose document it stands in at the top.
    """
    found = KeyField(description=description, metadata={READS: _DOCUMENT})
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
    )
    found.request, found.shape = request, shape
    return found
