"""Queries of MongoDB in plain Python, on documents of webhooks as the graph reads them."""

import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from gateway.domain.calendar import instants
from gateway.domain.enums import WebhookEvent

Query = dict[str, Any]

EVENTS = [event.value for event in WebhookEvent]
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


def _read_name(document: Query) -> str:
    return next(str(text) for key in ("name", "username", "alias", "_id") if (text := document.get(key)))


def _read_event(document: Query) -> str | None:
    event = document.get("event") if document["type"] == "webhook-outgoing" else None
    return event if event is None or event in EVENTS else "other"


def _read_texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


READERS: Mapping[str, Callable[[Query], Any]] = {
    "_id": lambda document: document["_id"],
    "name": _read_name,
    "username": lambda document: document.get("username") or None,
    "type": lambda document: document["type"],
    "enabled": lambda document: document.get("enabled") is True,
    "channel": lambda document: _read_texts(document.get("channel")),
    "event": _read_event,
    "urls": lambda document: _read_texts(document.get("urls")),
    "userId": lambda document: document.get("userId"),
    "_createdAt": lambda document: datetime.fromisoformat(document["_createdAt"]),
    "_updatedAt": lambda document: datetime.fromisoformat(document["_updatedAt"]),
}
"""The value of each key as the graph reads it."""


def meets(document: Query, query: Query) -> bool:
    """Return whether a document meets a query."""
    return all(
        all(meets(document, each) for each in condition)
        if key == "$and"
        else any(meets(document, each) for each in condition)
        if key == "$or"
        else _meets_condition(READERS[key](document), condition)
        for key, condition in query.items()
    )


def _meets_condition(value: Any, condition: Any) -> bool:
    if not isinstance(condition, dict) or "$date" in condition:
        return _is_equal(value, condition)
    options = condition.get("$options", "")
    return all(
        _meets_operator(value, word, operand, options) for word, operand in condition.items() if word != "$options"
    )


def _meets_operator(value: Any, word: str, operand: Any, options: str) -> bool:
    if word in _COMPARISONS:
        return any(_COMPARISONS[word](each, _convert(each, operand)) for each in _list_entries(value))
    if word == "$regex":
        flags = re.IGNORECASE if options else 0
        return any(re.search(operand, each, flags) is not None for each in _list_entries(value))
    return _TESTS[word](value, operand)


def _list_entries(value: Any) -> list[Any]:
    entries = value if isinstance(value, list) else [value]
    return [entry for entry in entries if entry is not None]


def _is_equal(value: Any, operand: Any) -> bool:
    if isinstance(value, list):
        return operand == value or operand in value
    return bool(value == _convert(value, operand))


def _convert(value: Any, operand: Any) -> Any:
    """Return an operand as the type of the value: an instant may be a text or `$date`."""
    if not isinstance(value, datetime) or operand is None:
        return operand
    given = operand["$date"] if isinstance(operand, dict) else operand
    return datetime.fromtimestamp(given / 1000, UTC) if isinstance(given, int) else instants.parse_instant(given)


_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$eq": _is_equal,
    "$ne": lambda value, operand: not _is_equal(value, operand),
    "$in": lambda value, operand: any(_is_equal(value, each) for each in operand),
    "$nin": lambda value, operand: not any(_is_equal(value, each) for each in operand),
    "$exists": lambda value, operand: (value is not None) == bool(operand),
    "$not": lambda value, operand: not _meets_condition(value, operand),
}
