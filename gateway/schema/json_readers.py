"""How keys of a document are read: leniently by a `Section`, or decoded where it is just as it should be."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date as calendar_date
from enum import Enum
from typing import Generic, TypeVar

from gateway.domain.calendar import instants, timezones
from gateway.domain.lenient_reading import Section
from gateway.execution import Decoding, Int32

T = TypeVar("T")
E = TypeVar("E", bound=Enum)
R = TypeVar("R", covariant=True)  # noqa: PLC0105 (what is read; `R_co` says no more)


@dataclass(frozen=True, slots=True)
class Reader(Generic[R]):
    """Reads a key of an object of a document.

    `decoding` gives the same of what is as it should be, without a `Section`; None where nothing does.
    """

    read: Callable[[Section[object], str], R]
    decoding: Decoding | None = None

    def __call__(self, section: Section[object], key: str) -> R:
        return self.read(section, key)


def _by(function: Callable[[str], object]) -> Decoding:
    return Decoding(str, code=lambda raw, bind: f"(None if (v := {raw}) is None else {bind(function)}(v))")


def _zone(name: str) -> str:
    if not timezones.is_timezone(name):
        raise ValueError
    return name


def _nothing(_type: object) -> list[object]:
    return []


def _empty(type_: Callable[[], object]) -> object:
    return type_()


text = Reader(Section.text, Decoding(str))
flag = Reader(Section.flag, Decoding(bool))
integer = Reader(Section.integer, Decoding(Int32))
instant = Reader(Section.instant, _by(instants.respelled))
date = Reader(Section.date, _by(calendar_date.fromisoformat))
timezone = Reader(Section.timezone, _by(_zone))
texts = Reader(Section.texts, Decoding(list[str], _nothing))
section = Reader(Section.section, Decoding(missing=_empty))
sections = Reader(Section.sections, Decoding(missing=_nothing))


def either(reader: Reader[T | None], default: T) -> Reader[T]:
    """`reader`, with `default` for what is missing or faulty, where the graph promises a value."""

    def read(section: Section[object], key: str) -> T:
        found = reader(section, key)
        return default if found is None else found

    return Reader(read, reader.decoding and replace(reader.decoding, missing=lambda _: default))


def word(words: type[E]) -> Reader[E | None]:
    """Reads the member of a closed set."""
    return Reader(lambda section, key: section.member(key, words), Decoding(str))


def words(members: type[E]) -> Reader[list[E]]:
    """Reads a list of members of a closed set."""
    return Reader(lambda section, key: section.members(key, members), Decoding(list[str], _nothing))


def telling(
    read: Callable[[Section[object], str], Section[object] | None], key: str, words: type[Enum]
) -> Reader[Section[object] | None]:
    """Reads an object that says a word of a closed set under `key`, or is nothing."""
    return Reader(read, Decoding(promises={key: words}))


def complete_sections(*texts: str) -> Reader[list[Section[object]]]:
    """Reads the objects of a list that have a text under each of these keys."""
    return Reader(
        lambda section, key: section.complete_sections(key, *texts),
        Decoding(missing=_nothing, promises=dict.fromkeys(texts, str)),
    )
