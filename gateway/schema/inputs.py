"""Conversion of input objects into given fields and documents."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import NoneType
from typing import Any, cast

import strawberry
from strawberry.types import has_object_definition
from strawberry.utils.str_converters import to_camel_case

from gateway.domain.calendar import instants
from gateway.domain.lenient_reading import Document, Json
from gateway.execution import Cost

OBJECT_COST = Cost(weight=50)
"""Cost of each object of a list: it takes as long as 50 fields to check and to store one."""

SEARCH_COST = Cost(weight=500)
"""Cost of a search of the records of one integration, which reads a sample of them and an index."""


def optional_field(description: str, *, name: str | None = None, directives: Sequence[object] = ()) -> Any:  # noqa: ANN401 (a dataclass field)
    """Return a field of an input object that may be absent. Absent and null differ."""
    return strawberry.field(description=description, name=name, default=strawberry.UNSET, directives=directives)


def get_provided_fields(source: Any) -> Mapping[str, Any]:  # noqa: ANN401 (an input object of any class)
    """Return the fields that the client gave, null included, by attribute name."""
    type_: Any = type(source)
    values = ((name, getattr(source, name)) for name, _ in _list_keys(type_))
    return {name: value for name, value in values if value is not strawberry.UNSET}


def to_document(source: object) -> Document:
    """Return the fields that the client gave, null included, in the documents' spelling."""
    type_: Any = type(source)
    values = ((key, getattr(source, name)) for name, key in _list_keys(type_))
    return to_document_object({key: value for key, value in values if value is not strawberry.UNSET})


def to_document_object(values: Mapping[str, Any]) -> Document:
    """Return the values of an input object in the documents' spelling. The keys are the schema's."""
    return {
        key: value if type(value) in _PLAIN_TYPES else to_document_value(value) for key, value in values.items()
    }


_PLAIN_TYPES = frozenset({str, int, float, bool, NoneType})


@cache
def _list_keys(type_: Hashable) -> Sequence[tuple[str, str]]:
    """Return the attribute names of an input type, each with its key in documents."""
    return [(field.name, to_camel_case(field.name)) for field in fields(cast(Any, type_))]


def to_document_value(value: Any) -> Json:  # noqa: ANN401 (any value of an input object)
    """Return a value in the documents' spelling: instants as text, enum members as their values."""
    match value:
        case date():
            return instants.format_instant(value) if isinstance(value, datetime) else value.isoformat()
        case Enum():
            return str(value.value)
        case list():
            return [to_document_value(item) for item in value]
        case dict():
            return to_document_object(value)
        case _ if has_object_definition(value):
            return to_document(value)
        case _:
            plain: Json = value
            return plain
