"""Filters of integrations in plain Python, to compare with the database."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from gateway.database.tables import Integration
from gateway.domain.enums import IntegrationKind, Provider
from gateway.domain.text import fold

KINDS = {kind.name: kind for kind in IntegrationKind}
PROVIDERS = {provider.name: provider for provider in Provider}

Test = dict[str, Any]
"""A filter, or a part of one, in the variables of a query."""

TEXT_TESTS: dict[str, Callable[[str | None, Any], bool]] = {
    "eq": lambda value, test: value == test,
    "ne": lambda value, test: value != test,
    "in": lambda value, test: value in test,
    "contains": lambda value, test: value is not None and fold(test) in fold(value),
    "startsWith": lambda value, test: value is not None and fold(value).startswith(fold(test)),
    "endsWith": lambda value, test: value is not None and fold(value).endswith(fold(test)),
    "isNull": lambda value, test: (value is None) is test,
}
INSTANT_TESTS: dict[str, Callable[[datetime, datetime], bool]] = {
    "eq": lambda value, test: value == test,
    "gt": lambda value, test: value > test,
    "gte": lambda value, test: value >= test,
    "lt": lambda value, test: value < test,
    "lte": lambda value, test: value <= test,
}


def _text_meets(value: str | None, test: Test) -> bool:
    return all(TEXT_TESTS[name](value, wanted) for name, wanted in test.items() if wanted is not None)


def _instant_meets(value: datetime, test: Test) -> bool:
    return all(INSTANT_TESTS[name](value, datetime.fromisoformat(wanted)) for name, wanted in test.items())


FIELDS: dict[str, Callable[[Integration, Any], bool]] = {
    "and": lambda row, test: all(meets(row, inner) for inner in test),
    "or": lambda row, test: any(meets(row, inner) for inner in test),
    "not": lambda row, test: not meets(row, test),
    "kind": lambda row, test: row.kind in {KINDS[name] for name in test},
    "name": lambda row, test: _text_meets(row.name, test),
    "username": lambda row, test: _text_meets(row.username, test),
    "enabled": lambda row, test: row.enabled is test,
    "provider": lambda row, test: row.provider in {PROVIDERS[name] for name in test},
    "createdBy": lambda row, test: test in ("", row.created_by),
    "createdAt": lambda row, test: _instant_meets(row.created_at, test),
    "updatedAt": lambda row, test: _instant_meets(row.updated_at, test),
}


def meets(row: Integration, filter: Test) -> bool:
    """Return whether a row meets a filter."""
    return all(FIELDS[name](row, test) for name, test in filter.items() if test is not None)
