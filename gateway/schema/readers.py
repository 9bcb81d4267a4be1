"""How keys of a document are read: leniently by a `Section`, and straight where it is just as it should be."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date as calendar_date
from enum import Enum
from typing import Generic, TypeVar

from gateway.domain import instants, timezones
from gateway.domain.section import Document, Section

T = TypeVar("T")
E = TypeVar("E", bound=Enum)
R = TypeVar("R", covariant=True)  # noqa: PLC0105 (what is read; `R_co` says no more)

Bind = Callable[[object], str]
Straight = Callable[[str, Bind], str]
"""Makes code of the code for what stands under a key; see `gateway.execution.Code`."""

_NOTHING: Document = {}


@dataclass(frozen=True, slots=True)
class Reader(Generic[R]):
    """Reads a key of an object of a document.

    `straight` is code for the same, without a `Section`. It may give what only a well-formed document holds,
    unchecked as far as the field's type is checked anyway, and it may raise; then the careful way is taken.
    """

    read: Callable[[Section[object], str], R]
    straight: Straight
    objects: Callable[[str, Collection[str]], str] | None = None
    """For what is objects of the document: code for what must be true of each.

    Given its variable, and the keys that are read of it as text which must not be missing.
    """

    def __call__(self, section: Section[object], key: str) -> R:
        return self.read(section, key)


def _as_it_stands(raw: str, _bind: Bind) -> str:
    return raw


def _or(default: object, straight: Straight = _as_it_stands) -> Straight:
    return lambda raw, bind: f"({bind(default)} if (v := {straight(raw, bind)}) is None else v)"


def _by(function: Callable[[str], object]) -> Straight:
    return lambda raw, bind: f"(None if (v := {raw}) is None else {bind(function)}(v))"


def _zone(name: str) -> str:
    if not timezones.is_timezone(name):
        raise ValueError
    return name


def _is_object(name: str, _texts: Collection[str] = ()) -> str:
    return f"type({name}) is dict"


text = Reader(Section.text, _as_it_stands)
flag = Reader(Section.flag, _as_it_stands)
integer = Reader(Section.integer, _as_it_stands)
instant = Reader(Section.instant, _by(instants.respelled))
date = Reader(Section.date, _by(calendar_date.fromisoformat))
timezone = Reader(Section.timezone, _by(_zone))
texts = Reader(Section.texts, _or(()))
section = Reader(Section.section, _or(_NOTHING), _is_object)
sections = Reader(Section.sections, _or(()), _is_object)


def either(reader: Reader[T | None], default: T) -> Reader[T]:
    """`reader`, with `default` for what is missing or faulty, where the graph promises a value."""

    def read(section: Section[object], key: str) -> T:
        found = reader(section, key)
        return default if found is None else found

    return Reader(read, _or(default, reader.straight))


def word(words: type[E]) -> Reader[E | None]:
    """Reads the member of a closed set."""
    return Reader(lambda section, key: section.member(key, words), _as_it_stands)


def words(members: type[E]) -> Reader[list[E]]:
    """Reads a list of members of a closed set."""
    return Reader(lambda section, key: section.members(key, members), _or(()))


def telling(
    read: Callable[[Section[object], str], Section[object] | None], key: str, words: type[Enum]
) -> Reader[Section[object] | None]:
    """Reads an object that says a word of a closed set under `key`, or is nothing."""
    known = frozenset(word.value for word in words)

    def says(name: str, _texts: Collection[str]) -> str:
        return f"{_is_object(name)} and {name}.get({key!r}) in {sorted(known)!r}"

    return Reader(read, _as_it_stands, says)


def complete_sections(*texts: str) -> Reader[list[Section[object]]]:
    """Reads the objects of a list that have a text under each of these keys."""

    def is_complete(name: str, read: Collection[str]) -> str:
        others = (f"type({name}.get({key!r})) is str" for key in texts if key not in read)
        return " and ".join([_is_object(name), *others])

    return Reader(lambda section, key: section.complete_sections(key, *texts), _or(()), is_complete)
