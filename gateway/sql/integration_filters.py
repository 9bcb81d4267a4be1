"""From a filter of integrations to the condition that says it in SQL."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, false, func, not_, or_, true, type_coerce

from gateway.database import Integration
from gateway.domain.integration_filters import InstantFilter, IntegrationFilter, TextFilter
from gateway.domain.text import LIKE_ESCAPE, fold
from gateway.sql.text_lists import LikePattern


def build_condition(filter: IntegrationFilter) -> ColumnElement[bool]:
    """What a filter asks of a row of `Integration`; null where a row cannot say, which counts as no."""
    return and_(true(), *_build_nested_conditions(filter), *_build_column_conditions(filter))


def _build_nested_conditions(filter: IntegrationFilter) -> Iterator[ColumnElement[bool]]:
    if filter.and_ is not None:
        yield and_(true(), *map(build_condition, filter.and_))
    if filter.or_ is not None:
        yield or_(false(), *map(build_condition, filter.or_))
    if filter.not_ is not None:
        # Left to itself SQL says that what is not known to be so is not known not to be so either.
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
    test: TextFilter, column: SQLColumnExpression[str | None], key: SQLColumnExpression[str]
) -> Iterator[ColumnElement[bool]]:
    """`key` is the column in its case-folded form, empty where the column is null."""
    if test.eq is not None:
        yield column == test.eq
    if test.ne is not None:
        yield column.is_distinct_from(test.ne)
    if test.in_ is not None:
        yield column.in_(test.in_)
    if test.is_null is not None:
        yield column.is_(None) if test.is_null else column.is_not(None)
    for text, pattern in (
        (test.contains, LikePattern("%", "%", fold)),
        (test.starts_with, LikePattern("", "%", fold)),
        (test.ends_with, LikePattern("%", "", fold)),
    ):
        if text is not None:
            yield and_(column.is_not(None), key.like(type_coerce(text, pattern), escape=LIKE_ESCAPE))


def _build_instant_conditions(
    test: InstantFilter, column: SQLColumnExpression[object]
) -> Iterator[ColumnElement[bool]]:
    if test.eq is not None:
        yield column == test.eq
    if test.gt is not None:
        yield column > test.gt
    if test.gte is not None:
        yield column >= test.gte
    if test.lt is not None:
        yield column < test.lt
    if test.lte is not None:
        yield column <= test.lte
