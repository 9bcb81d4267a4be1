"""How keys of a document are read: leniently by a `Section`, or decoded where it is just as it should be."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date as calendar_date
from enum import Enum
from typing import Generic, TypeVar

from gateway.domain.calendar import instants, timezones
from gateway.domain.lenient_reading import LenientObject
from gateway.execution import Decoding, Int32

T = TypeVar("T")
E = TypeVar("E", bound=Enum)
R = TypeVar("R", covariant=True)  # noqa: PLC0105 (what is read; `R_co` says no more)


@dataclass(frozen=True, slots=True)
class KeyReader(Generic[R]):
    """Reads a key of an object of a document.

    `decoding` gives the same of what is as it should be, without a `Section`; None where nothing does.
    """

    read: Callable[[LenientObject[object], str], R]
    decoding: Decoding | None = None

    def __call__(self, section: LenientObject[object], key: str) -> R:
        return self.read(section, key)


def _decode_by(function: Callable[[str], object]) -> Decoding:
    return Decoding(
        str, build_expression=lambda raw, bind: f"(None if (v := {raw}) is None else {bind(function)}(v))"
    )


def _parse_timezone(name: str) -> str:
    if not timezones.is_timezone(name):
        raise ValueError
    return name


def _create_empty_list(_type: object) -> list[object]:
    return []


def _create_empty(type_: Callable[[], object]) -> object:
    return type_()


text = KeyReader(LenientObject.read_text, Decoding(str))
boolean = KeyReader(LenientObject.read_flag, Decoding(bool))
integer = KeyReader(LenientObject.read_integer, Decoding(Int32))
instant = KeyReader(LenientObject.read_instant, _decode_by(instants.normalize_valid_instant))
date = KeyReader(LenientObject.read_date, _decode_by(calendar_date.fromisoformat))
timezone = KeyReader(LenientObject.read_timezone, _decode_by(_parse_timezone))
texts = KeyReader(LenientObject.read_texts, Decoding(list[str], _create_empty_list))
json_object = KeyReader(LenientObject.read_object, Decoding(default_factory=_create_empty))
json_objects = KeyReader(LenientObject.read_objects, Decoding(default_factory=_create_empty_list))


def with_default(reader: KeyReader[T | None], default: T) -> KeyReader[T]:
    """`reader`, with `default` for what is missing or faulty, where the graph promises a value."""

    def read(section: LenientObject[object], key: str) -> T:
        found = reader(section, key)
        return default if found is None else found

    return KeyReader(read, reader.decoding and replace(reader.decoding, default_factory=lambda _: default))


def read_enum(enum_type: type[E]) -> KeyReader[E | None]:
    """Reads the member of a closed set."""
    return KeyReader(lambda section, key: section.read_member(key, enum_type), Decoding(str))


def read_enums(enum_type: type[E]) -> KeyReader[list[E]]:
    """Reads a list of members of a closed set."""
    return KeyReader(
        lambda section, key: section.read_members(key, enum_type), Decoding(list[str], _create_empty_list)
    )


def read_object_with_enum(
    read: Callable[[LenientObject[object], str], LenientObject[object] | None], key: str, enum_type: type[Enum]
) -> KeyReader[LenientObject[object] | None]:
    """Reads an object that says a word of a closed set under `key`, or is nothing."""
    return KeyReader(read, Decoding(required_keys={key: enum_type}))


def read_complete_objects(*texts: str) -> KeyReader[list[LenientObject[object]]]:
    """Reads the objects of a list that have a text under each of these keys."""
    return KeyReader(
        lambda section, key: section.read_complete_objects(key, *texts),
        Decoding(default_factory=_create_empty_list, required_keys=dict.fromkeys(texts, str)),
    )
