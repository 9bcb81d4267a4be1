"""The parameter `query` of `integrations.list`: a query of MongoDB becomes a filter of integrations.

A query sees what the graph reads of a webhook. An absent list is empty, an absent name is the one that the graph
shows, an unknown event is `other`, and an empty `username` is null. `$exists` counts null as absent.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from typing import Any, TypeGuard

from gateway.domain.documents import find_unstorable
from gateway.domain.enums import WebhookEvent
from gateway.domain.integration_filters import MAX_FILTER_DEPTH, IntegrationFilter
from gateway.domain.lenient_reading import Json
from gateway.domain.webhooks import WEBHOOK_KINDS
from gateway.rest.webhook_conditions import (
    EVERYTHING,
    NOTHING,
    FiniteKey,
    InstantKey,
    ListKey,
    ParameterInvalid,
    QueryKey,
    TextKey,
    list_names,
    parse_pattern,
    shorten,
)


def _filter_type(words: Sequence[object]) -> IntegrationFilter:
    return IntegrationFilter(kind=tuple(kind for kind in WEBHOOK_KINDS if kind.value in words))


def _filter_enabled(flags: Sequence[object]) -> IntegrationFilter:
    match flags:
        case [bool(flag)]:
            return IntegrationFilter(enabled=flag)
        case []:
            return NOTHING
        case _:
            return EVERYTHING


def _filter_event(words: Sequence[object]) -> IntegrationFilter:
    if None in words:
        others = tuple(event for event in WebhookEvent if event.value not in words)
        return IntegrationFilter(not_=IntegrationFilter(event=others))
    return IntegrationFilter(event=tuple(event for event in WebhookEvent if event.value in words))


KEYS: dict[str, QueryKey] = {
    "_id": TextKey("id"),
    "name": TextKey("name"),
    "username": TextKey("username"),
    "type": FiniteKey([kind.value for kind in WEBHOOK_KINDS], _filter_type),
    "enabled": FiniteKey([False, True], _filter_enabled),
    "channel": ListKey("channel", "channels"),
    "event": FiniteKey([*(event.value for event in WebhookEvent), None], _filter_event),
    "urls": ListKey("url", "urls"),
    "userId": TextKey("user_id"),
    "_createdAt": InstantKey("created_at"),
    "_updatedAt": InstantKey("updated_at"),
}
"""The keys of documents that a query may name."""


def parse_query(query: Json) -> IntegrationFilter:
    """Return the filter of a query, which matches webhooks only. Raises ParameterInvalid."""
    if (unstorable := find_unstorable(query)) is not None:
        raise ParameterInvalid(unstorable[1])
    found = _parse_query(query, "query", 0)
    # A condition on `type` finds webhooks only.
    return found if found.kind is not None else replace(found, kind=WEBHOOK_KINDS)


def combine(filters: Iterable[IntegrationFilter]) -> IntegrationFilter:
    """Return one filter with the conditions of all of these."""
    merged: dict[str, Any] = {}
    others: list[IntegrationFilter] = []
    for each in filters:
        given = {field.name: value for field in fields(each) if (value := getattr(each, field.name)) is not None}
        if merged.keys().isdisjoint(given):
            merged |= given
        else:
            others.append(each)
    if others:
        merged["and_"] = (*merged.get("and_", ()), *others)
    return IntegrationFilter(**merged)


def _parse_query(query: Json, name: str, depth: int) -> IntegrationFilter:
    if not isinstance(query, dict):
        raise ParameterInvalid(f"`{name}` takes JSON objects")
    _check_depth(depth)
    found: list[IntegrationFilter] = []
    for key, condition in query.items():
        if key in ("$and", "$or"):
            found.append(_parse_alternatives(key, condition, depth))
        elif key in KEYS:
            found += _parse_condition(key, condition, depth)
        else:
            raise ParameterInvalid(
                f"`{shorten(key)}` is no key of queries; use {list_names((*KEYS, '$and', '$or'))}"
            )
    return combine(found)


def _parse_alternatives(name: str, queries: Json, depth: int) -> IntegrationFilter:
    if not isinstance(queries, list) or not queries:
        raise ParameterInvalid(f"`{name}` takes a list of one or more queries")
    found = tuple(_parse_query(query, name, depth + 1) for query in queries)
    return IntegrationFilter(and_=found) if name == "$and" else IntegrationFilter(or_=found)


def _parse_condition(key: str, condition: Json, depth: int) -> Iterator[IntegrationFilter]:
    """Yield the filters of a key's value: an object of operators, or the value that the key equals."""
    _check_depth(depth)
    if not _is_operators(condition):
        yield KEYS[key].build("$eq", condition, key)
        return
    operators = dict(condition)
    options = operators.pop("$options", "")
    if "$options" in condition and "$regex" not in condition:
        raise ParameterInvalid(f"`{key}.$options` needs `$regex` beside it")
    for word, value in operators.items():
        name = f"{key}.{shorten(word)}"
        if word == "$not":
            if not _is_operators(value):
                raise ParameterInvalid(f"`{name}` takes an object of operators, such as `$regex`")
            yield IntegrationFilter(not_=combine(_parse_condition(key, value, depth + 1)))
        elif word == "$regex":
            yield KEYS[key].match(parse_pattern(value, options, name), name)
        else:
            yield KEYS[key].build(word, value, name)


def _is_operators(condition: Json) -> TypeGuard[dict[str, Json]]:
    """Return whether a condition is an object of operators. `$date` is a part of a value."""
    return isinstance(condition, dict) and condition.keys() != {"$date"} and bool(condition)


def _check_depth(depth: int) -> None:
    if depth > MAX_FILTER_DEPTH:
        raise ParameterInvalid(f"`$and`, `$or` and `$not` nest at most {MAX_FILTER_DEPTH} levels")
