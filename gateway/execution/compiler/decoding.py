"""What is decoded of a document: types for msgspec, made of what is selected of it.

msgspec checks while it decodes, skips what nobody asked for, and writes what it decoded. So what is selected of a
document under its own names, and consists of plain values, is response data as soon as it is decoded.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType
from msgspec import Struct, defstruct
from msgspec import field as struct_field

from gateway.execution.compiler.leaves import decoded_type
from gateway.execution.compiler.selection import Entry
from gateway.execution.fields import Decoding, DocumentField


class Part(NamedTuple):
    """What is decoded for a field."""

    key: str
    attribute: str
    """What it is of its object."""
    missing: object
    """What it reads as where it is None; None for null."""
    is_data: bool
    """Whether it is response data as it is."""
    shape: "Shape | None"
    """Of what its objects consist, where it is one or several."""


class Shape(NamedTuple):
    """What is decoded of objects in one place; fields without a part have to be read."""

    struct: type[Struct]
    parts: Mapping[Entry, Part]
    is_data: bool
    """Whether the objects are response data as they are."""


@dataclass(slots=True)
class _Key:
    """A key of an object."""

    name: str
    attribute: str
    type: Any
    missing: Callable[[], object] | None
    is_required: bool

    def definition(self, *, is_data: bool) -> tuple[str, Any] | tuple[str, Any, Any]:
        """It as msgspec takes it. As response data it is right by itself; else code sees to what is missing."""
        if self.is_required:
            return self.attribute, self.type
        if is_data and self.missing is not None:
            return self.attribute, self.type, struct_field(default_factory=self.missing)
        return self.attribute, self.type | None, None


def shape_of(
    type_name: str, entries: Iterable[Entry | str], promises: Mapping[str, object] | None = None
) -> Shape:
    """What is decoded of objects of this type; `promises` are keys that they must have, and their types."""
    keys: dict[str, _Key] = {}
    parts: dict[Entry, Part] = {}
    is_data = True
    for entry in entries:
        found = None if isinstance(entry, str) else _part(entry, keys)
        if isinstance(entry, str) or found is None:
            is_data = False
            continue
        parts[entry] = found
        is_data = is_data and found.is_data and found.key == entry.key
    for name, type_ in (promises or {}).items():
        is_data = is_data and name in keys
        key = keys.setdefault(name, _Key(name, f"f{len(keys)}", type_, None, is_required=True))
        key.type, key.is_required = type_, True
    struct = defstruct(
        type_name,
        [key.definition(is_data=is_data) for key in keys.values()],
        rename={key.attribute: key.name for key in keys.values()},
        kw_only=True,
        eq=False,
        gc=False,
    )
    return Shape(struct, parts, is_data)


def _part(entry: Entry, keys: dict[str, _Key]) -> Part | None:
    """What is decoded for a field, whose key becomes one of `keys`; None where it has to be read."""
    field = entry.field
    decoding = field.decoding if isinstance(field, DocumentField) and entry.stage is None else None
    if decoding is None or (entry.below is not None and entry.below.tell_type is not None):
        return None
    assert isinstance(field, DocumentField)  # noqa: S101 (others have no decoding)
    key, shape, missing = _key(entry, field.key, decoding, f"f{len(keys)}")
    known = keys.setdefault(key.name, key)
    if known is not key and (shape is not None or known.type != key.type):
        return None
    known.is_required = known.is_required or key.is_required
    is_plain = decoded_type(entry.type) == decoding.type if shape is None else shape.is_data
    return Part(key.name, known.attribute, missing, is_plain and decoding.code is None, shape)


def _key(entry: Entry, name: str, decoding: Decoding, attribute: str) -> tuple[_Key, Shape | None, object]:
    shape, type_ = None, decoding.type
    if entry.below is not None:
        ((type_name, below),) = entry.below.entries.items()
        shape = shape_of(type_name, below, decoding.promises)
        type_ = _listed(entry.type, shape.struct)
    is_required, missing, make = isinstance(entry.type, GraphQLNonNull), None, None
    if decoding.missing is not None:
        make = partial(decoding.missing, type_)
        try:
            missing, is_required = make(), False
        except TypeError:
            # An object that promises something cannot be made of nothing.
            is_required, make = True, None
    return _Key(name, attribute, type_, make, is_required), shape, missing


def _listed(type_: GraphQLOutputType, struct: type[Struct]) -> Any:  # noqa: ANN401 (what msgspec takes for a type)
    """The type of an object, or of a list of objects."""
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    return list[_listed(inner.of_type, struct)] if isinstance(inner, GraphQLList) else struct  # type: ignore[misc]
