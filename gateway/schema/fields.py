"""How a field of the graph is read: plain fields by the attribute of a row, keys out of its document."""

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.fields.resolver import StrawberryResolver

from gateway.domain.section import Section
from gateway.execution import BatchedField, PlainField, Request
from gateway.tables import Documented

T = TypeVar("T")
E = TypeVar("E", bound=Enum)
Reader = Callable[[Section[object], str], T]


def _section(source: Documented | Section[object]) -> Section[object]:
    return source if isinstance(source, Section) else source.section()


def _found(found: object, _source: object, _arguments: object) -> object:
    return found


def field(description: str, *, graphql_type: object = None) -> Callable[[T], T]:
    """A field that a static method resolves; `graphql_type` where the graph shows what it gives as a type."""
    decorator: Callable[[T], T] = strawberry.field(description=description, graphql_type=graphql_type)
    return decorator


def mutation(description: str, *, graphql_type: object = None) -> Callable[[T], T]:
    """A mutation that a static method does."""
    decorator: Callable[[T], T] = strawberry.mutation(description=description, graphql_type=graphql_type)
    return decorator


def text(section: Section[object], key: str) -> str | None:
    """Reads text."""
    return section.text(key)


def key(name: str, description: str, reader: Reader[Any] = text) -> Any:  # noqa: ANN401 (a dataclass field)
    """A field that is the key `name` of its object in the document.

    The source of such a field is a `Section`, or a row whose document it stands in at the top.
    """
    found = PlainField(description=description)
    found.read = lambda source: reader(_section(source), name)
    return found


def batched(
    description: str,
    request: Callable[[Any, Any], Request | None],
    shape: Callable[[Any, Any, Any], object] = _found,
    *,
    arguments: Callable[..., object] | None = None,
    graphql_type: object = None,
) -> Any:  # noqa: ANN401 (a dataclass field)
    """A field that is found for all rows at once; see `gateway.execution.BatchedField`.

    `arguments` takes the field's GraphQL arguments, and gives what `request` and `shape` are told of them;
    `graphql_type` is the field's type where the class's annotation says what Python holds.
    """
    resolver: StrawberryResolver[object] | None = None if arguments is None else StrawberryResolver(arguments)
    annotation = StrawberryAnnotation.from_annotation(graphql_type)
    found = BatchedField(description=description, base_resolver=resolver, type_annotation=annotation)
    found.request, found.shape = request, shape
    return found


def either(reader: Reader[T | None], default: T) -> Reader[T]:
    """`reader`, with `default` for what is missing or faulty, where the graph promises a value."""

    def read(section: Section[object], key: str) -> T:
        found = reader(section, key)
        return default if found is None else found

    return read


def word(words: type[E]) -> Reader[E | None]:
    """Reads the member of a closed set."""
    return lambda section, key: section.member(key, words)


def words(members: type[E]) -> Reader[list[E]]:
    """Reads a list of members of a closed set."""
    return lambda section, key: section.members(key, members)
