"""What is decoded of a document: types for msgspec, made of what is selected of it.

msgspec checks while it decodes, skips what nobody asked for, and writes what it decoded. So what is selected of a
document under its own names, and consists of plain values, is response data as soon as it is decoded.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType, GraphQLScalarType
from msgspec import Struct, defstruct
from msgspec import field as struct_field

from gateway.execution.compiler.selection import SelectedField
from gateway.execution.fields import Decoding, DocumentField, Int32

_DECODED_TYPES = {"String": str, "ID": str, "Boolean": bool, "Int": Int32}


class FieldLayout(NamedTuple):
    """What is decoded for a field."""

    key: str
    attribute: str
    """What it is of its object."""
    default: object
    """What it reads as where it is None; None for null."""
    is_response_data: bool
    """Whether it is response data as it is."""
    layout: "ObjectLayout | None"
    """Of what its objects consist, where it is one or several."""


class ObjectLayout(NamedTuple):
    """What is decoded of objects in one place; fields without a part have to be read."""

    struct: type[Struct]
    field_layouts: Mapping[SelectedField, FieldLayout]
    is_response_data: bool
    """Whether the objects are response data as they are."""


@dataclass(slots=True)
class _StructField:
    """A key of an object."""

    name: str
    attribute: str
    type: Any
    default_factory: Callable[[], object] | None
    is_required: bool

    def to_definition(self, *, is_response_data: bool) -> tuple[str, Any] | tuple[str, Any, Any]:
        """It as msgspec takes it. As response data it is right by itself; else code sees to what is missing."""
        if self.is_required:
            return self.attribute, self.type
        if is_response_data and self.default_factory is not None:
            return self.attribute, self.type, struct_field(default_factory=self.default_factory)
        return self.attribute, self.type | None, None


def build_layout(
    type_name: str, fields: Iterable[SelectedField | str], required_keys: Mapping[str, object] | None = None
) -> ObjectLayout:
    """What is decoded of objects of this type; `promises` are keys that they must have, and their types."""
    struct_fields: dict[str, _StructField] = {}
    field_layouts: dict[SelectedField, FieldLayout] = {}
    is_response_data = True
    for entry in fields:
        found = None if isinstance(entry, str) else _build_field_layout(entry, struct_fields)
        if isinstance(entry, str) or found is None:
            is_response_data = False
            continue
        field_layouts[entry] = found
        is_response_data = is_response_data and found.is_response_data and found.key == entry.response_key
    for name, type_ in (required_keys or {}).items():
        is_response_data = is_response_data and name in struct_fields
        key = struct_fields.setdefault(
            name, _StructField(name, f"f{len(struct_fields)}", type_, None, is_required=True)
        )
        key.type, key.is_required = type_, True
    struct = defstruct(
        type_name,
        [key.to_definition(is_response_data=is_response_data) for key in struct_fields.values()],
        rename={key.attribute: key.name for key in struct_fields.values()},
        kw_only=True,
        eq=False,
        gc=False,
    )
    return ObjectLayout(struct, field_layouts, is_response_data)


def _build_field_layout(selected: SelectedField, struct_fields: dict[str, _StructField]) -> FieldLayout | None:
    """What is decoded for a field, whose key becomes one of `keys`; None where it has to be read."""
    field = selected.field
    decoding = field.decoding if isinstance(field, DocumentField) and selected.stage_index is None else None
    if decoding is None or (selected.objects is not None and selected.objects.resolve_type is not None):
        return None
    assert isinstance(field, DocumentField)  # noqa: S101 (others have no decoding)
    key, layout, default = _build_struct_field(selected, field.key, decoding, f"f{len(struct_fields)}")
    known = struct_fields.setdefault(key.name, key)
    if known is not key and (layout is not None or known.type != key.type):
        return None
    known.is_required = known.is_required or key.is_required
    is_plain = _get_decoded_type(selected.type) == decoding.type if layout is None else layout.is_response_data
    return FieldLayout(key.name, known.attribute, default, is_plain and decoding.build_expression is None, layout)


def _build_struct_field(
    selected: SelectedField, name: str, decoding: Decoding, attribute: str
) -> tuple[_StructField, ObjectLayout | None, object]:
    layout, type_ = None, decoding.type
    if selected.objects is not None:
        ((type_name, below),) = selected.objects.fields_by_type.items()
        layout = build_layout(type_name, below, decoding.required_keys)
        type_ = _to_struct_type(selected.type, layout.struct)
    is_required, default, default_factory = isinstance(selected.type, GraphQLNonNull), None, None
    if decoding.default_factory is not None:
        default_factory = partial(decoding.default_factory, type_)
        try:
            default, is_required = default_factory(), False
        except TypeError:
            # An object that promises something cannot be made of nothing.
            is_required, default_factory = True, None
    return _StructField(name, attribute, type_, default_factory, is_required), layout, default


def _to_struct_type(type_: GraphQLOutputType, struct: type[Struct]) -> Any:  # noqa: ANN401 (what msgspec takes for a type)
    """The type of an object, or of a list of objects."""
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    return list[_to_struct_type(inner.of_type, struct)] if isinstance(inner, GraphQLList) else struct  # type: ignore[misc]


def _get_decoded_type(type_: GraphQLOutputType) -> object:
    """What is left as it is for a leaf of this type or a list of leaves; None where nothing surely is."""
    named = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(named, GraphQLList):
        item = _get_decoded_type(named.of_type)
        return None if item is None else list[item]  # type: ignore[valid-type]  # a type to decode
    if not isinstance(named, GraphQLScalarType):
        return None
    return str if named.serialize is str else _DECODED_TYPES.get(named.name)
