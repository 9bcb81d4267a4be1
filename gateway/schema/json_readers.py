"""Readers of document keys: lenient ones for any value, and decodings for values of the right type."""

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
R = TypeVar("R", covariant=True)  # noqa: PLC0105 (`R_co` is no clearer)


@dataclass(frozen=True, slots=True)
class KeyReader(Generic[R]):
    """Reads a key of an object of a document.

    `decoding` returns the same value without a `LenientObject` if the stored value has the right type. None: there
    is no such decoding.
    """

    read: Callable[[LenientObject[object], str], R]
    decoding: Decoding | None = None

    def __call__(self, parent: LenientObject[object], key: str) -> R:
        return self.read(parent, key)


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
    """Return `reader` with `default` for a missing or faulty value, for fields that cannot be null."""

    def read(parent: LenientObject[object], key: str) -> T:
        value = reader(parent, key)
        return default if value is None else value

    return KeyReader(read, reader.decoding and replace(reader.decoding, default_factory=lambda _: default))


def read_enum(enum_type: type[E]) -> KeyReader[E | None]:
    """Return a reader of an enum member; an unknown value reads as OTHER if the enum has it, else as None."""
    other = enum_type.__members__.get("OTHER")
    members = {member.value: member for member in enum_type}
    return KeyReader(
        lambda parent, key: parent.read_member(key, enum_type),
        Decoding(str) if other is None else _decode_by(lambda word: members.get(word, other)),
    )


def read_required_enum(enum_type: type[E], *, missing: E, unknown: E) -> KeyReader[E]:
    """Return a reader of an enum member for a field that cannot be null."""

    def read(parent: LenientObject[object], key: str) -> E:
        if parent.values.get(key) is None:
            return missing
        return parent.read_member(key, enum_type) or unknown

    return KeyReader(read, with_default(read_enum(enum_type), missing).decoding)


def read_enums(enum_type: type[E]) -> KeyReader[list[E]]:
    """Return a reader of a list of enum members; unknown values are left out."""
    return KeyReader(
        lambda parent, key: parent.read_members(key, enum_type), Decoding(list[str], _create_empty_list)
    )


def read_object_with_enum(
    read: Callable[[LenientObject[object], str], LenientObject[object] | None], key: str, enum_type: type[Enum]
) -> KeyReader[LenientObject[object] | None]:
    """Return a reader of an object with a value of `enum_type` under `key`; other objects read as None."""
    return KeyReader(read, Decoding(required_keys={key: enum_type}))


def read_complete_objects(*texts: str) -> KeyReader[list[LenientObject[object]]]:
    """Return a reader of a list of objects; objects without a text under each of these keys are left out."""
    return KeyReader(
        lambda parent, key: parent.read_complete_objects(key, *texts),
        Decoding(default_factory=_create_empty_list, required_keys=dict.fromkeys(texts, str)),
    )
