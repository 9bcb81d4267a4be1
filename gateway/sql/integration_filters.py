"""From a filter of integrations to the condition that says it in SQL."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, false, func, not_, or_, true, type_coerce

from gateway.database.tables import Integration
from gateway.domain.integration_filters import InstantTest, IntegrationFilter, TextTest
from gateway.domain.text import LIKE_ESCAPE, fold
from gateway.sql.texts import Pattern


def condition(filter: IntegrationFilter) -> ColumnElement[bool]:
    """What a filter asks of a row of `Integration`; null where a row cannot say, which counts as no."""
    return and_(true(), *_nested(filter), *_on_columns(filter))


def _nested(filter: IntegrationFilter) -> Iterator[ColumnElement[bool]]:
    if filter.and_ is not None:
        yield and_(true(), *map(condition, filter.and_))
    if filter.or_ is not None:
        yield or_(false(), *map(condition, filter.or_))
    if filter.not_ is not None:
        # Left to itself SQL says that what is not known to be so is not known not to be so either.
        yield not_(func.coalesce(condition(filter.not_), false()))


def _on_columns(filter: IntegrationFilter) -> Iterator[ColumnElement[bool]]:
    if filter.kind is not None:
        yield Integration.kind.in_(filter.kind)
    if filter.name is not None:
        yield from _text(filter.name, Integration.name, Integration.name_key)
    if filter.username is not None:
        yield from _text(filter.username, Integration.username, Integration.username_key)
    if filter.enabled is not None:
        yield Integration.enabled.is_(filter.enabled)
    if filter.provider is not None:
        yield Integration.provider.in_(filter.provider)
    if filter.created_by is not None:
        yield Integration.created_by == filter.created_by
    if filter.created_at is not None:
        yield from _instant(filter.created_at, Integration.created_at)
    if filter.updated_at is not None:
        yield from _instant(filter.updated_at, Integration.updated_at)


def _text(
    test: TextTest, column: SQLColumnExpression[str | None], key: SQLColumnExpression[str]
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
        (test.contains, Pattern("%", "%", fold)),
        (test.starts_with, Pattern("", "%", fold)),
        (test.ends_with, Pattern("%", "", fold)),
    ):
        if text is not None:
            yield and_(column.is_not(None), key.like(type_coerce(text, pattern), escape=LIKE_ESCAPE))


def _instant(test: InstantTest, column: SQLColumnExpression[object]) -> Iterator[ColumnElement[bool]]:
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
