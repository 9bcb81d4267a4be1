"""Conditions of SQL for filters of integrations."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Dialect,
    SQLColumnExpression,
    String,
    TypeDecorator,
    and_,
    case,
    false,
    func,
    not_,
    or_,
    true,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from gateway.database import Instant, Integration
from gateway.domain.enums import IntegrationKind, TokenState
from gateway.domain.integration_filters import InstantFilter, IntegrationFilter, TextFilter, TokenInstants
from gateway.domain.text import LIKE_ESCAPE, fold
from gateway.domain.webhooks import encode_text
from gateway.sql.text_lists import FoldedText, LikePattern, has_line, has_part, has_prefix, has_suffix


class _TextLine(TypeDecorator[str]):
    """A text as it stands in the columns `channels` and `urls`."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else encode_text(value)


class _HasErrorMessage(GenericFunction[bool]):
    """Whether the document of a connected integration has an error message; false or null if not."""

    type = Boolean()
    inherit_cache = True


@compiles(_HasErrorMessage, "sqlite")
def _compile_error_sqlite(function: _HasErrorMessage, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    (document,) = (compiler.process(clause, **options) for clause in function.clauses)
    at = f"({document}, '$.config.errorMessage')"
    return f"(json_type{at} = 'text' AND json_extract{at} <> '')"


@compiles(_HasErrorMessage, "postgresql")
def _compile_error_postgresql(function: _HasErrorMessage, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    (document,) = (compiler.process(clause, **options) for clause in function.clauses)
    path = "'{config,errorMessage}'"
    return f"(json_typeof({document} #> {path}) = 'string' AND {document} #>> {path} <> '')"


def build_condition(filter: IntegrationFilter, tokens: TokenInstants) -> ColumnElement[bool]:
    """Return the condition of a filter.

    It may be null for a row with null columns, which WHERE treats as false.
    """
    return and_(true(), *_build_nested_conditions(filter, tokens), *_build_own_conditions(filter, tokens))


def _build_nested_conditions(filter: IntegrationFilter, tokens: TokenInstants) -> Iterator[ColumnElement[bool]]:
    if filter.and_ is not None:
        yield and_(true(), *(build_condition(inner, tokens) for inner in filter.and_))
    if filter.or_ is not None:
        yield or_(false(), *(build_condition(inner, tokens) for inner in filter.or_))
    if filter.not_ is not None:
        # In SQL, NOT of null is null. Null counts as false here, so that `not` matches the row.
        yield not_(func.coalesce(build_condition(filter.not_, tokens), false()))


def _build_own_conditions(filter: IntegrationFilter, tokens: TokenInstants) -> Iterator[ColumnElement[bool]]:
    yield from _build_list_conditions(filter, tokens)
    yield from _build_entry_conditions(filter)
    for text_filter, text, key in (
        # Ids are ASCII, which `lower` folds alike on both databases.
        (filter.id, Integration.id, func.lower(Integration.id)),
        (filter.user_id, Integration.user_id, func.lower(Integration.user_id)),
        (filter.name, Integration.name, Integration.name_key),
        (filter.username, Integration.username, Integration.username_key),
    ):
        if text_filter is not None:
            yield from _build_text_conditions(text_filter, text, key)
    if filter.enabled is not None:
        yield Integration.enabled.is_(filter.enabled)
    if filter.has_error is not None:
        # Webhooks have scripts, which are long to parse.
        is_connected = Integration.kind == IntegrationKind.CONNECTED
        found = case((is_connected, func.coalesce(_HasErrorMessage(Integration.document), false())), else_=false())
        yield found if filter.has_error else not_(found)
    if filter.created_by is not None:
        yield Integration.created_by == filter.created_by
    if filter.created_at is not None:
        yield from build_instant_conditions(filter.created_at, Integration.created_at)
    if filter.updated_at is not None:
        yield from build_instant_conditions(filter.updated_at, Integration.updated_at)


def _build_entry_conditions(filter: IntegrationFilter) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on the lists of a webhook."""
    for test, column in ((filter.channel, Integration.channels), (filter.url, Integration.urls)):
        if test is not None and test.eq is not None and test == TextFilter(eq=test.eq):
            yield has_part(column, type_coerce(test.eq, _TextLine))
        elif test is not None:
            yield has_line(column, partial(_build_line_conditions, test))
    for texts, column in ((filter.channels, Integration.channels), (filter.urls, Integration.urls)):
        if texts is not None:
            yield column == texts


def _build_line_conditions(filter: TextFilter, text: SQLColumnExpression[str]) -> Iterator[ColumnElement[bool]]:
    # Both databases fold ASCII letters alike, and no others.
    return _build_text_conditions(filter, text, func.lower(text))


def _build_list_conditions(filter: IntegrationFilter, tokens: TokenInstants) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions of lists, which one of the values meets."""
    for values, column in (
        (filter.kind, Integration.kind),
        (filter.access, Integration.access),
        (filter.event, Integration.event),
        (filter.provider, Integration.provider),
    ):
        if values is not None:
            yield column.in_(values)
    if filter.token_state is not None:
        yield or_(false(), *(_build_token_condition(state, tokens) for state in filter.token_state))


def _build_token_condition(state: TokenState, tokens: TokenInstants) -> ColumnElement[bool]:
    """Return the condition of a state of `gateway.domain.integrations.get_token_state`; null for webhooks."""
    has_token, expires_at = Integration.has_token.is_(True), Integration.expires_at
    match state:
        case TokenState.MISSING:
            return Integration.has_token.is_(False)
        case TokenState.EXPIRED:
            return and_(has_token, expires_at <= tokens.now)
        case TokenState.EXPIRING_SOON:
            return and_(has_token, expires_at > tokens.now, expires_at <= tokens.soon)
        case TokenState.VALID:
            return and_(has_token, or_(expires_at.is_(None), expires_at > tokens.soon))


def _build_text_conditions(
    filter: TextFilter, column: SQLColumnExpression[str | None], key: SQLColumnExpression[str]
) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on a text. `key` is the column in case-folded form, empty if the column is null."""
    yield from _build_equality_conditions(filter, column, key)
    yield from _build_order_conditions(filter, column)
    if filter.is_null is not None:
        yield column.is_(None) if filter.is_null else column.is_not(None)
    matches = _build_exact_matches(filter, column) if filter.match_case else _build_folded_matches(filter, key)
    yield from (and_(column.is_not(None), match) for match in matches)


def _build_equality_conditions(
    filter: TextFilter, column: SQLColumnExpression[str | None], key: SQLColumnExpression[str]
) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on a whole text. The key of a null column is empty, like that of an empty text."""
    compared, type_ = (
        (case((column.is_not(None), key)), FoldedText) if filter.match_case is False else (column, String)
    )
    if filter.eq is not None:
        yield compared == type_coerce(filter.eq, type_)
    if filter.ne is not None:
        yield compared.is_distinct_from(type_coerce(filter.ne, type_))
    if filter.in_ is not None:
        yield compared.in_([type_coerce(text, type_) for text in filter.in_])


def _build_exact_matches(
    filter: TextFilter, column: SQLColumnExpression[str | None]
) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on parts of a text, case-sensitive."""
    for text, has in (
        (filter.contains, has_part),
        (filter.starts_with, has_prefix),
        (filter.ends_with, has_suffix),
    ):
        if text is not None:
            yield has(column, type_coerce(text, String))


def _build_folded_matches(filter: TextFilter, key: SQLColumnExpression[str]) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on parts of a text, case-insensitive."""
    for text, pattern in (
        (filter.contains, LikePattern("%", "%", fold)),
        (filter.starts_with, LikePattern("", "%", fold)),
        (filter.ends_with, LikePattern("%", "", fold)),
    ):
        if text is not None:
            yield key.like(type_coerce(text, pattern), escape=LIKE_ESCAPE)


def build_instant_conditions(
    filter: InstantFilter, column: SQLColumnExpression[Any]
) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on an instant."""
    if filter.eq is not None:
        yield column == filter.eq
    if filter.ne is not None:
        yield column != filter.ne
    if filter.in_ is not None:
        yield column.in_([type_coerce(instant, Instant) for instant in filter.in_])
    yield from _build_order_conditions(filter, column)


def _build_order_conditions(
    filter: TextFilter | InstantFilter, column: SQLColumnExpression[Any]
) -> Iterator[ColumnElement[bool]]:
    if filter.gt is not None:
        yield column > filter.gt
    if filter.gte is not None:
        yield column >= filter.gte
    if filter.lt is not None:
        yield column < filter.lt
    if filter.lte is not None:
        yield column <= filter.lte
