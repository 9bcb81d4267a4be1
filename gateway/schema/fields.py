"""How a field of the graph is read: plain fields by the attribute of a row, keys out of its document."""

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

import strawberry
from strawberry.types.field import StrawberryField

from gateway.domain.section import Section
from gateway.tables import Documented

T = TypeVar("T")
E = TypeVar("E", bound=Enum)
Reader = Callable[[Section[object], str], T]


class KeyField(StrawberryField):
    """A field that is one key of a document, read leniently by `reader`."""

    reader: Reader[Any]
    key: str

    def get_result(
        self,
        source: Documented | Section[object],
        info: object,  # noqa: ARG002 (Strawberry passes these three)
        args: object,  # noqa: ARG002
        kwargs: object,  # noqa: ARG002
    ) -> object:
        return self.reader(source if isinstance(source, Section) else source.section(), self.key)

    def __copy__(self) -> "KeyField":
        copied = super().__copy__()
        copied.reader, copied.key = self.reader, self.key
        return copied


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
    found = KeyField(description=description)
    found.reader, found.key = reader, name
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
