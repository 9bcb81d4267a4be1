"""Lenient reading of documents: a faulty value reads as null and is logged, and no method raises.

So one faulty value never turns a whole list of rows into an error.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, Generic, Self, TypeAlias, TypeVar

import structlog

from gateway.domain import exact_json
from gateway.domain.calendar import instants, timezones
from gateway.domain.enums import parse_member

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Document: TypeAlias = dict[str, Json]

E = TypeVar("E", bound=Enum)

log = structlog.get_logger(__name__)


R = TypeVar("R", covariant=True)  # noqa: PLC0105 (the row; `R_co` adds nothing)


class LenientObject(Generic[R]):
    """An object in the document of a row. Each method reads one key as one type.

    A missing or null key reads as None, or as an empty list. So does a value of the wrong type, after a log line
    with the row's id and the key. Values are never logged, since they are patient data.
    """

    __slots__ = ("row", "values")

    def __init__(self, values: Mapping[str, Json], row: R) -> None:
        self.values = values
        self.row = row

    def _log_faulty(self, key: str) -> None:
        log.warning("row.faulty", kind=type(self.row).__name__, id=getattr(self.row, "id", None), key=key)

    def read_text(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is None or isinstance(value, str):
            return value
        self._log_faulty(key)
        return None

    def read_flag(self, key: str) -> bool | None:
        value = self.values.get(key)
        if value is None or isinstance(value, bool):
            return value
        self._log_faulty(key)
        return None

    def read_integer(self, key: str) -> int | None:
        """Read an integer of 32 bits, the range of GraphQL's `Int`."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31:
            return value
        self._log_faulty(key)
        return None

    def read_instant(self, key: str) -> datetime | None:
        value = self.values.get(key)
        found = instants.parse_instant(value) if isinstance(value, str) else None
        if found is None and value is not None:
            self._log_faulty(key)
        return found

    def read_date(self, key: str) -> date | None:
        value = self.values.get(key)
        if value is None:
            return None
        try:
            return date.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            self._log_faulty(key)
            return None

    def read_member(self, key: str, enum: type[E]) -> E | None:
        """Read the member of an enum with this value. An unknown one reads as OTHER if the enum has it."""
        value = self.values.get(key)
        if value is None:
            return None
        found = parse_member(enum, value)
        if found is None or not isinstance(value, str):
            self._log_faulty(key)
        return found

    def read_timezone(self, key: str) -> str | None:
        """Read the name of an existing time zone."""
        value = self.read_text(key)
        if value is None or timezones.is_timezone(value):
            return value
        self._log_faulty(key)
        return None

    def _iterate_items(self, key: str) -> Iterator[Json]:
        value = self.values.get(key)
        if isinstance(value, list):
            yield from value
        elif value is not None:
            self._log_faulty(key)

    def read_texts(self, key: str) -> list[str]:
        found: list[str] = []
        for item in self._iterate_items(key):
            if isinstance(item, str):
                found.append(item)
            else:
                self._log_faulty(key)
        return found

    def read_members(self, key: str, enum: type[E]) -> list[E]:
        found: list[E] = []
        for item in self._iterate_items(key):
            try:
                found.append(enum(item))
            except ValueError:
                self._log_faulty(key)
        return found

    def read_object(self, key: str) -> "LenientObject[R]":
        value = self.values.get(key)
        if value is not None and not isinstance(value, dict):
            self._log_faulty(key)
        return LenientObject(value if isinstance(value, dict) else {}, self.row)

    def read_objects(self, key: str) -> list["LenientObject[R]"]:
        found: list[LenientObject[R]] = []
        for item in self._iterate_items(key):
            if isinstance(item, dict):
                found.append(LenientObject(item, self.row))
            else:
                self._log_faulty(key)
        return found

    def read_complete_objects(self, key: str, *texts: str) -> list["LenientObject[R]"]:
        """Read the objects of a list that have a text for each of these keys."""
        found = self.read_objects(key)
        complete = [item for item in found if all(isinstance(item.values.get(name), str) for name in texts)]
        if len(complete) < len(found):
            self._log_faulty(key)
        return complete


class HasLenientDocument:
    """A row with a document."""

    document: Any
    """A `Document`. The type is Any because SQLAlchemy maps it as a column."""

    @property
    def document_json(self) -> str:
        """The document as JSON text."""
        return exact_json.encode(self.document).decode()

    def read_document(self) -> LenientObject[Self]:
        """Return the document's outermost object."""
        return LenientObject(self.document, self)

    def read_config(self) -> LenientObject[Self]:
        """Return the document's `config`."""
        return self.read_document().read_object("config")
