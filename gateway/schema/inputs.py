"""How input objects cross: what was given of them, as it is or in the documents' spelling."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from enum import Enum
from typing import Any

import strawberry
from strawberry.types import has_object_definition
from strawberry.utils.str_converters import to_camel_case

from gateway.domain import instants
from gateway.domain.section import Document, Json


def optional(description: str, *, name: str | None = None) -> Any:  # noqa: ANN401 (a dataclass field)
    """A field of an input object that may be left out, which is not the same as null."""
    return strawberry.field(description=description, name=name, default=strawberry.UNSET)


def given(source: Any) -> Mapping[str, Any]:  # noqa: ANN401 (an input object of any class)
    """What was given of an input object, null included, by the names of its attributes."""
    values = {field.name: getattr(source, field.name) for field in fields(source)}
    return {name: value for name, value in values.items() if value is not strawberry.UNSET}


def to_document(source: object) -> Document:
    """What was given of an input object, in the documents' spelling."""
    return {to_camel_case(name): _json(value) for name, value in given(source).items()}


def _json(value: Any) -> Json:  # noqa: ANN401 (whatever a field of an input object may hold)
    match value:
        case Enum():
            return str(value.value)
        case datetime():
            return instants.isoformat(value)
        case date():
            return value.isoformat()
        case list():
            return [_json(item) for item in value]
        case _ if has_object_definition(value):
            return to_document(value)
        case _:
            found: Json = value
            return found
