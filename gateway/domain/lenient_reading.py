"""Reading documents leniently: what is there is given, what is faulty is null and logged, nothing raises."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, Generic, Self, TypeAlias, TypeVar

import orjson
import structlog

from gateway.domain.calendar import instants
from gateway.domain.calendar.timezones import is_timezone

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Document: TypeAlias = dict[str, Json]

E = TypeVar("E", bound=Enum)

log = structlog.get_logger(__name__)


R = TypeVar("R", covariant=True)  # noqa: PLC0105 (the row; `R_co` says no more)


class Section(Generic[R]):
    """An object inside the document of a row; each method reads one key of it as one type.

    A key that is missing or null reads as None (or as an empty list), and so does one of the wrong type,
    which is logged with the row's id and the key, never with its value.
    """

    __slots__ = ("row", "values")

    def __init__(self, values: Mapping[str, Json], row: R) -> None:
        self.values = values
        self.row = row

    def _faulty(self, key: str) -> None:
        log.warning("row.faulty", kind=type(self.row).__name__, id=getattr(self.row, "id", None), key=key)

    def text(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is None or isinstance(value, str):
            return value
        self._faulty(key)
        return None

    def flag(self, key: str) -> bool | None:
        value = self.values.get(key)
        if value is None or isinstance(value, bool):
            return value
        self._faulty(key)
        return None

    def integer(self, key: str) -> int | None:
        """A 32-bit integer, which is what GraphQL's `Int` can say."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31:
            return value
        self._faulty(key)
        return None

    def instant(self, key: str) -> datetime | None:
        value = self.values.get(key)
        found = instants.parse(value) if isinstance(value, str) else None
        if found is None and value is not None:
            self._faulty(key)
        return found

    def date(self, key: str) -> date | None:
        value = self.values.get(key)
        if value is None:
            return None
        try:
            return date.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            self._faulty(key)
            return None

    def member(self, key: str, words: type[E]) -> E | None:
        """The member of a closed set whose spelling in the documents stands here."""
        value = self.values.get(key)
        if value is None:
            return None
        try:
            return words(value)
        except ValueError:
            self._faulty(key)
            return None

    def timezone(self, key: str) -> str | None:
        """The name of a time zone that exists."""
        value = self.text(key)
        if value is None or is_timezone(value):
            return value
        self._faulty(key)
        return None

    def _items(self, key: str) -> Iterator[Json]:
        value = self.values.get(key)
        if isinstance(value, list):
            yield from value
        elif value is not None:
            self._faulty(key)

    def texts(self, key: str) -> list[str]:
        found: list[str] = []
        for item in self._items(key):
            if isinstance(item, str):
                found.append(item)
            else:
                self._faulty(key)
        return found

    def members(self, key: str, words: type[E]) -> list[E]:
        found: list[E] = []
        for item in self._items(key):
            try:
                found.append(words(item))
            except ValueError:
                self._faulty(key)
        return found

    def section(self, key: str) -> "Section[R]":
        value = self.values.get(key)
        if value is not None and not isinstance(value, dict):
            self._faulty(key)
        return Section(value if isinstance(value, dict) else {}, self.row)

    def sections(self, key: str) -> list["Section[R]"]:
        found: list[Section[R]] = []
        for item in self._items(key):
            if isinstance(item, dict):
                found.append(Section(item, self.row))
            else:
                self._faulty(key)
        return found

    def complete_sections(self, key: str, *texts: str) -> list["Section[R]"]:
        """The objects of a list that have a text under each of these keys."""
        found = self.sections(key)
        complete = [item for item in found if all(isinstance(item.values.get(name), str) for name in texts)]
        if len(complete) < len(found):
            self._faulty(key)
        return complete


class Sectioned:
    """What can be read by the sections of a document."""

    document: Any
    """A `Document`; what SQLAlchemy maps is a column of it."""

    @property
    def document_json(self) -> str:
        """It as text."""
        return orjson.dumps(self.document).decode()

    def section(self) -> Section[Self]:
        """The document's outermost object, for reading."""
        return Section(self.document, self)

    def config(self) -> Section[Self]:
        """The document's `config`, for reading."""
        return self.section().section("config")
