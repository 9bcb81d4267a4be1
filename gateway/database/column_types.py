"""The types of columns, which behave alike on both databases."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any

import orjson
from sqlalchemy import JSON, Dialect, String, TypeDecorator
from sqlalchemy import Enum as EnumType
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.types import TypeEngine

from gateway.domain import exact_json
from gateway.domain.calendar import instants
from gateway.domain.lenient_reading import Json


class Instant(TypeDecorator[datetime]):
    """An instant in UTC, to the millisecond: `timestamptz` on PostgreSQL, RFC 3339 text on SQLite."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime] | TypeEngine[str]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(String(24))

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | str | None], datetime | str | None]:
        # Text is an instant of another row; see `gateway.database.rows`.
        return _require_zone if dialect.name == "postgresql" else _to_instant_text

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        found = instants.to_instant(value)
        return found if isinstance(value, str) else instants.truncate_to_milliseconds(found)


def _require_zone(value: datetime | str | None) -> datetime | None:
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    if value is not None and value.tzinfo is None:
        raise ValueError("an instant needs a time zone: naive datetimes are not stored")
    return value


def _to_instant_text(value: datetime | str | None) -> str | None:
    if isinstance(value, str):
        return value
    instant = _require_zone(value)
    return None if instant is None else instants.format_instant(instant)


def create_enum_type(enum_class: type[Enum]) -> EnumType:
    """Return the type of a column that holds the values of an enum as text, in the documents' spelling."""
    return EnumType(
        enum_class,
        native_enum=False,
        length=None,
        values_callable=lambda members: [each.value for each in members],
    )


CollatedText = String().with_variant(String(collation="C"), "postgresql")
"""Text that sorts by code point on every database."""


class JsonText(TypeDecorator[Any]):
    """A JSON object or list, unchanged: `json` on PostgreSQL, since `jsonb` would sort the keys.

    Values are bound as objects or as their text.
    """

    impl = JSON(none_as_null=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:  # noqa: ARG002
        return _to_json_text

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 (any JSON)
        return exact_json.decode(value) if isinstance(value, str) else value


def _to_json_text(value: Json) -> str | None:
    return value if value is None or isinstance(value, str) else exact_json.encode(value).decode()


class TextList(TypeDecorator[list[str]]):
    """A list of texts as one parameter: an array on PostgreSQL, a JSON list on SQLite."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(String()) if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> Any:  # noqa: ANN401 (as the driver's)
        return value if value is None or dialect.name == "postgresql" else orjson.dumps(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> list[str] | None:  # noqa: ANN401, ARG002 (as above)
        found: list[str] | None = orjson.loads(value) if isinstance(value, str) else value
        return found
