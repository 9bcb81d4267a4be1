"""Defines msgspec structs for the selected keys of a document.

msgspec checks types while it decodes, skips keys that are not selected, and encodes its structs. So a selection
of plain keys under their own names needs no code at all: the decoded struct is the response data.

`{ workingHours { mon { start } } }` becomes about::

    class WorkingHours(Struct, rename={"f0": "mon"}):
        f0: list[TimeSlot]
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType
from msgspec import Struct, defstruct
from msgspec import field as struct_field

from gateway.execution.compiler.leaves import get_decoded_type
from gateway.execution.compiler.selection import SelectedField
from gateway.execution.fields import Decoding, DocumentField


class FieldLayout(NamedTuple):
    """How a field is decoded."""

    key: str
    attribute: str
    """The struct's attribute."""
    default: object
    """The value for a missing key or a null; None for null."""
    is_response_data: bool
    """Whether the decoded value is response data."""
    layout: "ObjectLayout | None"
    """The layout of its objects; None for leaves."""


class ObjectLayout(NamedTuple):
    """How objects are decoded. Fields without a field layout are read by their resolvers."""

    struct: type[Struct]
    field_layouts: Mapping[SelectedField, FieldLayout]
    is_response_data: bool
    """Whether the decoded objects are response data."""


@dataclass(slots=True)
class _StructField:
    """A field of a struct, which decodes one key."""

    name: str
    attribute: str
    type: Any
    default_factory: Callable[[], object] | None
    is_required: bool

    def to_definition(self, *, is_response_data: bool) -> tuple[str, Any] | tuple[str, Any, Any]:
        """Return the field as `msgspec.defstruct` takes it.

        Response data needs its defaults in the struct; otherwise generated code adds them.
        """
        if self.is_required:
            return self.attribute, self.type
        if is_response_data and self.default_factory is not None:
            return self.attribute, self.type, struct_field(default_factory=self.default_factory)
        return self.attribute, self.type | None, None


def build_layout(
    type_name: str, fields: Iterable[SelectedField | str], required_keys: Mapping[str, object] | None = None
) -> ObjectLayout:
    """Return how objects of a type are decoded. `required_keys` maps keys that they must have to types."""
    struct_fields: dict[str, _StructField] = {}
    field_layouts: dict[SelectedField, FieldLayout] = {}
    is_response_data = True
    for entry in fields:
        layout = None if isinstance(entry, str) else _build_field_layout(entry, struct_fields)
        if isinstance(entry, str) or layout is None:
            is_response_data = False
            continue
        field_layouts[entry] = layout
        is_response_data = is_response_data and layout.is_response_data and layout.key == entry.response_key
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
    """Return how a field is decoded, and add its key to `struct_fields`; None if its resolver has to read it."""
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
    is_plain = get_decoded_type(selected.type) == decoding.type if layout is None else layout.is_response_data
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
            # Objects with required keys have no default.
            is_required, default_factory = True, None
    return _StructField(name, attribute, type_, default_factory, is_required), layout, default


def _to_struct_type(type_: GraphQLOutputType, struct: type[Struct]) -> Any:  # noqa: ANN401 (what msgspec takes for a type)
    """Return the msgspec type of an object or a list of objects."""
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    return list[_to_struct_type(inner.of_type, struct)] if isinstance(inner, GraphQLList) else struct  # type: ignore[misc]
