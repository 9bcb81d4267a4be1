"""The conditions of a query on one key of a webhook's document, as filters of integrations."""

import json
import operator
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.domain.calendar import instants
from gateway.domain.integration_filters import InstantFilter, IntegrationFilter, TextFilter
from gateway.domain.lenient_reading import Json
from gateway.domain.text import fold
from gateway.domain.webhooks import encode_texts

EVERYTHING: Final = IntegrationFilter()
NOTHING: Final = IntegrationFilter(or_=())

_COMPARISONS = ("$eq", "$ne", "$in", "$nin", "$gt", "$gte", "$lt", "$lte", "$exists")
_OPERATORS = (*_COMPARISONS, "$regex", "$not")
_TESTS = {"gt": "gt", "gte": "ge", "lt": "lt", "lte": "le"}
"""The functions of `operator` for comparisons."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_SHOWN_LENGTH = 100

_ONE_TEXT = re.compile(r"(\^?)((?:[^\\^$.|?*+()\[\]{}]|\\[^A-Za-z0-9])*)(\$?)")
"""A regular expression that matches one text: `^`, the text with a backslash before punctuation, and `$`."""


class ParameterInvalid(ValueError):
    """A parameter in JSON is wrong. The message says where, and what is allowed, but repeats no value."""


def shorten(name: str) -> str:
    return name[:_MAX_SHOWN_LENGTH]


def list_names(names: Iterable[str]) -> str:
    *others, last = [f"`{name}`" for name in names]
    return f"{', '.join(others)} or {last}" if others else last


def parse_pattern(pattern: Json, options: Json, name: str) -> TextFilter:
    """Return the condition of `$regex`, if it matches one text only; no regular expression is ever run."""
    match = _ONE_TEXT.fullmatch(pattern) if isinstance(pattern, str) else None
    if match is None:
        raise ParameterInvalid(
            f"`{name}` takes a text, with an optional `^` before it and `$` after it; write a backslash before "
            "each . | ? * + ( ) [ ] { } ^ $ and \\ of the text itself"
        )
    if options not in ("", "i"):
        raise ParameterInvalid(f"`$options` beside `{name}` takes `i`")
    start, escaped, end = match.groups()
    text = re.sub(r"\\(.)", r"\1", escaped, flags=re.DOTALL)
    test = "eq" if start and end else "starts_with" if start else "ends_with" if end else "contains"
    return _build_text_filter(test, text, match_case=options == "")


class QueryKey(ABC):
    """A key of documents that queries may name.

    Each method takes the place of its value in the query, for messages.
    """

    def build(self, word: str, value: Json, place: str) -> IntegrationFilter:
        """Return the filter of an operator other than `$not` and `$regex`."""
        match word:
            case "$eq":
                return self.equal(value, place)
            case "$ne":
                return _negate(self.equal(value, place))
            case "$in" | "$nin":
                if not isinstance(value, list):
                    raise ParameterInvalid(f"`{place}` takes a list")
                found = self.equal_any(value, place)
                return found if word == "$in" else _negate(found)
            case "$exists":
                if value not in (False, True):  # 0 and 1 too
                    raise ParameterInvalid(f"`{place}` takes `true` or `false`")
                return _negate(self.equal(None, place)) if value else self.equal(None, place)
            case "$gt" | "$gte" | "$lt" | "$lte":
                return self.compare(word[1:], value, place)
        raise ParameterInvalid(f"`{place}` is no operator; use {list_names(_OPERATORS)}")

    @abstractmethod
    def equal(self, value: Json, place: str) -> IntegrationFilter:
        """Return the filter for a value. That of null finds webhooks without a value."""

    @abstractmethod
    def equal_any(self, values: Sequence[Json], place: str) -> IntegrationFilter:
        """Return the filter for each of these values."""

    @abstractmethod
    def compare(self, test: str, value: Json, place: str) -> IntegrationFilter:
        """Return the filter of a comparison: `gt`, `gte`, `lt` or `lte`."""

    @abstractmethod
    def match(self, pattern: TextFilter, place: str) -> IntegrationFilter:
        """Return the filter of what `parse_pattern` returned."""


class TextKey(QueryKey):
    """A key with a text, or without a value."""

    def __init__(self, field: str) -> None:
        """`field` is the name of the text's conditions in `IntegrationFilter`."""
        self._field = field

    def equal(self, value: Json, place: str) -> IntegrationFilter:
        test = TextFilter(is_null=True) if value is None else TextFilter(eq=_require_text(value, place))
        return self.match(test, place)

    def equal_any(self, values: Sequence[Json], place: str) -> IntegrationFilter:
        texts = tuple(_require_text(value, place) for value in values if value is not None)
        found = self.match(TextFilter(in_=texts), place)
        return IntegrationFilter(or_=(found, self.equal(None, place))) if None in values else found

    def compare(self, test: str, value: Json, place: str) -> IntegrationFilter:
        return self.match(_build_text_filter(test, _require_text(value, place)), place)

    def match(self, pattern: TextFilter, place: str) -> IntegrationFilter:  # noqa: ARG002 (other keys refuse)
        return _build_filter(self._field, pattern)


class ListKey(TextKey):
    """A key with a list of texts. As in MongoDB, a condition on a text is one that an entry of the list meets."""

    def __init__(self, field: str, list_field: str) -> None:
        """`list_field` is the name of the condition on the whole list."""
        super().__init__(field)
        self._list_field = list_field

    def equal(self, value: Json, place: str) -> IntegrationFilter:
        if value is None:
            return NOTHING
        if not isinstance(value, list):
            return super().equal(value, place)
        return _build_filter(self._list_field, encode_texts([_require_text(text, place) for text in value]))

    def equal_any(self, values: Sequence[Json], place: str) -> IntegrationFilter:
        found = super().equal_any([value for value in values if not isinstance(value, list)], place)
        lists = [self.equal(value, place) for value in values if isinstance(value, list)]
        return IntegrationFilter(or_=(found, *lists)) if lists else found


class InstantKey(QueryKey):
    """A key with an instant, which every webhook has."""

    def __init__(self, field: str) -> None:
        """`field` is the name of the instant's conditions in `IntegrationFilter`."""
        self._field = field

    def equal(self, value: Json, place: str) -> IntegrationFilter:
        return NOTHING if value is None else self.compare("eq", value, place)

    def equal_any(self, values: Sequence[Json], place: str) -> IntegrationFilter:
        found = tuple(_parse_instant(value, place) for value in values if value is not None)
        return _build_filter(self._field, InstantFilter(in_=found))

    def compare(self, test: str, value: Json, place: str) -> IntegrationFilter:
        instant: dict[str, Any] = {test: _parse_instant(value, place)}
        return _build_filter(self._field, InstantFilter(**instant))

    def match(self, pattern: TextFilter, place: str) -> IntegrationFilter:  # noqa: ARG002 (other keys have texts)
        raise ParameterInvalid(f"`{place}` is for texts; use {list_names(_COMPARISONS)}")


class FiniteKey(QueryKey):
    """A key with one of few values. Conditions are evaluated for each of them."""

    def __init__(
        self, values: Sequence[str | bool | None], build_filter: Callable[[Sequence[object]], IntegrationFilter]
    ) -> None:
        """`build_filter` returns the filter for webhooks with one of the values that a condition leaves."""
        self._values, self._build_filter = values, build_filter
        self._class = type(values[0])

    def equal(self, value: Json, place: str) -> IntegrationFilter:
        return self.equal_any([value], place)

    def equal_any(self, values: Sequence[Json], place: str) -> IntegrationFilter:
        for value in values:
            if value is not None and (not isinstance(value, self._class) or value not in self._values):
                allowed = list_names(json.dumps(each) for each in self._values if each is not None)
                raise ParameterInvalid(f"`{place}` takes {allowed}")
        return self._build_filter([each for each in self._values if each in values])

    def compare(self, test: str, value: Json, place: str) -> IntegrationFilter:
        if not isinstance(value, self._class):
            raise ParameterInvalid(f"`{place}` takes {'a text' if self._class is str else '`true` or `false`'}")
        compare = getattr(operator, _TESTS[test])
        return self._build_filter([each for each in self._values if each is not None and compare(each, value)])

    def match(self, pattern: TextFilter, place: str) -> IntegrationFilter:
        texts = [each for each in self._values if isinstance(each, str)]
        if not texts:
            raise ParameterInvalid(f"`{place}` is for texts; use `$eq` or `$ne`")
        return self._build_filter([text for text in texts if _is_match(text, pattern)])


def _is_match(text: str, pattern: TextFilter) -> bool:
    """Return whether a text meets the condition of `parse_pattern`."""
    normalize = str if pattern.match_case else fold
    text = normalize(text)
    return all(
        test(text, normalize(wanted))
        for test, wanted in (
            (str.__eq__, pattern.eq),
            (str.__contains__, pattern.contains),
            (str.startswith, pattern.starts_with),
            (str.endswith, pattern.ends_with),
        )
        if wanted is not None
    )


def _negate(filter: IntegrationFilter) -> IntegrationFilter:
    return IntegrationFilter(not_=filter)


def _build_filter(field: str, value: Any) -> IntegrationFilter:  # noqa: ANN401 (as the field has it)
    return IntegrationFilter(**{field: value})


def _build_text_filter(test: str, value: str, *, match_case: bool | None = None) -> TextFilter:
    given: dict[str, Any] = {test: value}
    return TextFilter(**given, match_case=match_case)


def _require_text(value: Json, place: str) -> str:
    if not isinstance(value, str):
        raise ParameterInvalid(f"`{place}` takes a text")
    return value


def _parse_instant(value: Json, place: str) -> datetime:
    """Return the instant of a text in RFC 3339; in `{"$date": …}`, also of milliseconds since 1970."""
    given = value["$date"] if isinstance(value, dict) and value.keys() == {"$date"} else value
    found: datetime | None = None
    if isinstance(given, str):
        found = instants.parse_instant(given)
    elif isinstance(given, int) and given is not value and not isinstance(given, bool):
        with suppress(OverflowError):
            found = _EPOCH + timedelta(milliseconds=given)
    if found is None:
        raise ParameterInvalid(f"`{place}` takes an instant such as `2025-03-09T12:00:00.000Z`, or null")
    return found
