"""Conditions of SQL for filters of integrations."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, false, func, not_, or_, true, type_coerce

from gateway.database import Integration
from gateway.domain.integration_filters import InstantFilter, IntegrationFilter, TextFilter
from gateway.domain.text import LIKE_ESCAPE, fold
from gateway.sql.text_lists import LikePattern


def build_condition(filter: IntegrationFilter) -> ColumnElement[bool]:
    """Return the condition of a filter.

    It may be null for a row with null columns, which WHERE treats as false.
    """
    return and_(true(), *_build_nested_conditions(filter), *_build_column_conditions(filter))


def _build_nested_conditions(filter: IntegrationFilter) -> Iterator[ColumnElement[bool]]:
    if filter.and_ is not None:
        yield and_(true(), *map(build_condition, filter.and_))
    if filter.or_ is not None:
        yield or_(false(), *map(build_condition, filter.or_))
    if filter.not_ is not None:
        # In SQL, NOT of null is null. Null counts as false here, so that `not` matches the row.
        yield not_(func.coalesce(build_condition(filter.not_), false()))


def _build_column_conditions(filter: IntegrationFilter) -> Iterator[ColumnElement[bool]]:
    if filter.kind is not None:
        yield Integration.kind.in_(filter.kind)
    if filter.name is not None:
        yield from _build_text_conditions(filter.name, Integration.name, Integration.name_key)
    if filter.username is not None:
        yield from _build_text_conditions(filter.username, Integration.username, Integration.username_key)
    if filter.enabled is not None:
        yield Integration.enabled.is_(filter.enabled)
    if filter.provider is not None:
        yield Integration.provider.in_(filter.provider)
    if filter.created_by is not None:
        yield Integration.created_by == filter.created_by
    if filter.created_at is not None:
        yield from _build_instant_conditions(filter.created_at, Integration.created_at)
    if filter.updated_at is not None:
        yield from _build_instant_conditions(filter.updated_at, Integration.updated_at)


def _build_text_conditions(
    filter: TextFilter, column: SQLColumnExpression[str | None], key: SQLColumnExpression[str]
) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on a text. `key` is the column in case-folded form, empty if the column is null."""
    if filter.eq is not None:
        yield column == filter.eq
    if filter.ne is not None:
        yield column.is_distinct_from(filter.ne)
    if filter.in_ is not None:
        yield column.in_(filter.in_)
    if filter.is_null is not None:
        yield column.is_(None) if filter.is_null else column.is_not(None)
    for text, pattern in (
        (filter.contains, LikePattern("%", "%", fold)),
        (filter.starts_with, LikePattern("", "%", fold)),
        (filter.ends_with, LikePattern("%", "", fold)),
    ):
        if text is not None:
            yield and_(column.is_not(None), key.like(type_coerce(text, pattern), escape=LIKE_ESCAPE))


def _build_instant_conditions(
    filter: InstantFilter, column: SQLColumnExpression[object]
) -> Iterator[ColumnElement[bool]]:
    if filter.eq is not None:
        yield column == filter.eq
    if filter.gt is not None:
        yield column > filter.gt
    if filter.gte is not None:
        yield column >= filter.gte
    if filter.lt is not None:
        yield column < filter.lt
    if filter.lte is not None:
        yield column <= filter.lte
